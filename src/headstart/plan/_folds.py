"""Folds of the labelled pictures: candidates that cost next to nothing to train are compared on all of them.

In: labels [n] and group numbers [n]. Out: fold numbers [n], groups whole, classes spread evenly; −1 for what is never
held out, because training would lack a class without it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import IntArray, Task

FOLDS = 5
PLENTY = 200  # validation pictures, which are enough by themselves
MOST = 2000  # labelled pictures; with more, five trainings of every head would no longer be quick


def of_task(task: Task, seed: int = 0) -> IntArray | None:
    """Folds of the training and then the validation pictures [n]; None where validation alone must do, or is enough."""
    both = (*task.train, *task.valid)
    if len(task.valid) >= PLENTY or len(both) > MOST:
        return None
    groups = [e.group if e.group is not None else f"alone {i}" for i, e in enumerate(both)]
    drawn = folds([e.label for e in both], np.unique(groups, return_inverse=True)[1], seed)
    return drawn if (drawn[len(task.train) :] >= 0).all() else None


def folds(y: Sequence[int] | IntArray, groups: Sequence[int] | IntArray, seed: int = 0, k: int = FOLDS) -> IntArray:
    """A fold number for every picture, 0 … k − 1, or −1.

    >>> folds([0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 3, 4, 5], k=2).tolist()
    [0, 1, 0, 1, 1, 0, -1]
    """
    true = np.asarray(y)
    _, first, unit = np.unique(groups, return_index=True, return_inverse=True)
    chance = np.random.default_rng(seed).random(len(first))
    dealt = np.empty(len(first), np.int64)
    dealt[np.lexsort((chance, true[first]))] = np.arange(len(first)) % k  # class by class, as cards are dealt
    out = dealt[unit.reshape(-1)]
    while True:
        alone = {int(c) for f in range(k) for c in np.setdiff1d(true[out == f], true[out != f])}
        if not alone:
            return out
        touched = np.unique(unit.reshape(-1)[np.isin(true, sorted(alone))])
        out = np.where(np.isin(unit.reshape(-1), touched), -1, out)
