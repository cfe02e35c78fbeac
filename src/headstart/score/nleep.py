"""NLEEP: LEEP with the components of a Gaussian mixture of the features in the place of the source's classes.

Features are reduced to the principal axes that hold 80 % of their variance, a mixture is fitted there, and θ_z(x) is
the probability that x came from component z. Five components a class, as in the authors' code, but no more than one for
five examples (and not fewer than classes). Ours: each component has one variance an axis (a whole covariance of few
examples is singular), and the start is drawn from the rows in an order that their features alone decide.
"""

from __future__ import annotations

import numpy as np

from ._axes import Array
from ._leep import expected_log
from ._look import Look

PAPER = "Li et al., Ranking Neural Checkpoints, CVPR 2021, arXiv:2011.11200"
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification"})
ENERGY = 0.8
A_CLASS = 5  # components
STEPS = 40
FLOOR = 1e-3  # of the mean variance of an axis, added to each component's


def score(look: Look) -> float:
    """Nats an example, at most 0."""
    axes, (codes, counts) = look.spectrum, look.classes
    if not axes.power.size:
        return expected_log(np.ones((len(codes), 1)), codes)
    r = int(np.searchsorted(axes.power.cumsum(), ENERGY * axes.power.sum())) + 1
    z = axes.z[look.order, :r] / np.sqrt((axes.z[:, :r] ** 2).mean())
    size = max(len(counts), min(A_CLASS * len(counts), len(z) // 5))
    return expected_log(mixture(z, start(z, size, look.seed)), codes[look.order])


def start(z: Array, size: int, seed: int) -> Array:
    """Centres [v r], v ≤ size, drawn far from each other (k-means++) and moved to the means of what is nearest."""
    draw = np.random.default_rng(seed)
    centres = z[[int(draw.integers(len(z)))]]
    nearest = _apart(z, centres)[:, 0]
    while len(centres) < size and nearest.max() > 1e-9:
        total = nearest.cumsum()
        at = int(np.searchsorted(total, draw.random() * total[-1], side="right"))
        centres = np.concatenate([centres, z[[min(at, len(z) - 1)]]])
        nearest = np.minimum(nearest, _apart(z, centres[-1:])[:, 0])
    for _ in range(10):
        mine = np.eye(len(centres))[_apart(z, centres).argmin(1)]
        count = mine.sum(0)[:, None]
        centres = np.where(count > 0, mine.T @ z / count.clip(1), centres)
    return centres


def mixture(z: Array, centres: Array, steps: int = STEPS) -> Array:
    """Probability of each component [n v], after some steps of expectation-maximisation from centres [v r]."""
    weight, variance = np.full(len(centres), 1 / len(centres)), np.ones_like(centres)
    for _ in range(steps):
        theirs = _responsible(z, weight, centres, variance)
        total = theirs.sum(0) + 10 * np.finfo(np.float64).eps
        centres = theirs.T @ z / total[:, None]
        variance = (theirs.T @ z**2 / total[:, None] - centres**2).clip(0) + FLOOR
        weight = total / total.sum()
    return _responsible(z, weight, centres, variance)


def _responsible(z: Array, weight: Array, centres: Array, variance: Array) -> Array:
    apart = z**2 @ (1 / variance).T - 2 * z @ (centres / variance).T + (centres**2 / variance).sum(1)
    log = np.log(weight) - (apart + np.log(variance).sum(1)) / 2
    theirs = np.exp(log - log.max(1, keepdims=True))
    return np.asarray(theirs / theirs.sum(1, keepdims=True))


def _apart(z: Array, centres: Array) -> Array:
    """Squared distances, [n v]."""
    return np.asarray(((z**2).sum(1)[:, None] - 2 * z @ centres.T + (centres**2).sum(1)).clip(0))
