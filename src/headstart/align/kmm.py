"""Kernel mean matching: weights of source rows with which their mean, in a Gaussian kernel's space, is the target's.

min ½ β'Kβ − κ'β with 0 ≤ β ≤ `most` and |mean β − 1| ≤ (√n − 1) / √n, by accelerated projected gradient steps; κ is n
times the mean kernel with target rows, the kernel's width the median distance. Of more than `limit` rows of a domain
some are drawn; a source row that was not has the weight of its nearest that was.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import Progress
from ._pair import Head, Pair
from ._rows import drawn, nearest, squared

TITLE = "kernel mean matching (KMM)"
PAPER = "Huang et al. 2006, Correcting Sample Selection Bias by Unlabeled Data"
NEEDS = frozenset({"dense"})
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    most: float = 3.0  # a weight; with 10 so few rows are left that development pairs lost 2.5 points more
    steps: int = 300
    limit: int = 2000  # rows of a domain between which kernels are computed


def cost(n: int, m: int, d: int, k: int) -> float:
    """Kernels among the rows that are drawn, 300 products with them, the nearest of the others, a head."""
    a, b = min(n, 2000), min(m, 2000)
    return a * (a + b) * d + 300.0 * a**2 + n * a * d + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Weigh, fit."""
    xs = pair.xs[drawn(len(pair.xs), config.limit, pair.seed)]
    xt = pair.xt[drawn(len(pair.xt), config.limit, pair.seed)]
    weights = matching(xs, xt, config.most, config.steps)
    yield Progress(1, 1)
    if len(xs) < len(pair.xs):
        weights = weights[nearest(pair.xs, xs)]
    return pair.fit(pair.xs, pair.ys, (weights / weights.mean()).astype(np.float32))


def matching(xs: NDArray[np.float64], xt: NDArray[np.float64], most: float, steps: int) -> NDArray[np.float64]:
    """[n d], [m d] → weights [n], whose mean is about 1."""
    within, between = squared(xs, xs), squared(xs, xt)
    width = max(float(np.median(between)), 1e-12)
    kernel, kappa = np.exp(-within / width), len(xs) * np.exp(-between / width).mean(1)
    step = 1 / kernel.sum(1).max()  # no eigenvalue is above the largest sum of a row
    weights = ahead = np.ones(len(xs))
    speed = 1.0
    for _ in range(steps):
        moved = _within(ahead - step * (kernel @ ahead - kappa), most)
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead = moved + (speed - 1) / faster * (moved - weights)
        weights, speed = moved, faster
    return weights


def _within(weights: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """The nearest weights that keep the bounds: all less one number, then cut."""
    n = len(weights)
    slack = (np.sqrt(n) - 1) / np.sqrt(n)
    cut = np.clip(weights, 0, most)
    total = float(np.clip(cut.sum(), n * (1 - slack), n * (1 + slack)))
    if total == cut.sum():
        return cut
    low, high = float(weights.min()) - most, float(weights.max())  # all are `most`; all are 0
    for _ in range(60):
        less = (low + high) / 2
        low, high = (less, high) if np.clip(weights - less, 0, most).sum() > total else (low, less)
    return np.clip(weights - (low + high) / 2, 0, most)
