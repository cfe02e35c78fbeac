"""The choice: among contenders of a camp, then between the camps, and in words why.

In: contenders, each with the log-loss of every picture it was compared on. Those that are cheap to train were compared
on all labelled pictures by cross-validation, long ones on the validation pictures alone, which come last in both; two
are compared on the pictures that both have. Whatever the verdict is in, the choice rests on log-loss and the
number of right answers, for macro-F1 too. Knows no strategy by name and never sees a test picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..family import load
from ..types import Fitted, Trial

CLOSE = 1.0  # standard errors within which validation cannot tell two candidates apart


@dataclass(frozen=True)
class Contender:
    """A finished candidate: its trial, the model fitted on training data alone, and notes for a refit."""

    trial: Trial
    fitted: Fitted
    notes: Mapping[str, Any]
    losses: NDArray[np.float64]  # [m] log-loss of each picture it was compared on; the validation pictures come last
    right: NDArray[Any]  # [m] whether it named the picture's class; of several labels F1, of numbers minus the error
    prior: int = 0


def prefer(camp: Sequence[Contender]) -> Contender:
    """The one to go on with: of those that validation cannot tell from the best, the one that the prior prefers.

    "Cannot tell": its mean log-loss lies within one standard error of the lowest (the error of the paired difference,
    Breiman's rule). With few validation pictures the lowest itself is mostly luck. Those compared on more pictures, by
    cross-validation, first settle it among themselves, on all of these; theirs then meets the others on the pictures
    that all have in common.

    Raises:
        UsageError: there is none.
    """
    if not camp:
        raise UsageError("No candidate finished, so none can be chosen. Give more --budget, or look at journal.jsonl.")
    ahead: list[Contender] = []
    for n in sorted({len(c.losses) for c in camp}, reverse=True):
        ahead = [_preferred([*ahead, *(c for c in camp if len(c.losses) == n)], n)]
    return ahead[0]


def _preferred(camp: Sequence[Contender], n: int) -> Contender:
    """`prefer` on the last `n` pictures."""
    mean = {c.trial.id: float(c.losses[-n:].mean()) for c in camp}
    best = min(camp, key=lambda c: (mean[c.trial.id], c.trial.id))
    close = [c for c in camp if c is best or behind(c.losses[-n:], best.losses[-n:]) <= CLOSE]
    return min(close, key=lambda c: (c.prior, mean[c.trial.id], c.trial.id))


def crown(transfer: Contender, rival: Contender, stand_in: Contender | None = None) -> Contender:
    """The run's model: the rival if it is right on more pictures (where few, clearly more); else transfer.

    Args:
        transfer: the preferred one of its camp. Of numbers, "right on more" means a smaller absolute error in all; of
            several labels an example, a larger sum of the examples' F1.
        rival: the preferred one of the other.
        stand_in: the best transfer contender that was compared by cross-validation: the rival must be ahead of it too.
    """

    def ahead(of: Contender) -> bool:
        n = min(len(rival.right), len(of.right))
        gaps = rival.right[-n:].astype(float) - of.right[-n:].astype(float)  # 1: the rival alone names the picture
        # On validation pictures alone by more than a standard error of the difference: one of four may be luck.
        return bool(gaps.sum() > (0 if rival.trial.folds and of.trial.folds else (gaps**2).sum() ** 0.5))

    return rival if ahead(transfer) and (stand_in is None or ahead(stand_in)) else transfer


def explain(contender: Contender, winner: Contender, noun: str = "picture") -> Trial:
    """Its trial with the reason why it won or lost; `winner` is the best of its camp, or the run's."""
    trial, best = contender.trial, winner.trial
    if trial.id == best.id:
        return replace(trial, reason=f"chosen: {_numbers(contender, noun)}")
    against = f"{best.id} ({_numbers(winner, noun)})"
    n = min(len(contender.losses), len(winner.losses))
    if trial.reuses == best.reuses and contender.losses[-n:].mean() <= winner.losses[-n:].mean():
        return replace(
            trial, reason=f"not clearly better than {against}, which is preferred at a tie: {_numbers(contender, noun)}"
        )
    if best.reuses and not trial.reuses and contender.right[-n:].sum() >= winner.right[-n:].sum():
        return replace(
            trial,  # the stand-in, by cross-validation, may have decided: see `crown`
            reason=f"not clearly ahead of all that reuse, such as {against}, who are preferred then: "
            f"{_numbers(contender, noun)}",
        )
    return replace(trial, reason=f"lost to {against}: {_numbers(contender, noun)}")


def _numbers(contender: Contender, noun: str) -> str:
    trial, told = contender.trial, load("kind", contender.fitted.kind).told
    where = f"{trial.folds}-fold cross-validation of" if trial.folds else "validation:"
    said = told(float(contender.right.mean()), float(contender.losses.mean()))
    return f"{said}, {where} {trial.compared_on} {noun}s"


def named(score: str) -> str:
    """What one of `Trial.scores` is called.

    >>> named("mae"), named("example_f1"), named("log_loss")
    ('MAE', 'example-F1', 'log-loss')
    """
    return score.replace("_", "-").replace("f1", "F1") if "_" in score else score.upper()


def behind(losses: NDArray[np.float64], best: NDArray[np.float64]) -> float:
    """By how many standard errors of the paired difference the first lies above the second, on the pictures of both."""
    n = min(len(losses), len(best))
    gap = losses[-n:] - best[-n:]
    error = float(gap.std(ddof=1)) / n**0.5 if n > 1 else 0.0  # of one picture nothing is known: any gap counts
    return float(gap.mean()) / max(error, 1e-12)
