"""Intervals: how far an accuracy, or a difference of two on the same examples, may be from the truth.

In: per-example results between 0 and 1 (right or wrong, or a mean of these), one row for each training seed. Out: a
pair (low, high). Knows no model and no task. `benchmarks/verdict` measures how often these intervals hold the truth.
"""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

Float64 = NDArray[np.float64]

# Examples won by each side that are added to what was seen. Without them, few discordant pairs give too narrow an
# interval, and none give zero width. Chosen by the exact coverage over n = 40-400 on a fine grid of discordance and
# difference: 93.9-97.3 % where 10 or more discordant pairs are expected, never below 93.3 %; see benchmarks/verdict.
PSEUDO = 0.75
_AT_ONCE = 4_000_000  # counts held in memory by one round of resampling


def single(correct: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Interval for one accuracy (Wilson 1927, score interval).

    Args:
        correct: `[n]`, right or wrong, or values between 0 and 1.
        level: how often such intervals shall hold the truth, e.g. 0.95.

    Raises:
        UsageError: nothing to judge, values outside 0..1, or a level outside 0..1.

    >>> low, high = single([True] * 9 + [False])
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    x = results(correct).mean(axis=0)
    n, p, z = len(x), float(x.mean()), quantile(level)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, min(centre - half, p)), min(1.0, max(centre + half, p))


