"""Accuracy: the share of right answers. Intervals are those of a mean of per-example results, see `interval.py`.

In: answers `[seeds n]` and true classes `[n]`, as class indices. Out: see `metric/__init__.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import interval
from ..interval import Float64

TITLE = "accuracy"
PART = True
BETTER = 1


def values(answers: ArrayLike, y: ArrayLike, k: int) -> Float64:
    """Accuracy of each training seed, `[seeds]`.

    >>> values([[0, 1, 1], [0, 0, 1]], [0, 0, 1], 2).round(3).tolist()
    [0.667, 1.0]
    """
    return np.asarray(_right(answers, y).mean(axis=1))


def single(answers: ArrayLike, y: ArrayLike, k: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval around the mean over seeds."""
    return interval.single(_right(answers, y), level)


def paired(
    a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """The paired bootstrap of `interval.paired` on right and wrong."""
    return interval.paired(_right(a, y), _right(b, y), level=level, seed=seed)


def needed(a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, margin: float, level: float = 0.95) -> int | None:
    """See `interval.needed`."""
    return interval.needed(_right(a, y), _right(b, y), margin, level)


def _right(answers: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
    return np.asarray(np.atleast_2d(np.asarray(answers)) == np.asarray(y))
