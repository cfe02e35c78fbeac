"""Micro-F1: F1 of all label decisions together, where an example may have several labels, or none.

In: label sets `[seeds n k]` and true ones `[n k]`, of 0 and 1. Out: see `metric/__init__.py`. The sums are the labels
rightly given, and those given and true. Whole examples are resampled, for labels of one example go together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._quantiles import Float64
from ..bootstrap import Sums

TITLE = "micro-F1"
PART = True
BETTER = 1


def sums(answers: ArrayLike, y: ArrayLike, k: int) -> Sums:
    """Of labels; an example won is one label, which the winner gives and the loser does not."""
    true, given = np.asarray(y, np.float64), np.asarray(answers, np.float64)
    given = given if given.ndim == 3 else given[None]
    rows = np.stack([(given * true).sum(2), (given + true).sum(2)], 2)
    won, lost = (np.tile([[row]], (len(rows), 1, 1)) for row in ([1.0, 2.0], [0.0, 1.0]))
    return Sums(rows, won, lost)


def value(sums: Float64) -> Float64:
    """`[… 2]` → `[…]`: F1 = 2 hits / (given + true). Nothing at all counts 0.

    >>> value(np.array([[1.0, 3.0], [0.0, 0.0]])).round(3).tolist()
    [0.667, 0.0]
    """
    hits, size = sums[..., 0], sums[..., 1]
    return np.divide(2 * hits, size, out=np.zeros_like(size), where=size > 0)
