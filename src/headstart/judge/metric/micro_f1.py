"""Micro-F1: F1 of all label decisions together, where an example may have several labels, or none.

In: label sets `[seeds n k]` and true ones `[n k]`, of 0 and 1. Out: see `metric/__init__.py`. It is no mean of
per-example results: whole examples are resampled, for labels of one example go together, and counts made anew. The same
serves the mean of the labels' own F1 (`macro_f1.py`): counts are then kept label by label.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from ...kind.multilabel import f1_parts
from ..interval import Float64, mid_quantiles, room_to_tell, seed_shifts, seed_variance, tails

TITLE = "micro-F1"
PART = True
BETTER = 1
PSEUDO = 0.75  # labels won by each side that are added to what was seen; see `interval.PSEUDO`
RESAMPLES = 10_000
_AT_ONCE = 4_000_000
Counts = tuple[Float64, Float64, Float64]  # hits, given and true, [n j]: j is 1, or the number of labels


def values(answers: ArrayLike, y: ArrayLike, k: int, *, each: bool = False) -> Float64:
    """Micro-F1 of each training seed, `[seeds]`; with `each` the mean of the labels' F1. Nothing at all counts 0.

    >>> values([[[1, 0], [1, 1]]], [[1, 1], [1, 0]], 2).round(3).tolist()
    [0.667]
    """
    return np.array([_f1(*(c.sum(0) for c in counts)).mean() for counts in _counted(answers, y, each)])


def single(
    answers: ArrayLike, y: ArrayLike, k: int, *, level: float = 0.95, seed: int = 0, each: bool = False
) -> tuple[float, float]:
    """Interval around the mean over seeds: a bootstrap of the examples."""
    drawn = _drawn([_counted(answers, y, each)], RESAMPLES, np.random.default_rng(seed))[:, 0]
    low, high = mid_quantiles(drawn, tails(level))
    observed = float(values(answers, y, k, each=each).mean())
    return max(0.0, min(low, observed)), min(1.0, max(high, observed))


def paired(
    a: ArrayLike,
    b: ArrayLike,
    y: ArrayLike,
    k: int,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    each: bool = False,
) -> tuple[float, float]:
    """Interval for micro-F1 of `a` less that of `b`: a paired bootstrap of whole examples.

    As in `interval.paired`: three quarters of an example won by each side are added (one label, which the winner gives
    and the loser does not), training seeds are drawn anew from Student's t, ends are mid-distribution quantiles.

    Args:
        a: `[n k]` or `[seeds n k]` of 0 and 1.
        b: the same for the other side; its number of seeds may differ.
        y: `[n k]` true labels.
        k: number of labels.
        level: e.g. 0.95.
        resamples: rounds of the bootstrap.
        seed: of the resampling.
        each: of the labels' mean F1 instead.

    >>> y = np.tile([[1, 0], [1, 1]], (50, 1))
    >>> low, high = paired(y, np.tile([[1, 0]], (100, 1)), y, 2)  # all right, against never giving the second label
    >>> round(low, 2), round(high, 2)
    (0.16, 0.23)
    """
    one, other = _counted(a, y, each), _counted(b, y, each)
    rng = np.random.default_rng(seed)
    drawn = _drawn([one, other], resamples, rng) @ np.array([1.0, -1.0])
    parts = [linear(side) for side in (one, other)]
    drawn += seed_shifts(parts[0], resamples, rng) - seed_shifts(parts[1], resamples, rng)
    low, high = mid_quantiles(drawn, tails(level))
    observed = float(parts[0].mean() - parts[1].mean())
    return max(-1.0, min(low, observed)), min(1.0, max(high, observed))


def needed(
    a: ArrayLike, b: ArrayLike, y: ArrayLike, k: int, margin: float, level: float = 0.95, *, each: bool = False
) -> int | None:
    """Test examples that would tell such a difference from the margin.

    Normal approximation with the variance of `linear`'s gaps (the delta method); see `room_to_tell`.

    Returns:
        A number, or None where none would do or none can be derived: the observed difference is within the margin,
        training seeds vary more, or no example was answered differently.
    """
    one, other = linear(_counted(a, y, each)), linear(_counted(b, y, each))
    gaps = one.mean(0) - other.mean(0)
    by_seeds = seed_variance(one) / len(one) + seed_variance(other) / len(other)
    room = room_to_tell(float(gaps.mean()), margin, level, by_seeds)
    variance = float(gaps.var())
    return ceil(variance / room) if room and variance > 0 else None


def linear(side: Sequence[Counts]) -> Float64:
    """What each example adds, to first order: `[seeds n]`, each row's mean being that seed's F1; see `f1_parts`."""
    return np.array([f1_parts(*counts) for counts in side])


def _counted(answers: ArrayLike, y: ArrayLike, each: bool) -> list[Counts]:
    """Of each seed's label sets, what every example adds to hits, given and true."""
    true, sides = np.asarray(y, np.float64), np.asarray(answers, np.float64)
    out = []
    for given in sides if sides.ndim == 3 else sides[None]:
        counts = given * true, given, true
        out.append(counts if each else tuple(c.sum(1, keepdims=True) for c in counts))
    return out


def _f1(hits: Float64, given: Float64, true: Float64) -> Float64:
    total = given + true
    return np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)


def _drawn(sides: Sequence[Sequence[Counts]], resamples: int, rng: np.random.Generator) -> Float64:
    """Each side's mean F1 over its seeds in each resample: `[resamples sides]`.

    Examples that all models answer alike are drawn together, by their number.
    """
    models = [model for side in sides for model in side]
    camp = np.repeat(np.arange(len(sides)), [len(side) for side in sides])
    j = models[0][0].shape[1]
    table = np.hstack([models[0][2], *(np.hstack(model[:2]) for model in models)])  # true, then hits and given of each
    patterns, many = np.unique(table, axis=0, return_counts=True)
    # One label won by each side, the other not giving it; with one side alone, one that it gives, one that it does not.
    # Where labels are counted one by one, it is of each a part, as it is frequent.
    frequent = models[0][2].sum(0)
    part = frequent / frequent.sum() if frequent.any() else np.full(j, 1 / j)
    extra = np.array(
        [[part, *(part * (camp[m] == side) for m in range(len(models)) for _ in range(2))] for side in (0, 1)]
    ).reshape(2, -1)
    weights = np.concatenate([many, [PSEUDO, PSEUDO]])
    n = int(many.sum())
    step = max(1, _AT_ONCE // (len(weights) + patterns.shape[1]))
    out = []
    for done in range(0, resamples, step):
        times = rng.multinomial(n + 2, weights / weights.sum(), size=min(step, resamples - done))
        seen = times[:, :-2] @ patterns
        f1 = np.stack([_f1(*c) for c in _by_model(seen + times[:, -2:] @ extra, len(models))])
        # A label that is neither true nor given in a resample counts 0, as it does in the test itself: what is added
        # would make it 1.
        met = np.stack([given + true > 0 for _, given, true in _by_model(seen, len(models))])
        scores = (f1 * met).mean(2)
        out.append(np.stack([scores[camp == side].mean(0) for side in range(len(sides))], 1))
    return np.concatenate(out)


def _by_model(table: Float64, models: int) -> list[Counts]:
    """Rows of true, then hits and given of each model, taken apart."""
    true, *rest = np.split(table, 1 + 2 * models, axis=1)
    return [(hits, given, true) for hits, given in zip(rest[::2], rest[1::2], strict=True)]
