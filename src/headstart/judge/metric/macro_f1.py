"""Macro-F1: the mean over classes of F1, so that a rare class weighs as much as a common one.

In: answers `[seeds n]` and true classes `[n]`, as class indices of `k` classes, or, where an example may have several
labels, label sets `[seeds n k]` and `[n k]` of 0 and 1. Out: see `metric/__init__.py`. The sums are, class by class,
the right answers, those given and true, and those seen in the test itself. Classes that occur in neither truth nor
answers do not count. Of single classes as many examples as the test holds are in every resample, as they would be in
another draw of a stratified split.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._quantiles import Float64
from ..bootstrap import Sums

TITLE = "macro-F1"
PART = True
BETTER = 1


def sums(answers: ArrayLike, y: ArrayLike, k: int) -> Sums:
    """Of classes, or of labels; the right answers count 1 / (classes that occur), so that F1 adds up to its mean."""
    if np.ndim(y) == 2:
        true, given = np.asarray(y, np.float64), np.asarray(answers, np.float64)
        return _of_labels(given if given.ndim == 3 else given[None], true)
    return _of_classes(np.atleast_2d(np.asarray(answers, np.int64)), np.asarray(y, np.int64), k)


def value(sums: Float64) -> Float64:
    """`[… 3 k]`, flat → `[…]`: the sum of 2 hits / (given + true), where there are any in the test itself."""
    hits, size, seen = np.split(sums, 3, axis=-1)
    return np.asarray(np.divide(2 * hits, size, out=np.zeros_like(size), where=(size > 0) & (seen > 0)).sum(-1))


def _of_classes(answers: NDArray[np.int64], true: NDArray[np.int64], k: int) -> Sums:
    """Strata are the classes; a loser's answers to an added example fall on the other classes as these are frequent."""
    one = np.eye(k)
    given, truth, sizes = one[answers], one[true], np.bincount(true, minlength=k)
    part = _part(given.sum(1) + sizes)
    there = np.flatnonzero(sizes)
    other = np.where(one[there] == 1, 0, sizes) / np.maximum(len(true) - sizes[there], 1)[:, None]
    won, lost = (
        np.concatenate([hits * part, size, size], 2)
        for hits, size in (
            (np.tile(one[there], (len(part), 1, 1)), np.tile(2 * one[there], (len(part), 1, 1))),
            (np.zeros((len(part), len(there), k)), np.tile(other + one[there], (len(part), 1, 1))),
        )
    )
    rows = np.concatenate([given * truth * part, given + truth, given + truth], 2)
    return Sums(rows, won, lost, strata=np.searchsorted(there, true).astype(np.int64))


def _of_labels(given: Float64, true: Float64) -> Sums:
    """An example won is of each label a part, as it is frequent. It counts as not seen in the test itself.

    Else a label that a resample lacks would be right there, for what is added is.
    """
    part, frequent = _part(given.sum(1) + true.sum(0)), true.sum(0)
    share = frequent / frequent.sum() if frequent.any() else np.full(len(frequent), 1 / len(frequent))
    added = np.tile(share, (len(given), 1, 1))
    won = np.concatenate([added * part, 2 * added, 0 * added], 2)
    lost = np.concatenate([0 * added, added, 0 * added], 2)
    size = given + true
    return Sums(np.concatenate([given * true * part, size, size], 2), won, lost)


def _part(occurs: Float64) -> Float64:
    """1 / (classes that occur) for each seed, of how often each class does `[seeds k]`: `[seeds 1 1]`."""
    return np.asarray(1 / np.maximum((occurs > 0).sum(1), 1)[:, None, None])
