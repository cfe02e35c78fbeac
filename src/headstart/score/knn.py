"""Nearest neighbours: how well the others' labels tell each example's own, by cosine, each row (or group) left out.

Of the cosines c_ij of centred features, the K = 20 highest of row i vote with weights exp(c_ij / 0.07), as in Wu et al.
(2018), who chose both numbers for such votes; what is level with the twentieth votes too. Value: the share of right
answers (an example whose classes are level counts in part). Of numbers, and of several labels, votes are averaged, and
the value is minus the mean squared error in units of the variance.
"""

from __future__ import annotations

import numpy as np

from ..family import names
from ..kind import kind_of
from ..types import IntArray
from ._axes import Array
from ._look import LEVEL, Look, credit, relative_error

PAPER = (
    "Renggli et al., Which Model to Transfer? Finding the Needle in the Growing Haystack, CVPR 2022, arXiv:2010.06402; "
    "votes of Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018, "
    "arXiv:1805.01978"
)
NEEDS = frozenset({"features"})
KINDS = frozenset(names("kind"))
GROUPS = True  # a group is left out as a whole
NEIGHBOURS = 20
TEMPERATURE = 0.07


def score(look: Look) -> float:
    """From 0 to 1 of classes; else up to 0, and −1 is the mean of all."""
    found = votes(look.directions, look.targets, look.groups)
    if kind_of(look.kind).exclusive:
        return float(credit(found, look.classes[0]).mean())
    return -relative_error(found, look.targets)


def votes(directions: Array, targets: Array, groups: IntArray | None = None) -> Array:
    """Weighted mean of the neighbours' targets, the example itself (and its group) left out: [n d], [n t] → [n t]."""
    near = directions @ directions.T
    np.fill_diagonal(near, -np.inf)
    if groups is not None:
        near[groups[:, None] == groups] = -np.inf
    n = len(near)
    at = n - min(NEIGHBOURS, n - 1)
    last = np.partition(near, at, axis=1)[:, at, None]
    weight = np.exp((near - near.max(1, keepdims=True)) / TEMPERATURE) * (near >= last - LEVEL)
    return np.asarray(weight @ targets / weight.sum(1, keepdims=True))
