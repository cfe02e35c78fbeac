"""Test-time adaptation in feature space: columns get the target's mean and deviation, then entropy is lowered.

First each column is standardised by the target's own statistics, blended with the source's as if those came from
`prior` rows, and stands where the source's stood (adaptive batch normalisation). Then a scale and a shift of every
column lower the mean entropy of the answers in a few steps. Both are held near 1 and 0 by half the sum of their
squared distances times `anchor`, and within bounds, so that the answers can not all become one. No row depends on
others after that.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..types import Progress
from ._pair import Head, Pair

TITLE = "statistics and entropy at test time"
PAPER = "Li et al. 2018, Adaptive Batch Normalization; Wang et al. 2021, Tent: Fully Test-Time Adaptation"
NEEDS = frozenset({"dense"})
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    prior: float = 16.0  # rows that the source's statistics count as
    anchor: float = 1.0
    steps: int = 10


def cost(n: int, m: int, d: int, k: int) -> float:
    """A head, and some fifteen gradients on the target rows."""
    return 100.0 * n * d * k + 60.0 * m * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Fit, standardise, lower the entropy."""
    head = pair.fit(pair.xs, pair.ys, None)
    mean, deviation = pair.xs.mean(0), pair.xs.std(0)
    at, spread = _blended(pair, config.prior)
    head = _scaled(head, deviation, mean)  # on standardised rows
    yield Progress(1, 2)
    scale, shift = lower_entropy((pair.xt - at) / spread, head, config.anchor, config.steps)
    yield Progress(2, 2)
    return _scaled(_scaled(head, scale, shift), 1 / spread, -at / spread)


def lower_entropy(
    z: NDArray[np.float64], head: Head, anchor: float, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standardised rows [m d] → the scale [d], from ½ to 2, and the shift [d], from −½ to ½."""
    from scipy.optimize import minimize

    d = z.shape[1]
    start = np.repeat([1.0, 0.0], d)

    def loss(both: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        entropy, slope = mean_entropy(z, head, both)
        away = both - start
        return entropy + anchor / 2 * float(away @ away), slope + anchor * away

    bounds = [(0.5, 2.0)] * d + [(-0.5, 0.5)] * d
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})
    return found.x[:d], found.x[d:]


def mean_entropy(z: NDArray[np.float64], head: Head, both: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Mean entropy of the answers to z · scale + shift, in nats, and its slope by scale and shift [2d]."""
    from scipy.special import log_softmax

    scale, shift = np.split(both, 2)
    log_p = log_softmax((z * scale + shift) @ head.weight + head.bias, axis=1)
    p = np.exp(log_p)
    entropy = -(p * log_p).sum(1)
    by_score = -p * (log_p + entropy[:, None]) / len(z)
    by_scale = ((z.T @ by_score) * head.weight).sum(1)
    return float(entropy.mean()), np.concatenate([by_scale, head.weight @ by_score.sum(0)])


def _blended(pair: Pair, prior: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation [d] of the target's columns; a deviation is a tenth of the source's or more (or 1)."""
    m = len(pair.xt)
    mean = (prior * pair.xs.mean(0) + m * pair.xt.mean(0)) / (prior + m)
    variance = (prior * pair.xs.var(0) + m * pair.xt.var(0)) / (prior + m)
    least = np.where(pair.xs.std(0) > 0, pair.xs.std(0) / 10, 1.0)
    return mean, np.maximum(np.sqrt(variance), least)


def _scaled(head: Head, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> Head:
    """The head on x · scale + shift, as one on x."""
    return replace(head, weight=scale[:, None] * head.weight, bias=head.bias + shift @ head.weight)
