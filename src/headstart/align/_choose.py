"""Which candidate is handed out, chosen without a target label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._evidence import Shown, evidence


@dataclass(frozen=True)
class Ruled:
    """What was said of one candidate.

    Attributes:
        evidence: its numbers by name (`_evidence.evidence`); empty where it failed.
        status: "chosen", "lost", "not supported" or "failed".
        reason: a sentence for a person.
    """

    evidence: Mapping[str, float]
    status: str
    reason: str


@dataclass(frozen=True)
class Choice:
    """Which candidate is handed out.

    Attributes:
        index: of the chosen one among those shown.
        ruled: one for each of them, in their order.
    """

    index: int
    ruled: tuple[Ruled, ...]


def choose(shown: Sequence[Shown], untouched: str | None = None) -> Choice:
    """The candidate to hand out.

    Args:
        shown: the candidates; of each representation the one that is not adapted ("none") is among them.
        untouched: the representation that stays where no other is clearly better; without it the one that is best on
            the source's rows.

    Raises:
        ValueError: no unadapted candidate has finite probabilities.
    """
    plain = [i for i, s in enumerate(shown) if s.method == "none" and s.finite]
    if not plain:
        raise ValueError("No candidate that is not adapted gives finite probabilities: nothing can be chosen.")
    index = max(plain, key=lambda i: (shown[i].right.mean(), shown[i].representation == untouched))
    ruled = []
    for i, one in enumerate(shown):
        if not one.finite:
            ruled.append(Ruled({}, "failed", "Some of its probabilities are no numbers."))
            continue
        status = "chosen" if i == index else "lost" if one.method == "none" else "not supported"
        ruled.append(Ruled(evidence(one, shown), status, ""))
    return Choice(index, tuple(ruled))
