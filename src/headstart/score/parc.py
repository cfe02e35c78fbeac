"""PARC: do examples that the source finds alike have like labels?

Spearman's rank correlation, over all pairs of examples, of 1 − Pearson's correlation of their features and 1 − that of
their one-hot labels (which is 0 within a class and the same number between any two). Of numbers, which the paper does
not speak of, the label distance is |y_i − y_j|. Without the paper's reduction to 32 axes and its bonus for depth.
Features that tell no pair from another have 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._axes import Array
from ._look import Look, Silent

PAPER = (
    "Bolya et al., Scalable Diverse Model Selection for Accessible Transfer Learning, NeurIPS 2021, arXiv:2111.06977"
)
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification", "regression"})
DIGITS = 9  # of a correlation: what differs behind them differs by rounding


def score(look: Look) -> float:
    """From −1 to 1."""
    from scipy.stats import rankdata

    pairs = np.triu_indices(len(look.y), 1)
    features = rankdata((1 - correlations(look.x)[pairs]).round(DIGITS))
    y = look.y if look.kind == "regression" else look.classes[0]
    gap = np.abs(y[pairs[0]] - y[pairs[1]])
    labels = rankdata(gap if look.kind == "regression" else gap > 0)
    features, labels = features - features.mean(), labels - labels.mean()
    if not labels.any():
        raise Silent("All pairs of examples are as far from each other in their labels.")
    return float(features @ labels / np.sqrt((features @ features) * (labels @ labels))) if features.any() else 0.0


def correlations(x: NDArray[np.floating]) -> Array:
    """Pearson's correlation of every two rows, [n n]; of a row that is the same in every feature it is 0."""
    rows = np.asarray(x, np.float64)
    rows = np.where(rows.max(1, keepdims=True) == rows.min(1, keepdims=True), 0.0, rows - rows.mean(1, keepdims=True))
    length = np.sqrt((rows**2).sum(1, keepdims=True))
    rows = rows / np.where(length > 0, length, 1.0)
    return np.asarray(rows @ rows.T)
