"""A run's warnings by their weight: first who is missing from the verdict, and what was cut short or left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..judge.unheard import unheard
from ..types import Trial

_CUT = ("time", "memory")  # why a source may be left out that is there; see `plan.ranking.Entry.left`


def foremost(
    trials: Sequence[Trial], cut: Sequence[str], sources: Sequence[str], ranking: Mapping[str, Any], hurts: bool
) -> list[str]:
    """What stands in the first lines of every output.

    Args:
        trials: all of the race.
        cut: what the race left out for time, in sentences.
        sources: what the choice of sources warns of.
        ranking: the choice itself, as run.json has it.
        hurts: whether reuse hurts, which stands whoever is missing.
    """
    so = "reuse may hurt more than is shown" if hurts else "without it there is no verdict"
    rivals = [f"The rival '{t.id}' took no part ({t.reason}): {so}." for t in unheard(trials)]
    waiting = _grouped((t.reason, t.id) for t in trials if t.reuses and t.status == "waiting")
    left = [f"Not tried ({reason}): {', '.join(ids)}." for reason, ids in waiting.items()]
    unseen = _grouped((row["why"], row["source"]) for row in ranking.get("left_out", ()) if row["why"] in _CUT)
    left += [f"Sources not looked at, for {why}: {', '.join(keys)}." for why, keys in unseen.items()]
    return [*rivals, *cut, *left, *sources]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Key → its values, in their order."""
    out: dict[str, list[str]] = {}
    for key, value in pairs:
        out.setdefault(key, []).append(value)
    return out
