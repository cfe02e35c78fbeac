"""Train, valid and test: by chance, stratified by class, groups whole.

60 % / 15 % / 25 %: the sealed test is larger than the usual tenth because it must *prove* something. Of 400 pictures
a quarter gives 100, and the standard error of an accuracy of 0.9 is then 3 points; a tenth gives 40, and 4.7 points.
Validation only ranks candidates. Pictures are ordered by a hash of seed and content, so neither the order of files
nor the operating system matters, and adding a picture moves few others. Knows nothing of pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray

TRAIN, VALID, TEST = 0, 1, 2
SHARES = (0.60, 0.15, 0.25)
VALID_OF_TRAIN = (0.80, 0.20, 0.0)  # where the test split is given


def assign(
    labels: IntArray,
    keys: Sequence[str],
    groups: IntArray | None = None,
    *,
    seed: int = 0,
    shares: Sequence[float] = SHARES,
) -> IntArray:
    """The split of each picture, [n] of TRAIN, VALID, TEST.

    Args:
        labels: class numbers [n], 0..k-1; or which of several labels apply, [n k] of 0 and 1.
        keys: the digest of each picture [n]; the draw depends on these, not on the order.
        groups: group numbers [n]; pictures of a group stay together. None: each stands alone.
        seed: of the draw.
        shares: of train, valid and test; a share of 0 keeps that split empty.

    Every class gets a picture in train. A class of three or more groups gets one in each split with a share, unless
    groups of several classes make that impossible.
    """
    if len(labels) == 0:
        return np.empty(0, np.int64)
    ids = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1].reshape(-1)
    if labels.ndim == 2:
        counts = per_unit(labels, ids)
        order = _draw(keys, ids, len(counts), seed)
        split = iterative(counts, np.bincount(ids), order, shares)
        _repair(split, counts, order, np.asarray(shares) > 0)
        return split[ids]
    counts = np.zeros((int(ids.max()) + 1, int(labels.max()) + 1), np.int64)  # [g, k]
    np.add.at(counts, (ids, labels), 1)
    order = _draw(keys, ids, len(counts), seed)
    target = _targets(counts, shares)
    split = np.full(len(counts), -1, np.int64)
    now = np.zeros_like(target)
    _place_groups(split, now, counts, target, order)
    _place_singles(split, now, counts, target, order)
    _repair(split, counts, order, np.asarray(shares) > 0)
    return split[ids]


def per_unit(marks: IntArray, ids: IntArray) -> IntArray:
    """How often each label, and last none at all, occurs in each group: marks [n k], group numbers [n] → [g, k + 1]."""
    counts = np.zeros((int(ids.max()) + 1, marks.shape[1] + 1), np.int64)
    np.add.at(counts, ids, np.column_stack([marks, marks.sum(1) == 0]))
    return counts


def iterative(
    counts: IntArray, sizes: IntArray, order: IntArray, shares: Sequence[float] | NDArray[np.float64]
) -> IntArray:
    """The part of each group, so that every part has its share of each label: iterative stratification.

    Sechidis, Tsoumakas & Vlahavas 2011, On the Stratification of Multi-label Data: the label with the fewest examples
    left first; each of these goes where most of that label is still wanted, then where most examples are.

    Args:
        counts: [g, k], how often a group has each label; every group has one at least.
        sizes: [g], examples of a group.
        order: of the draw [g]; of one label the groups with more of it come first.
        shares: of the parts; one of 0 stays empty.

    >>> marks = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [1, 1]])
    >>> iterative(marks, np.ones(6, int), np.arange(6), (0.5, 0.5)).tolist()
    [0, 1, 0, 1, 0, 1]
    """
    part, usable = np.asarray(shares, np.float64), np.asarray(shares) > 0
    wanted, room = part[:, None] * counts.sum(0), part * sizes.sum()
    out = np.full(len(counts), -1, np.int64)
    left = (counts > 0).sum(0)
    while left.any():
        label = int(np.where(left > 0, left, np.inf).argmin())
        members = order[(counts[order, label] > 0) & (out[order] < 0)]
        for g in members[np.argsort(-counts[members, label], kind="stable")].tolist():
            out[g] = max(np.flatnonzero(usable).tolist(), key=lambda s: (round(wanted[s, label], 9), room[s], -s))
            wanted[out[g]] -= counts[g]
            room[out[g]] -= sizes[g]
        left = ((counts > 0) & (out < 0)[:, None]).sum(0)
    return out


def _draw(keys: Sequence[str], ids: IntArray, n_groups: int, seed: int) -> IntArray:
    """Group numbers in the order of the draw: by the smallest hash among a group's pictures."""
    best = [""] * n_groups
    for key, group in zip(keys, ids.tolist(), strict=True):
        hashed = hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
        if not best[group] or hashed < best[group]:
            best[group] = hashed
    return np.array(sorted(range(n_groups), key=best.__getitem__), np.int64)


