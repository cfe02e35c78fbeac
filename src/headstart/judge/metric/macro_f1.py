"""Macro-F1: the mean over classes of F1, so that a rare class weighs as much as a common one.

In: answers `[seeds n]` and true classes `[n]`, as class indices, of `k` classes. Out: see `metric/__init__.py`. It is
no mean of per-example results: examples are resampled and confusion counts made anew. The classes of the test split
keep their sizes in every resample, as they would in another draw of a stratified split. Where an example may have
several labels, `[seeds n k]` and `[n k]`, `micro_f1.py` resamples, label by label.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..interval import Float64, mid_quantiles, room_to_tell, seed_shifts, seed_variance, tails
from . import micro_f1

TITLE = "macro-F1"
PART = True
BETTER = 1
PSEUDO = 0.75  # examples won by each side that are added, spread evenly over the classes; see `interval.PSEUDO`
RESAMPLES = 10_000
_AT_ONCE = 4_000_000
Ints = NDArray[np.int64]


def values(answers: ArrayLike, y: ArrayLike, k: int) -> Float64:
    """Macro-F1 of each training seed, `[seeds]`; a class that is neither asked for nor answered counts 0.

    >>> values([[0, 1, 1], [0, 0, 1]], [0, 0, 1], 2).round(3).tolist()
    [0.667, 1.0]
    """
    if np.ndim(y) == 2:
        return micro_f1.values(answers, y, k, each=True)
    from ...kind.classification import macro_f1

    return np.array([macro_f1(row, y, k) for row in np.atleast_2d(answers)])


def single(answers: ArrayLike, y: ArrayLike, k: int, *, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Interval around the mean over seeds: a bootstrap of the examples, stratified by class."""
    if np.ndim(y) == 2:
        return micro_f1.single(answers, y, k, level=level, seed=seed, each=True)
    a, true = np.atleast_2d(np.asarray(answers, np.int64)), np.asarray(y, np.int64)
    drawn = _drawn([a], true, k, RESAMPLES, np.random.default_rng(seed))[:, 0]
    low, high = mid_quantiles(drawn, tails(level))
    observed = float(values(a, true, k).mean())
    return max(0.0, min(low, observed)), min(1.0, max(high, observed))


