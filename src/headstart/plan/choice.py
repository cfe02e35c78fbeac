"""The choice: among candidates of an arm, then between the arms, and in words why.

In: candidates, each with the log-loss of every picture it was compared on. Those that are cheap to train were compared
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
from ..kind import kind_of
from ..types import Fitted, IntArray, Trial

CLOSE = 1.0  # standard errors within which validation cannot tell two candidates apart
UNFINISHED = "share"  # note of a contender: the share of its training that was run, where it was not run in full
LUCK = 0.05  # a rival is crowned where so large a lead comes up less often than this between two that are as good
DRAWS, MANY = 4999, 1000  # of `luck`, and from how many groups on the normal distribution gives the same answer


@dataclass(frozen=True)
class Validated:
    """A finished candidate: its trial, the model fitted on training data alone, and notes for a refit."""

    trial: Trial
    fitted: Fitted
    notes: Mapping[str, Any]
    losses: NDArray[np.float64]  # [m] log-loss of each picture it was compared on; the validation pictures come last
    right: NDArray[Any]  # [m] whether it named the picture's class; of several labels F1, of numbers minus the error
    prior: int = 0
    groups: IntArray | None = None  # [m] whose pictures count as one observation together; None: each stands alone


def prefer(arm: Sequence[Validated]) -> Validated:
    """The one to go on with: of those that validation cannot tell from the best, the one that the prior prefers.

    "Cannot tell": its mean log-loss lies within one standard error of the lowest (the error of the paired difference,
    Breiman's rule). With few validation pictures the lowest itself is mostly luck. Those compared on more pictures, by
    cross-validation, first settle it among themselves, on all of these; theirs then meets the others on the pictures
    that all have in common.

    Raises:
        UsageError: there is none.
    """
    if not arm:
        raise UsageError("No candidate finished, so none can be chosen. Give more --budget, or look at journal.jsonl.")
    ahead: list[Validated] = []
    for n in sorted({len(c.losses) for c in arm}, reverse=True):
        ahead = [_preferred([*ahead, *(c for c in arm if len(c.losses) == n)], n)]
    return ahead[0]


def _preferred(arm: Sequence[Validated], n: int) -> Validated:
    """`prefer` on the last `n` pictures."""
    mean = {c.trial.id: float(c.losses[-n:].mean()) for c in arm}
    best = min(arm, key=lambda c: (mean[c.trial.id], c.trial.id))
    close = [c for c in arm if c is best or behind(c.losses[-n:], best.losses[-n:], c.groups) <= CLOSE]
    return min(close, key=lambda c: (c.prior, mean[c.trial.id], c.trial.id))


def select_final(transfer: Validated, rival: Validated, stand_in: Validated | None = None) -> Validated:
    """The run's model: the rival where it is right on so many more pictures that it could not be luck; else transfer.

    "Could not be luck": see `luck`. That asks for more than a standard error, and for five pictures (or groups) at
    least that the two answer differently, however few there are in all.

    Args:
        transfer: the preferred one of its arm. Of numbers, "right on more" means a smaller absolute error in all; of
            several labels an example, a larger sum of the examples' F1.
        rival: the preferred one of the other.
        stand_in: the best transfer candidate that was compared by cross-validation: the rival must be ahead of it too.
    """

    def ahead(of: Validated) -> bool:
        n = min(len(rival.right), len(of.right))
        gaps = rival.right[-n:].astype(float) - of.right[-n:].astype(float)  # 1: the rival alone names the picture
        return luck(gaps, rival.groups) < LUCK

    return rival if ahead(transfer) and (stand_in is None or ahead(stand_in)) else transfer


def explain(contender: Validated, winner: Validated, noun: str = "picture") -> Trial:
    """Its trial with the reason why it won or lost; `winner` is the best of its arm, or the run's."""
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
            trial,  # the stand-in, by cross-validation, may have decided: see `select_final`
            reason=f"not clearly ahead of all that reuse, such as {against}, who are preferred then: "
            f"{_numbers(contender, noun)}",
        )
    return replace(trial, reason=f"lost to {against}: {_numbers(contender, noun)}")


def _numbers(contender: Validated, noun: str) -> str:
    trial, told = contender.trial, kind_of(contender.fitted.kind).told
    where = f"{trial.folds}-fold cross-validation of" if trial.folds else "validation:"
    said = told(float(contender.right.mean()), float(contender.losses.mean()))
    part = contender.notes.get(UNFINISHED)
    early = f", after {100 * part:.0f} % of its training, when it could not win any more" if part else ""
    return f"{said}, {where} {trial.compared_on} {noun}s{early}"


def named(score: str) -> str:
    """What one of `Trial.scores` is called.

    >>> named("mae"), named("example_f1"), named("log_loss")
    ('MAE', 'example-F1', 'log-loss')
    """
    return score.replace("_", "-").replace("f1", "F1") if "_" in score else score.upper()


def behind(losses: NDArray[np.float64], best: NDArray[np.float64], groups: IntArray | None = None) -> float:
    """By how many standard errors of the paired difference the first lies above the second, on the pictures of both."""
    n = min(len(losses), len(best))
    gap = losses[-n:] - best[-n:]
    return float(gap.mean()) / max(standard_error(gap, groups), 1e-12)


def standard_error(gaps: NDArray[np.float64], groups: IntArray | None = None) -> float:
    """Of the mean of `gaps` [n]; those of one group may be alike, and tell as much as their sum alone.

    The cluster-robust one (Liang & Zeger 1986), √(g/(g − 1) · Σ (sum of a group's deviations)²) / n; where each stands
    alone the usual one. Of a single picture or group nothing is known: 0, so that any gap counts.

    Args:
        gaps: of the last pictures.
        groups: group numbers [n, or more: the last n count].
    """
    sums = _sums(gaps - gaps.mean(), groups)
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1))) / len(gaps) if len(sums) > 1 else 0.0


def luck(gaps: NDArray[np.float64], groups: IntArray | None = None) -> float:
    """How often a lead as large as Σ `gaps` comes up between two that are as good as each other, groups whole.

    Fisher's randomisation test, one-sided: if neither is better, either could have given each group's answers, so that
    the sign of its gap is chance. Where fewer than five groups differ it is never below 5 %.

    Args:
        gaps: by how much the one's answer to each picture is the better [n].
        groups: group numbers, as for `standard_error`.

    >>> luck(np.array([1.0] * 3 + [0.0] * 47)) > 0.1, luck(np.array([1.0] * 6 + [0.0] * 44)) < 0.05
    (True, True)
    """
    sums = _sums(gaps, groups)
    sums = sums[sums != 0]
    lead = float(sums.sum())
    if lead <= 0:
        return 1.0
    if len(sums) > MANY:
        from scipy.stats import norm

        return float(norm.sf(lead / np.sqrt((sums**2).sum())))
    signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), (DRAWS, len(sums)))
    return float(1 + (signs @ sums >= lead * (1 - 1e-9)).sum()) / (1 + DRAWS)


def _sums(values: NDArray[np.float64], groups: IntArray | None) -> NDArray[np.float64]:
    """Of each group; the values themselves where each stands alone."""
    if groups is None:
        return values
    which = np.unique(groups[-len(values) :], return_inverse=True)[1]
    return np.asarray(np.bincount(which.reshape(-1), weights=values), np.float64)