def _targets(counts: IntArray, shares: Sequence[float]) -> IntArray:
    """Pictures wanted in each split [3, k], summing to the class sizes."""
    size, units = counts.sum(0), (counts > 0).sum(0)
    target = np.zeros((3, len(size)), np.int64)
    for split in (TEST, VALID):
        if shares[split] > 0:
            wanted = np.maximum(np.floor(shares[split] * size + 0.5).astype(np.int64), 1)
            room = units - (1 if split == TEST else 1 + (target[TEST] > 0))  # train first, then test, then valid
            target[split] = np.where(room > 0, wanted, 0)
    over = np.maximum(target.sum(0) - (size - 1), 0)  # train keeps at least one
    less_valid = np.minimum(over, np.maximum(target[VALID] - 1, 0))
    target[VALID] -= less_valid
    target[TEST] -= np.minimum(over - less_valid, target[TEST])
    target[TRAIN] = size - target[VALID] - target[TEST]
    return target


def _place_groups(split: IntArray, now: IntArray, counts: IntArray, target: IntArray, order: IntArray) -> None:
    """Groups of several pictures, largest first, each to where it brings the classes nearest to their targets."""
    sizes = counts.sum(1)
    weight = 1 / np.maximum(counts.sum(0), 1)
    usable = target.sum(1) > 0
    for g in sorted((g for g in order.tolist() if sizes[g] > 1), key=lambda g: -sizes[g]):
        miss = (now - target).astype(float)
        cost = (weight * ((miss + counts[g]) ** 2 - miss**2) / np.maximum(target, 1)).sum(1)
        best = int(np.argmin(np.where(usable, cost, np.inf)))
        split[g] = best
        now[best] += counts[g]


def _place_singles(split: IntArray, now: IntArray, counts: IntArray, target: IntArray, order: IntArray) -> None:
    """Pictures that stand alone fill what is missing, class by class, in the order of the draw."""
    alone = counts.sum(1) == 1
    of_class = counts.argmax(1)
    for k in range(counts.shape[1]):
        members = order[alone[order] & (of_class[order] == k)]
        want = np.maximum(target[:, k] - now[:, k], 0)
        while want.sum() > len(members):
            want[np.argmax(want)] -= 1
        want[TRAIN] += len(members) - want.sum()
        split[members] = np.repeat([TEST, VALID, TRAIN], want[[TEST, VALID, TRAIN]])
        now[:, k] += want


def _repair(split: IntArray, counts: IntArray, order: IntArray, wanted: NDArray[np.bool_]) -> None:
    """Give train every class, then each other wanted split every class of three or more groups, by moving a group."""
    smallest_first = np.array(sorted(order.tolist(), key=lambda g: int(counts[g].sum())), np.int64)
    for to in (TRAIN, TEST, VALID):
        for k in range(counts.shape[1]) if wanted[to] else ():
            having = smallest_first[counts[smallest_first, k] > 0]
            if len(having) < (1 if to == TRAIN else 3) or (split[having] == to).any():
                continue
            movable = [g for g in having.tolist() if to == TRAIN or _can_leave(g, split, counts)]
            if movable:
                split[max(movable, key=lambda g: _spare(g, split, counts, k))] = to


def _can_leave(g: int, split: IntArray, counts: IntArray) -> bool:
    """Whether the split that holds group `g` still has all of its classes without it."""
    rest = counts[split == split[g]].sum(0) - counts[g]
    return bool((rest[counts[g] > 0] > 0).all())


def _spare(g: int, split: IntArray, counts: IntArray, k: int) -> int:
    """How many pictures of class `k` the split that holds group `g` keeps without it."""
    return int(counts[split == split[g], k].sum() - counts[g, k])
