"""NLEEP: LEEP with the components of a Gaussian mixture of the features in the place of the source's classes.

Features are reduced to the principal axes that hold 80 % of their variance, a mixture is fitted there, and θ_z(x) is
the probability that x came from component z. Five components a class, as in the authors' code, but no more than one for
five examples (and not fewer than classes). Ours: at most 64 axes, each component has one variance an axis (a whole
covariance of few examples is singular), and the start is drawn from the rows in an order that their features alone
decide.
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
AXES = 64
A_CLASS = 5  # components
STEPS = 100  # at most
GAIN = 1e-3  # of log-likelihood an example, below which the fit ends
FLOOR = 1e-3  # of the mean variance of an axis, added to each component's


def score(look: Look) -> float:
    """Nats an example, at most 0."""
    axes, (codes, counts) = look.spectrum, look.classes
    if not axes.power.size:
        return expected_log(np.ones((len(codes), 1)), codes)
    r = int(np.searchsorted(axes.power.cumsum(), ENERGY * axes.power.sum())) + 1
    r = min(r, AXES)
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
    weight, variance, before = np.full(len(centres), 1 / len(centres)), np.ones_like(centres), -np.inf
    for _ in range(steps):
        theirs, now = _responsible(z, weight, centres, variance)
        total = theirs.sum(0) + 10 * np.finfo(np.float64).eps
        centres = theirs.T @ z / total[:, None]
        variance = (theirs.T @ z**2 / total[:, None] - centres**2).clip(0) + FLOOR
        weight = total / total.sum()
        if abs(now - before) < GAIN:
            break
        before = now
    return _responsible(z, weight, centres, variance)[0]


def _responsible(z: Array, weight: Array, centres: Array, variance: Array) -> tuple[Array, float]:
    """Probability of each component [n v], and the log-likelihood an example."""
    apart = z**2 @ (1 / variance).T - 2 * z @ (centres / variance).T + (centres**2 / variance).sum(1)
    log = np.log(weight) - (apart + np.log(variance).sum(1) + z.shape[1] * np.log(2 * np.pi)) / 2
    top = log.max(1, keepdims=True)
    theirs = np.exp(log - top)
    total = theirs.sum(1, keepdims=True)
    return theirs / total, float((top + np.log(total)).mean())


def _apart(z: Array, centres: Array) -> Array:
    """Squared distances, [n v]."""
    return np.asarray(((z**2).sum(1)[:, None] - 2 * z @ centres.T + (centres**2).sum(1)).clip(0))
