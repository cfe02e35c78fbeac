"""What near-duplicates say: which of them may be the same thing twice, and which are only one scene.

In: records and pairs of near-duplicates among them. Out: the pairs that are of use, and a sentence on the others. Under
one camera all pictures are nearly alike, and what tells the classes apart is too small for the comparison. Such a crowd
is no leak, and cannot be kept on one side of a split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..kind import kind_of
from ..types import IntArray
from ._record import Record, in_order

Classes = tuple[str, ...]  # that an example has
_CROWD = 10  # examples
_SHARE = 0.2  # of all examples: fewer can be kept on one side
_SHOWN = 3
_RANK = {"test": 0, "valid": 1, "train": 2, None: 2}  # where two parts hold twins, those of the higher one go


def components(pairs: IntArray, n: int) -> IntArray:
    """The number of the component of each of `n` things [n], which pairs [m, 2] connect."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def telling(
    records: Sequence[Record], pairs: IntArray, noun: str, kind: str = "classification"
) -> tuple[IntArray, tuple[str, ...]]:
    """The pairs [m, 2] without those of crowds, and what a person is told of these."""
    if not len(pairs):
        return pairs, ()
    part = components(pairs, len(records))
    named = [kind_of(kind).named(r.cell) for r in records]
    whole = Counter(c for classes in named for c in classes)
    crowds: list[int] = []
    lost = _lost(records, named, pairs)
    for crowd in np.flatnonzero(np.bincount(part) >= _CROWD).tolist():
        members = np.flatnonzero(part == crowd).tolist()
        if not lost.isdisjoint(members) or _one_scene([named[i] for i in members], whole, len(records)):
            crowds.append(crowd)
    inside = np.flatnonzero(np.isin(part, crowds)).tolist()
    said = _sentences([named[i] for i in inside], len(crowds), len(records), noun)
    return pairs[~np.isin(part[pairs[:, 0]], crowds)], said


def _lost(records: Sequence[Record], named: Sequence[Classes], pairs: IntArray) -> set[int]:
    """Training examples of the classes that would go as a whole, each for a twin in a given held-out part."""
    rank = [_RANK[r.split] for r in records]
    gone = {i if rank[i] > rank[j] else j for i, j in pairs.tolist() if rank[i] != rank[j]}
    train = {i for i, r in enumerate(records) if r.split == "train"}
    left = {c for i in train - gone for c in named[i]}
    return {i for i in train & gone if not left.issuperset(named[i])}


def _one_scene(inside: Sequence[Classes], whole: Counter[str], n: int) -> bool:
    """Whether a component is too much of the data, or of its classes, to be one thing many times.

    It holds most examples of two classes; or it is over a fifth of all, and of several classes or nearly all of one.
    """
    counts = Counter(c for classes in inside for c in classes)
    large = len(inside) > _SHARE * n
    if not whole:  # nothing here has classes
        return large
    most = sum(2 * k > whole[c] for c, k in counts.items() if k > 1)
    mixed = sum(k > 0.05 * len(inside) for k in counts.values()) > 1
    return most > 1 or (large and (mixed or any(4 * k > 3 * whole[c] for c, k in counts.items())))


def _sentences(inside: Sequence[Classes], crowds: int, n: int, noun: str) -> tuple[str, ...]:
    if not inside:
        return ()
    names = in_order(c for classes in inside for c in classes)
    of = f" (of {', '.join(repr(c) for c in names[:_SHOWN])}{' and others' if names[_SHOWN:] else ''})" if names else ""
    how = f"in {crowds} crowds, as of one scene or form each" if crowds > 1 else "as of one scene or form"
    return (
        f"{len(inside)} of {n} {noun}s{of} are near-duplicates of each other, {how}: nearness tells nothing there, and "
        f"only exact doubles count as the same {noun}. If some belong together, say so with --group.",
    )
