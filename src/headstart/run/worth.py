"""Whether a long candidate is worth its time, by what the cheap ones have shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..kind import kind_of, targets
from ..types import IntArray, Task

if TYPE_CHECKING:
    from ..plan.candidates import Candidate
    from ..plan.choice import Validated

MANY = 40  # where a cheap candidate errs on at most one in so many pictures not learnt from, nothing long is tried
LEARNT = 1.0, 2.0  # standard errors by which a cheap candidate names more than the largest class, or has less log-loss


def not_worth(
    candidate: Candidate,
    cheap: Sequence[Validated],
    task: Task,
    folds: IntArray | None,
    named: Collection[str],
) -> str | None:
    """Why a candidate is not worth its time: nothing left to gain, or another source that serves better.

    Args:
        candidate: whose turn it is.
        cheap: transfer candidates that train in a moment and are done.
        task: the task.
        folds: [n] the fold of every training and validation example, −1 for none; None: nothing was cross-validated.
        named: strategies that a person asked for; they are tried even where they do not suit so many examples.
    """
    from ..plan.choice import prefer

    if candidate.spared and candidate.strategy not in named:
        return candidate.spared
    if not (candidate.long and candidate.reuses and cheap):
        return None
    best = prefer(cheap)
    y = targets(task, (*task.train, *task.valid))
    y = y[folds >= 0] if best.trial.folds and folds is not None else y[-len(best.right) :]
    if kind_of(task.kind).exclusive and (why := nothing_learnt(best, y, task.labels, task.noun)):
        return why
    of_all, of_valid = best.right, best.right[-len(task.valid) :]  # a long one is compared on the latter
    for right, what in ((of_all, "held-out"), (of_valid, "validation")):
        wrong, n = int((right < 1).sum()), len(right)
        if (n >= MANY or (best.trial.folds and right is of_all)) and wrong <= n / MANY:
            return f"{best.trial.id} errs on {wrong} of {n} {what} {task.noun}s: no gain could be shown there"
    if best.trial.source == candidate.view.source:
        return None
    return f"long training on the best source alone, which is {best.trial.source} ({best.trial.id} leads)"


def nothing_learnt(best: Validated, y: IntArray, labels: Sequence[str], noun: str) -> str | None:
    """Why the best cheap candidate is not beyond always answering the largest class; None where it is.

    Beyond: by a standard error in right answers, or by two in log-loss, where classes are so unequal that hardly
    anything is named but the largest.

    Args:
        best: compared on examples of classes `y` [m].
        y: see there.
        labels: names of the classes.
        noun: what one example is called.
    """
    from ..plan.choice import standard_error

    n, counts = len(y), np.bincount(y, minlength=len(labels))
    right, losses = y == counts.argmax(), -np.log(counts[y] / n)
    for gain, errors in zip((best.right.astype(float) - right, losses - best.losses), LEARNT, strict=True):
        if gain.mean() > errors * standard_error(gain, best.groups):
            return None
    return (
        f"{best.trial.id} names {100 * best.right.mean():.0f} % of {n} {noun}s, which is not clearly beyond always "
        f"answering '{labels[int(counts.argmax())]}' ({100 * right.mean():.0f} %): where nothing was learnt, longer "
        "training does not help"
    )
