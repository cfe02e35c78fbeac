"""Quantiles and closed forms that intervals are made of.

In: levels, shares, samples. Out: numbers. Knows no metric, no model and no task.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Float64 = NDArray[np.float64]


def quantile(level: float) -> float:
    """Two-sided normal quantile of a level: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + _level(level)) / 2)


def tails(level: float) -> tuple[float, float]:
    """Where an interval of this level ends in a distribution.

    >>> [round(at, 3) for at in tails(0.95)]
    [0.025, 0.975]
    """
    tail = (1 - _level(level)) / 2
    return tail, 1 - tail


def shared(level: float, many: int) -> float:
    """The level of each of so many intervals that together hold with the given one (Bonferroni).

    >>> round(shared(0.95, 2), 4)
    0.975
    """
    return 1 - (1 - _level(level)) / max(many, 1)


def mid_quantiles(sample: Float64, at: tuple[float, float]) -> tuple[float, float]:
    """Quantiles by linear interpolation of the mid-distribution function P(X < x) + P(X = x) / 2."""
    values, counts = np.unique(sample.round(12), return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(sample)
    low, high = np.interp(at, middle, values)
    return float(low), float(high)


def wilson(share: float, n: int, level: float) -> tuple[float, float]:
    """Interval for a share of n independent examples (Wilson 1927, score interval)."""
    z = quantile(level)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


def apart(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float]:
    """Interval for a − b of two values measured on different examples, of (value, low, high) of each.

    The method of variance estimates recovery (Newcombe 1998; Zou & Donner 2008): it needs no more than the intervals.

    >>> [round(x, 3) for x in apart((0.9, 0.85, 0.94), (0.7, 0.6, 0.78))]
    [0.106, 0.308]
    """
    gap = a[0] - b[0]
    return gap - sqrt((a[0] - a[1]) ** 2 + (b[2] - b[0]) ** 2), gap + sqrt((a[2] - a[0]) ** 2 + (b[0] - b[1]) ** 2)


def room_to_tell(difference: float, margin: float, level: float, power: float = 0.8) -> float:
    """The largest variance of an observed difference with which an interval would mostly clear the margin, or 0.

    ((|difference| − margin) / (z_level + z_power))², see `bootstrap.needed`.

    Raises:
        UsageError: a level or power outside 0..1.
    """
    if not 0 < power < 1:
        raise UsageError(f"A power of {power} was given; it must lie between 0 and 1. Pass 0.8 for 80 %.")
    beyond = abs(difference) - margin
    beyond = beyond if beyond > 1e-9 else 0.0  # what is beyond it by rounding alone is not
    return (beyond / (quantile(level) + NormalDist().inv_cdf(power))) ** 2


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise UsageError(f"A level of {level} was given; it must lie between 0 and 1. Pass 0.95 for 95 %.")
    return level
