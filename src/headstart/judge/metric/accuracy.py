"""Accuracy: the share of right answers.

In: answers `[seeds n]` and true classes `[n]`, as class indices. Out: see `metric/__init__.py`. The sums are the right
answers and the examples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._quantiles import Float64
from ..bootstrap import Sums

TITLE = "accuracy"
PART = True
BETTER = 1


def sums(answers: ArrayLike, y: ArrayLike, k: int) -> Sums:
    """Of right and wrong."""
    return mean((np.atleast_2d(np.asarray(answers)) == np.asarray(y)).astype(np.float64))


def mean(results: Float64) -> Sums:
    """Of results between 0 and 1, `[seeds n]`."""
    ones = np.ones((len(results), 1))
    won, lost = (np.stack([result, ones], 2) for result in (ones, 0 * ones))
    return Sums(np.stack([results, np.ones_like(results)], 2), won, lost, share=True)


def value(sums: Float64) -> Float64:
    """`[… 2]` → `[…]`.

    >>> value(np.array([3.0, 4.0])).item()
    0.75
    """
    return np.asarray(sums[..., 0] / sums[..., 1])
