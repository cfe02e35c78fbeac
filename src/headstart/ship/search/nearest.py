"""Exact search by cosine: every row is compared, in blocks, by one matrix product each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...types import FloatArray, IntArray

BLOCK = 16_384  # rows compared at once: of 256 queries their cosines take 16 MB


def unit(x: NDArray[np.floating]) -> FloatArray:
    """Rows [n d] at length 1, float32; a row of zeros stays, and is like none.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    x = np.asarray(x, np.float32)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.where(length > 0, length, 1), np.float32)


def nearest(queries: FloatArray, rows: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k rows of the largest cosine, best first.

    Args:
        queries: [q d], at length 1.
        rows: [n d], at length 1.
        k: at most n are found.

    Returns:
        Positions [q k] in `rows`, cosines [q k].
    """
    at = np.empty((len(queries), 0), np.int64)
    cosines = np.empty((len(queries), 0), np.float32)
    for begin in range(0, len(rows), BLOCK):
        found = queries @ rows[begin : begin + BLOCK].T
        most = min(k, found.shape[1])
        some = np.argpartition(-found, most - 1, axis=1)[:, :most]
        at = np.hstack([at, some + begin])
        cosines = np.hstack([cosines, np.take_along_axis(found, some, 1)])
        at, cosines = _best(at, cosines, k)
    return at, cosines


def among(queries: FloatArray, rows: FloatArray, candidates: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """As `nearest`, of the rows that `candidates` [q m] names for each query alone; −1 names none."""
    cosines = np.stack([rows[some] @ query for query, some in zip(queries, candidates, strict=True)])
    return _best(candidates, np.where(candidates < 0, -np.inf, cosines).astype(np.float32), k)


def _best(at: IntArray, cosines: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    order = np.lexsort((at, -cosines))[:, :k]
    return np.take_along_axis(at, order, 1), np.take_along_axis(cosines, order, 1)
