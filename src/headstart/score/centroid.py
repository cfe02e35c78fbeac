"""Nearest class mean: how often an example is nearest to its own class's mean, which it takes no part in.

Rows are centred and of length 1. With μ_c the mean of the n_c rows of class c, the squared distance to the own mean
without the row itself is (n_c / (n_c − 1))² ‖z − μ_c‖²; to the others it is ‖z − μ_c‖². A class of one example has no
mean for it. Where the example has a group, all of it is left out, of every class's mean. Value: the share of right
answers, from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from ._axes import Array
from ._look import Look, credit

PAPER = (
    "Mensink et al., Distance-Based Image Classification: Generalizing to New Classes at Near-Zero Cost, TPAMI 2013; "
    "Snell et al., Prototypical Networks for Few-shot Learning, NeurIPS 2017, arXiv:1703.05175"
)
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification"})
GROUPS = True  # a group is left out as a whole


def score(look: Look) -> float:
    """Share of right answers."""
    return float(credit(-distances(look), look.classes[0]).mean())


def distances(look: Look) -> Array:
    """Squared distance of every row to the mean of every class that occurs, [n c], the row and its group left out."""
    z, (codes, counts) = look.directions, look.classes
    means = look.targets.T @ z / counts[:, None]
    squared = (z**2).sum(1)[:, None] - 2 * z @ means.T + (means**2).sum(1)
    rows, of = np.arange(len(codes)), counts[codes]
    without = squared[rows, codes] * (of / np.maximum(of - 1, 1)) ** 2
    squared[rows, codes] = np.where(of > 1, without, np.inf)
    if look.groups is not None:
        sums = look.targets.T @ z
        for group in np.unique(look.groups):
            inside = np.flatnonzero(look.groups == group)
            for code in np.unique(codes[inside]):
                own = inside[codes[inside] == code]
                rest = counts[code] - len(own)
                gap = z[inside] - (sums[code] - z[own].sum(0)) / max(rest, 1)
                squared[inside, code] = (gap**2).sum(1) if rest else np.inf
    return np.asarray(squared)