def paired(
    candidate: ArrayLike, rival: ArrayLike, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Interval for mean(candidate) − mean(rival) on the same examples: a paired bootstrap.

    Examples are resampled in pairs, through multinomial counts of the distinct gaps; three quarters of an example won
    by each side are added to the sample (closed forms add a half, Agresti & Min 2005, or one, Bonett & Price 2012).
    Each side's training seeds are drawn anew beside them, from Student's t with seeds − 1 degrees of freedom, scaled
    to the part of their variance that the examples do not explain (`seed_variance`): resampling two or three seeds as
    they stand would cover 90 %. Two seeds that differ therefore give a very wide interval; three or more are advised.
    Ends are mid-distribution quantiles (Ma, Genton & Parzen 2011), for a difference of counts is a lattice. The
    observed difference always lies inside.

    Args:
        candidate: `[n]` or `[seeds n]`, results between 0 and 1, in the order of the examples.
        rival: the same for the other side; its number of seeds may differ.
        level: e.g. 0.95.
        resamples: rounds of the bootstrap.
        seed: of the resampling; the same inputs give the same interval.

    Returns:
        (low, high), in the units of the results.

    Raises:
        UsageError: shapes that do not pair, values outside 0..1, a level outside 0..1.

    >>> low, high = paired([1] * 30 + [0] * 10, [1] * 20 + [0] * 20)
    >>> round(low, 2), round(high, 2)
    (0.1, 0.39)
    >>> paired([1, 1, 1, 1], [1, 1, 1, 1])[0] < 0  # no discordant pair is no proof of no difference
    True
    """
    a, b = results(candidate), results(rival)
    rng = np.random.default_rng(seed)
    gaps = pair_gaps(a, b)
    values, counts = np.unique(gaps.round(12), return_counts=True)
    values = np.concatenate([values, [1.0, -1.0]])
    weights = np.concatenate([counts, [PSEUDO, PSEUDO]]) / (len(gaps) + 2 * PSEUDO)
    drawn = means(values, weights, len(gaps) + 2, resamples, rng)
    drawn += seed_shifts(a, resamples, rng) - seed_shifts(b, resamples, rng)
    low, high = mid_quantiles(drawn, tails(level))
    observed = float(gaps.mean())
    return max(-1.0, min(low, observed)), min(1.0, max(high, observed))


def needed(
    candidate: ArrayLike, rival: ArrayLike, margin: float = 0.01, level: float = 0.95, power: float = 0.8
) -> int | None:
    """How many test examples would tell a difference like the observed one from the margin.

    Normal approximation for paired proportions (Connor 1987), with the margin taken off the difference: n = (z_level +
    z_power)² var(gap) / (|difference| − margin)². The gaps' variance is that of the sample as `paired` sees it, three
    quarters of an example won by each side added; the part that training seeds cause does not shrink with n and is
    taken off the right-hand side.

    Args:
        candidate: `[n]` or `[seeds n]`, results between 0 and 1.
        rival: the same for the other side.
        margin: of practical equivalence.
        level: of the interval.
        power: chance that the interval clears the margin.

    Returns:
        A number of examples, or None where no number would do: the observed difference is within the margin, or the
        training seeds alone vary more than that.

    >>> needed([1] * 30 + [0] * 10, [1] * 28 + [0] * 12)
    403
    >>> needed([1, 1, 0, 0], [1, 0, 1, 0]) is None
    True
    """
    a, b = results(candidate), results(rival)
    gaps = pair_gaps(a, b)
    by_seeds = seed_variance(a) / len(a) + seed_variance(b) / len(b)
    room = room_to_tell(float(gaps.mean()), margin, level, by_seeds, power)
    n = len(gaps) + 2 * PSEUDO
    variance = float((gaps**2).sum() + 2 * PSEUDO) / n - float(gaps.sum() / n) ** 2
    return ceil(variance / room) if room else None


def results(values: ArrayLike) -> Float64:
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


def pair_gaps(a: Float64, b: Float64) -> Float64:
    """Mean over seeds of `a [seeds n]` less that of `b [seeds n]`, per example: `[n]`."""
    if a.shape[1] != b.shape[1]:
        raise UsageError(
            f"The candidate has {a.shape[1]} results and the rival {b.shape[1]}; a paired interval needs the same "
            "examples for both. Judge both on the whole test split."
        )
    return np.asarray(a.mean(axis=0) - b.mean(axis=0))


def seed_variance(x: Float64) -> float:
    """Variance of the mean result that comes from the training seed alone, for `x [seeds n]`; 0 with one seed.

    The variance of the seeds' means, less what a seed's own luck on `n` examples explains (ANOVA, two-way random
    effects without replication), never below 0.
    """
    s, n = x.shape
    if s < 2:
        return 0.0
    means = x.mean(axis=1)
    rest = x - x.mean(axis=0) - (means - means.mean())[:, None]
    luck = float((rest**2).sum()) / ((s - 1) * max(n - 1, 1))
    return float(max(0.0, means.var(ddof=1) - luck / n))


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


def room_to_tell(difference: float, margin: float, level: float, by_seeds: float, power: float = 0.8) -> float:
    """The largest variance of an observed difference with which an interval would mostly clear the margin, or 0.

    ((|difference| − margin) / (z_level + z_power))², less the variance that training seeds cause, which does not
    shrink with more examples.

    Raises:
        UsageError: a level or power outside 0..1.
    """
    if not 0 < power < 1:
        raise UsageError(f"A power of {power} was given; it must lie between 0 and 1. Pass 0.8 for 80 %.")
    beyond = abs(difference) - margin
    room = (beyond / (quantile(level) + NormalDist().inv_cdf(power))) ** 2 - by_seeds
    return room if beyond > 0 and room > 0 else 0.0


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise UsageError(f"A level of {level} was given; it must lie between 0 and 1. Pass 0.95 for 95 %.")
    return level


def means(values: Float64, weights: Float64, n: int, resamples: int, rng: np.random.Generator) -> Float64:
    """Means of `n` draws from `values [m]` with probabilities `weights [m]`: `[resamples]`."""
    step = max(1, _AT_ONCE // len(values))
    rounds = [min(step, resamples - done) for done in range(0, resamples, step)]
    return np.concatenate([rng.multinomial(n, weights, size=r) @ values / n for r in rounds])


def seed_shifts(x: Float64, resamples: int, rng: np.random.Generator) -> Float64:
    """How far the mean over `x [seeds n]` moves when the training seeds are drawn anew: `[resamples]`."""
    own = seed_variance(x)
    if own == 0.0:
        return np.zeros(resamples)
    return np.asarray(sqrt(own / len(x)) * rng.standard_t(len(x) - 1, size=resamples))


def mid_quantiles(sample: Float64, at: tuple[float, float]) -> tuple[float, float]:
    """Quantiles by linear interpolation of the mid-distribution function P(X < x) + P(X = x) / 2."""
    values, counts = np.unique(sample.round(12), return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(sample)
    low, high = np.interp(at, middle, values)
    return float(low), float(high)
