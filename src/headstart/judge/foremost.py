"""A run's warnings by their weight: first who is missing from the verdict, and what was cut short or left out.

Which sources nobody looked at stands in the verdict's sentence (`judge.looked`), and is not told again.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Trial
from .unheard import unheard


def foremost(trials: Sequence[Trial], cut: Sequence[str], sources: Sequence[str], hurts: bool) -> list[str]:
    """What stands in the first lines of every output.

    Args:
        trials: all of the race.
        cut: what the race left out for time, in sentences.
        sources: what the choice of sources warns of.
        hurts: whether reuse hurts, which stands whoever is missing.
    """
    so = "reuse may hurt more than is shown" if hurts else "without it there is no verdict"
    rivals = [f"The rival '{t.id}' took no part ({t.reason}): {so}." for t in unheard(trials)]
    waiting: dict[str, list[str]] = {}
    for trial in trials:
        if trial.reuses and trial.status == "waiting":
            waiting.setdefault(trial.reason, []).append(trial.id)
    left = [f"Not tried ({reason}): {', '.join(ids)}." for reason, ids in waiting.items()]
    return [*rivals, *cut, *left, *sources]
