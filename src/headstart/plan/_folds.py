"""Folds of the labelled pictures: candidates that cost little to train are compared on all of them.

In: labels [n], or of several an example [n k], and group numbers [n]. Out: fold numbers [n], groups whole, classes
spread evenly; −1 for what is never held out, because training would lack a class without it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from ..kind import kind_of, targets
from ..read._split import iterative, per_unit
from ..types import Example, IntArray, Task

FOLDS = 5
PLENTY = 200  # validation pictures, which are enough by themselves
FEW = 250  # labelled pictures; of so few the validation part, about fifty, tells hardly anything
QUICK = 20.0  # CPU seconds of a training that is worth five more; under a budget also a third of what is left
MOST = 2000  # labelled pictures; with more, five trainings of every head would no longer be quick


def of_task(task: Task, seed: int = 0) -> IntArray | None:
    """Folds of the training and then the validation pictures [n]; None where validation alone must do, or is enough."""
    both = (*task.train, *task.valid)
    if len(task.valid) >= PLENTY or len(both) > MOST:
        return None
    drawn = folds(kind_of(task.kind).dealt(targets(task, both)), groups(both), seed)
    return drawn if (drawn[len(task.train) :] >= 0).all() else None


def worth(n: int, cpu: float, wall: float, deadline: float | None) -> bool:
    """Whether a candidate that trains for long is trained for each fold too, so that it stands on the same ground.

    Args:
        n: labelled pictures.
        cpu: seconds that the processors worked on one training: as many on a busy machine.
        wall: seconds that passed.
        deadline: as of `time.monotonic()`; others need their time too.
    """
    left = math.inf if deadline is None else deadline - time.monotonic()
    return n <= FEW and cpu <= QUICK and FOLDS * wall <= left / 3


def groups(examples: Sequence[Example]) -> IntArray:
    """A number for each example's group [n], those without one each alone."""
    named = [e.group if e.group is not None else f"alone {at}" for at, e in enumerate(examples)]
    return np.unique(named, return_inverse=True)[1].astype(np.int64)


def units(examples: Sequence[Example]) -> IntArray | None:
    """The same for standard errors; None where each stands alone."""
    return groups(examples) if any(e.group is not None for e in examples) else None


def folds(y: Sequence[int] | IntArray, members: Sequence[int] | IntArray, seed: int = 0, k: int = FOLDS) -> IntArray:
    """A fold number for every picture, 0 … k − 1, or −1.

    >>> folds([0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 3, 4, 5], k=2).tolist()
    [0, 1, 0, 1, 1, 0, -1]
    """
    true = np.asarray(y)
    _, first, unit = np.unique(members, return_index=True, return_inverse=True)
    unit, chance = unit.reshape(-1), np.random.default_rng(seed).random(len(first))
    has = true == 1 if true.ndim == 2 else true[:, None] == np.unique(true)  # [n, classes]
    if true.ndim == 2:
        dealt = iterative(per_unit(true, unit), np.bincount(unit), np.argsort(chance), np.full(k, 1 / k))
    else:
        dealt = np.empty(len(first), np.int64)
        dealt[np.lexsort((chance, true[first]))] = np.arange(len(first)) % k  # class by class, as cards are dealt
    out = dealt[unit]
    while True:
        alone = np.any([has[out == f].any(0) & ~has[out != f].any(0) for f in range(k)], axis=0)
        if not alone.any():
            return out
        touched = np.unique(unit[has[:, alone].any(1)])
        out = np.where(np.isin(unit, touched), -1, out)