def paired(
    a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Interval for macro-F1 of `a` less that of `b`: a paired bootstrap, stratified by class.

    As in `interval.paired`, three quarters of an example won by each side are added, an equal part of it in every
    class (a loser's answers fall on the other classes as these are frequent), training seeds are drawn anew from
    Student's t, and ends are mid-distribution quantiles.

    Args:
        a: `[n]` or `[seeds n]` class indices.
        b: the same for the other side; its number of seeds may differ.
        y: `[n]` true classes.
        k: number of classes.
        level: e.g. 0.95.
        resamples: rounds of the bootstrap.
        seed: of the resampling.

    >>> y = np.repeat([0, 1], [90, 10])
    >>> low, high = paired(y, np.zeros(100, int), y, 2)  # all right, against never naming the rare class
    >>> round(low, 2), round(high, 2)
    (0.29, 0.53)
    """
    if np.ndim(y) == 2:
        return micro_f1.paired(a, b, y, k, level=level, resamples=resamples, seed=seed, each=True)
    true = np.asarray(y, np.int64)
    sides = [np.atleast_2d(np.asarray(side, np.int64)) for side in (a, b)]
    rng = np.random.default_rng(seed)
    drawn = _drawn(sides, true, k, resamples, rng) @ np.array([1.0, -1.0])
    one, other = (linear(side, true, k) for side in sides)
    drawn += seed_shifts(one, resamples, rng) - seed_shifts(other, resamples, rng)
    low, high = mid_quantiles(drawn, tails(level))
    observed = float(one.mean() - other.mean())
    return max(-1.0, min(low, observed)), min(1.0, max(high, observed))


def needed(a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, margin: float, level: float = 0.95) -> int | None:
    """Test examples that would tell such a difference from the margin, the classes keeping their shares.

    Normal approximation with the variance of `linear`'s gaps inside each class (the delta method); see `room_to_tell`.

    Returns:
        A number, or None where none would do or none can be derived: the observed difference is within the margin,
        training seeds vary more, or no example was answered differently.
    """
    if np.ndim(y) == 2:
        return micro_f1.needed(a, b, y, k, margin, level, each=True)
    true = np.asarray(y, np.int64)
    one, other = linear(np.atleast_2d(a), true, k), linear(np.atleast_2d(b), true, k)
    gaps = one.mean(0) - other.mean(0)
    by_seeds = seed_variance(one) / len(one) + seed_variance(other) / len(other)
    room = room_to_tell(float(gaps.mean()), margin, level, by_seeds)
    variance = sum(float(((part := gaps[true == c]) - part.mean()) @ (part - part.mean())) for c in np.unique(true))
    return ceil(variance / len(true) / room) if room and variance > 0 else None


def linear(answers: ArrayLike, y: Ints, k: int) -> Float64:
    """What each example adds to macro-F1, to first order: `[seeds n]`, each row's mean being that seed's macro-F1.

    F1 = 2 TP / (N + P) moves by 2 (dTP − F1 (dN + dP) / 2) / (N + P); an example's part is n times its own.
    """
    rows, n = [], len(y)
    for given in np.atleast_2d(np.asarray(answers, np.int64)):
        size = np.bincount(y, minlength=k) + np.bincount(given, minlength=k)  # N + P
        hit = given == y
        f1 = 2 * np.bincount(y[hit], minlength=k) / size.clip(1)
        unit = n / k / size.clip(1)
        rows.append(f1.mean() + unit[y] * (2 * hit - f1[y]) - unit[given] * f1[given])
    return np.array(rows)


def _drawn(sides: Sequence[Ints], y: Ints, k: int, resamples: int, rng: np.random.Generator) -> Float64:
    """Each side's mean macro-F1 over its seeds in each resample: `[resamples sides]`.

    Examples that all models answer alike are drawn together, by their number.
    """
    patterns, many = np.unique(np.vstack([y, *sides]), axis=1, return_counts=True)
    sizes = np.bincount(y, minlength=k)
    models = list(patterns[1:])
    camp = np.repeat(np.arange(len(sides)), [len(side) for side in sides])
    blocks = []
    for c in np.flatnonzero(sizes).tolist():
        of_class = patterns[0] == c
        lost = np.where(np.arange(k) == c, 0, sizes) / max(len(y) - sizes[c], 1)
        won = np.eye(k)[c]
        # One example won by each side, the other losing it; with one side alone, one that it wins, one that it loses.
        extra = [[won if side == camp[m] else lost for side in (0, 1)] for m in range(len(models))]
        rows = [np.vstack([np.eye(k)[row[of_class]], *more]) for row, more in zip(models, extra, strict=True)]
        weights = np.concatenate([many[of_class], np.full(2, PSEUDO / len(np.flatnonzero(sizes)))])
        blocks.append((c, int(sizes[c]), weights / weights.sum(), rows))
    step = max(1, _AT_ONCE // (len(models) * k + max(len(w) for _, _, w, _ in blocks)))
    out = []
    for done in range(0, resamples, step):
        r = min(step, resamples - done)
        given, hits = np.zeros((len(models), r, k)), np.zeros((len(models), r, k))
        for c, size, weights, rows in blocks:
            drawn = rng.multinomial(size, weights, size=r).astype(np.float64)
            for m, answers in enumerate(rows):
                given[m] += drawn @ answers
                hits[m, :, c] = drawn @ answers[:, c]
        total = sizes + given
        f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0).mean(2)  # [models, r]
        out.append(np.stack([f1[camp == side].mean(0) for side in range(len(sides))], 1))
    return np.concatenate(out)
