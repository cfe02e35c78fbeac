"""Calibration: does a confidence of 80 % come true in 80 % of the cases?

In: probabilities `[n k]` and true labels `[n]`. Out: the expected calibration error and the rows of a reliability
diagram. Only the confidence of the top class is looked at. Fits nothing: `kind.classification.temperature` does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError


def reliability(probabilities: ArrayLike, y: ArrayLike, bins: int = 15) -> tuple[dict[str, float], ...]:
    """Confidence against accuracy, in `bins` equal-width bins (low, high] of the top class's probability.

    Args:
        probabilities: `[n k]`.
        y: `[n]` true classes.
        bins: how many between 0 and 1.

    Returns:
        One row a bin that holds anything: `low`, `high`, `n`, mean `confidence`, `accuracy`; all 0..1 but `n`.

    Raises:
        UsageError: no examples, a label missing, or no bin.

    >>> reliability([[0.75, 0.25], [0.25, 0.75]], [0, 0], bins=2)
    ({'low': 0.5, 'high': 1.0, 'n': 2.0, 'confidence': 0.75, 'accuracy': 0.5},)
    """
    p, true = np.asarray(probabilities, dtype=np.float64), np.asarray(y)
    if p.ndim != 2 or len(p) == 0 or true.shape != (len(p),) or bins < 1:
        raise UsageError(
            f"Probabilities of shape {p.shape}, labels of shape {true.shape} and {bins} bins were given; [n k], [n] "
            "and at least one bin are needed, n being 1 or more. Pass one label a row."
        )
    confidence, right = p.max(axis=1), p.argmax(axis=1) == true
    edges = np.linspace(0.0, 1.0, bins + 1)
    where = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    rows = []
    for b in np.unique(where):
        inside = where == b
        rows.append(
            {
                "low": float(edges[b]),
                "high": float(edges[b + 1]),
                "n": float(inside.sum()),
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    return tuple(rows)


def ece(probabilities: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error, 0..1: mean |accuracy − confidence| over bins, weighted by how many they hold.

    Top-label, equal-width bins (Guo et al. 2017). Biased upwards on small test splits: compare like with like.

    Args:
        probabilities: `[n k]`.
        y: `[n]` true classes.
        bins: how many between 0 and 1.

    >>> round(ece([[0.9, 0.1], [0.2, 0.8]], [0, 0], bins=2), 3)
    0.35
    """
    rows = reliability(probabilities, y, bins)
    return sum(row["n"] * abs(row["accuracy"] - row["confidence"]) for row in rows) / sum(row["n"] for row in rows)
