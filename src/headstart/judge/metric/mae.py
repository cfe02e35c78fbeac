"""Mean absolute error, in the label's own unit; lower is better, so a difference is the rival's less the candidate's.

In: predicted numbers `[seeds n]` and true ones `[n]`. Out: see `metric/__init__.py`. Errors have no upper end, so the
intervals are of plain means: a bootstrap widened to Student's t.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike

from ..interval import Float64, means, quantile, room_to_tell, seed_shifts, seed_variance, tails

TITLE = "MAE"
PART = False
BETTER = -1
RESAMPLES = 10_000


def values(answers: ArrayLike, y: ArrayLike, k: int = 1) -> Float64:
    """Mean absolute error of each training seed, `[seeds]`.

    >>> values([[1.0, 2.0], [1.0, 4.0]], [1.0, 3.0]).tolist()
    [0.5, 0.5]
    """
    return np.asarray(_errors(answers, y).mean(axis=1))


def single(
    answers: ArrayLike, y: ArrayLike, k: int = 1, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Interval around the mean over seeds, from so many resamples."""
    low, high = _interval(_errors(answers, y).mean(axis=0), np.zeros(resamples), level, np.random.default_rng(seed))
    return max(0.0, low), high


def paired(
    a: ArrayLike,
    b: ArrayLike,
    y: ArrayLike,
    k: int = 1,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval for the error of `b` less that of `a`: a paired bootstrap, training seeds as in `interval.paired`.

    >>> y = np.arange(40.0)
    >>> low, high = paired(y + 1, y + 3 + y % 2, y)
    >>> round(low, 1), round(high, 1)
    (2.3, 2.7)
    """
    one, other = _errors(a, y), _errors(b, y)
    rng = np.random.default_rng(seed)
    shifts = seed_shifts(other, resamples, rng) - seed_shifts(one, resamples, rng)
    return _interval(other.mean(axis=0) - one.mean(axis=0), shifts, level, rng)


def needed(a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, margin: float, level: float = 0.95) -> int | None:
    """Test examples that would tell such a difference from the margin, see `room_to_tell`; None where none would."""
    one, other = _errors(a, y), _errors(b, y)
    gaps = other.mean(axis=0) - one.mean(axis=0)
    by_seeds = seed_variance(one) / len(one) + seed_variance(other) / len(other)
    room = room_to_tell(float(gaps.mean()), margin, level, by_seeds)
    return ceil(float(gaps.var(ddof=1)) / room) if room and len(gaps) > 1 and gaps.std() > 0 else None


def _errors(answers: ArrayLike, y: ArrayLike) -> Float64:
    return np.abs(np.atleast_2d(np.asarray(answers, np.float64)) - np.asarray(y, np.float64))


def _interval(values: Float64, shifts: Float64, level: float, rng: np.random.Generator) -> tuple[float, float]:
    """Percentiles of resampled means `[n]` moved by `shifts`, as far from the mean as Student's t asks for."""
    from scipy.stats import t

    n, mean = len(values), float(values.mean())
    drawn = means(values, np.full(n, 1 / n), n, len(shifts), rng) - mean
    wider = sqrt(n / (n - 1)) * float(t.ppf(tails(level)[1], n - 1)) / quantile(level) if n > 1 else 1.0
    low, high = np.quantile(mean + wider * drawn + shifts, tails(level))
    return float(min(low, mean)), float(max(high, mean))
