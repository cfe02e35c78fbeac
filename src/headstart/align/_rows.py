"""Rows of two domains: how near they are, some of many, one set below the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray
from ._pair import Rows


def drawn(n: int, limit: int, seed: int) -> IntArray:
    """Numbers of at most `limit` of n rows, in order.

    >>> drawn(3, 5, 0).tolist(), len(drawn(9, 5, 0))
    ([0, 1, 2], 5)
    """
    if n <= limit:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, limit, replace=False))


def below(upper: Rows, lower: Rows) -> Rows:
    """Both in one, dense or sparse."""
    if isinstance(upper, np.ndarray):
        return np.vstack([upper, lower])
    from scipy import sparse

    return sparse.vstack([upper, lower], format="csr")


def squared(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared Euclidean distances, [n d] and [m d] → [n m]."""
    centre = b.mean(0)  # far from the origin a difference of squares would lose its digits
    a, b = a - centre, b - centre
    far = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("md,md->m", b, b) - 2 * a @ b.T
    return np.asarray(np.maximum(far, 0))


def nearest(x: NDArray[np.float64], some: NDArray[np.float64], at_once: int = 1000) -> IntArray:
    """Of each row the number of the nearest of `some`, [n d] and [s d] → [n]."""
    parts = [squared(x[start : start + at_once], some).argmin(1) for start in range(0, len(x), at_once)]
    return np.concatenate(parts)


def holding(values: NDArray[Any], share: float) -> int:
    """How many of these, largest first, hold `share` of their sum.

    >>> holding(np.array([6.0, 3.0, 1.0]), 0.8)
    2
    """
    return min(int(np.searchsorted(np.cumsum(values), share * values.sum())) + 1, len(values))
