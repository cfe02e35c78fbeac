"""Intervals for results between 0 and 1: right or wrong, or a mean of these, one row for each training seed.

In: results. Out: a pair (low, high). The bootstrap itself, which serves every metric, is `bootstrap.py`.
`benchmarks/verdict` measures how often these intervals hold the truth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from . import bootstrap
from ._quantiles import Float64
from .metric import accuracy

__all__ = ["Float64", "paired", "single"]


def single(correct: ArrayLike, level: float = 0.95, groups: bootstrap.Ints | None = None) -> tuple[float, float]:
    """Interval for one accuracy (Wilson 1927, score interval); with groups a bootstrap of these.

    Args:
        correct: `[n]`, right or wrong, or values between 0 and 1.
        level: how often such intervals shall hold the truth, e.g. 0.95.
        groups: `[n]` a number for each example's group; None where each stands alone.

    Raises:
        UsageError: nothing to judge, values outside 0..1, or a level outside 0..1.

    >>> low, high = single([True] * 9 + [False])
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    return bootstrap.single(accuracy, accuracy.mean(_results(correct)), groups=groups, level=level)


def paired(
    candidate: ArrayLike,
    rival: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    resamples: int = bootstrap.RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval for mean(candidate) − mean(rival) on the same examples, see `bootstrap.compare`.

    Args:
        candidate: `[n]` or `[seeds n]`, results between 0 and 1, in the order of the examples.
        rival: the same for the other side; its number of seeds may differ.
        groups: `[n]` a number for each example's group, where they do not stand alone.
        level: e.g. 0.95.
        resamples: rounds of the bootstrap.
        seed: of the resampling; the same inputs give the same interval.

    Returns:
        (low, high), in the units of the results; the observed difference always lies inside.

    Raises:
        UsageError: shapes that do not pair, values outside 0..1, a level outside 0..1.

    >>> low, high = paired([1] * 30 + [0] * 10, [1] * 20 + [0] * 20)
    >>> round(low, 2), round(high, 2)
    (0.1, 0.39)
    >>> paired([1, 1, 1, 1], [1, 1, 1, 1])[0] < 0  # no discordant pair is no proof of no difference
    True
    """
    a, b = (accuracy.mean(_results(side)) for side in (candidate, rival))
    found = bootstrap.compare(accuracy, a, b, groups=_codes(groups), resamples=resamples, seed=seed)
    return found.interval(level)


def _codes(groups: ArrayLike | None) -> bootstrap.Ints | None:
    return None if groups is None else np.asarray(groups, np.int64)


def _results(values: ArrayLike) -> Float64:
    """Per-example results as `[seeds n]`, checked.

    Raises:
        UsageError: empty, of another shape, or not between 0 and 1.
    """
    x = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if x.ndim != 2 or x.size == 0:
        raise UsageError(
            f"Results of shape {np.shape(values)} were given; [n] or [seeds n] with one or more examples is needed. "
            "Pass one value an example, and one row a training seed."
        )
    if not ((x >= 0) & (x <= 1)).all():
        raise UsageError(
            f"Results run from {x.min():g} to {x.max():g}; they must lie between 0 (wrong) and 1 (right). "
            "Pass per-example correctness, not losses or scores."
        )
    return x
