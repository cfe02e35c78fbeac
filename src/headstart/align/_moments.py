"""Second moments of rows: a covariance that can be inverted, and its powers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def covariance(x: NDArray[np.float64], shrink: float) -> NDArray[np.float64]:
    """Of rows [n d]: [d d], shrunk towards its diagonal, so that more columns than rows are no matter."""
    centred = x - x.mean(0)
    full = centred.T @ centred / max(len(x) - 1, 1)
    return np.asarray((1 - shrink) * full + shrink * np.diag(np.diag(full) + 1e-6))


def root(c: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """A symmetric matrix without negative eigenvalues, to that power.

    >>> root(np.diag([4.0, 9.0]), -0.5).round(3).tolist()
    [[0.5, 0.0], [0.0, 0.333]]
    """
    values, vectors = np.linalg.eigh(c)
    return np.asarray((vectors * np.maximum(values, 1e-9) ** power) @ vectors.T)
