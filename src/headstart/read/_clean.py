"""One of each, and no twin on the other side of the split: what all modalities have in common.

In: records with digests, and a way of finding near-duplicates. Out: the records that stay, the pairs of near-duplicates
among them, and what was set aside and why. Where splits are given, the twin outside the stricter one goes (test before
valid before train).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from ..errors import UsageError
from ..kind import kind_of
from ..pixels import PLAIN, Pixels
from ..types import IntArray, SetAside
from ._near import components, telling
from ._options import ReadOptions
from ._record import Found, Record

T = TypeVar("T")
DUPLICATES = ("group", "keep", "drop")
_FEW, _MANY = 5, 0.05  # exact doubles, and their share, from which on they are told
_RANK = {"test": 0, "valid": 1, "train": 2, None: 2}  # which twin stays: the one in the split that must not shrink


@dataclass(frozen=True)
class Kept:
    """A record that stays, with the sha256 of its file or text."""

    record: Record
    digest: str


@dataclass(frozen=True)
class Clean:
    """The outcome: `pairs` [m, 2] index `kept`, near-duplicates that may go to one side together."""

    kept: tuple[Kept, ...]
    pairs: IntArray
    set_aside: tuple[SetAside, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()
    pixels: Pixels = PLAIN  # how pictures are read
    torn: int = 0  # examples left out because each had several labels, in as many places


class Cleaning(Protocol):
    """A reader's way of cleaning: look at every record, set aside what is broken, `settle` the rest.

    Paths are told relative to `root`, `progress` is called with (done, of). `pixels` says how pictures are read where
    that was chosen before; other readers pass it over.
    """

    def __call__(
        self,
        found: Found,
        root: Path,
        progress: Callable[[int, int], None] | None = None,
        options: ReadOptions = ...,
        *,
        pixels: Pixels | None = None,
    ) -> Clean: ...


def settle(
    good: list[tuple[Kept, T]],
    near: Callable[[Sequence[T]], IntArray],
    aside: list[SetAside],
    root: Path,
    noun: str,
    *,
    duplicates: str = "group",
    of: Found,
) -> Clean:
    """Set aside what is doubled, and find near-duplicates among the rest.

    Args:
        good: what can be read, each with what `near` compares.
        near: gives pairs [m, 2] (i < j) of near-duplicates.
        aside: what was set aside before.
        root: paths are told relative to it.
        noun: what one is called.
        duplicates: near ones: "group" them, "keep" each as any other, or "drop" all but one. Exact ones never stay.
        of: what was found; its kind says whether the labels of exact doubles contradict each other.

    Raises:
        UsageError: `duplicates` is something else.
    """
    if duplicates not in DUPLICATES:
        raise UsageError(
            f"duplicates '{duplicates}' is not known; allowed: {', '.join(DUPLICATES)}. Name one of these."
        )
    n = len(good)
    good, doubled, torn = _once(good, root, noun, of)
    kept = [k for k, _ in good]
    pairs = near([x for _, x in good]) if duplicates != "keep" else np.empty((0, 2), np.int64)
    pairs, notes = telling([k.record for k in kept], pairs, noun, of.kind)
    dropped = _but_one(kept, pairs) if duplicates == "drop" else _across(kept, pairs)
    aside = [*aside, *doubled] + [
        SetAside(
            str(kept[i].record.path),
            "near_duplicate",
            f"Nearly the same {noun} as {_short(kept[j].record.path, root)}"
            + (f" of the {kept[j].record.split} split." if kept[j].record.split else "."),
        )
        for i, j in dropped.items()
    ]
    stay = np.array([i for i in range(len(kept)) if i not in dropped], np.int64)
    place = np.full(len(kept), -1, np.int64)
    place[stay] = np.arange(len(stay))
    pairs = place[pairs]
    pairs = pairs[(pairs >= 0).all(1)]
    kept = [kept[i] for i in stay]
    remarks = _remarks(kept, pairs, root, noun, of.kind)
    return Clean(
        tuple(kept),
        pairs,
        tuple(sorted(aside, key=lambda s: s.path)),
        remarks,
        (*_repeats(doubled, n, noun), *notes),
        torn=torn,
    )


def _once(
    good: list[tuple[Kept, T]], root: Path, noun: str, of: Found
) -> tuple[list[tuple[Kept, T]], list[SetAside], int]:
    """One of each set of the same digest, what is set aside, and how many of the sets carry two labels.

    None stays of these; but where the kind can say both at once (the mean of numbers, all labels with `join`), one
    stays that says it, of its own split: a test answer must not be changed by one of train.
    """
    merged, join = kind_of(of.kind).merged, of.join
    by_digest: dict[str, list[int]] = defaultdict(list)
    for i, (kept, _) in enumerate(good):
        by_digest[kept.digest].append(i)
    gone: dict[int, SetAside | None] = {}
    torn = 0
    for twins in by_digest.values():
        records = [good[i][0].record for i in twins]
        first = min(range(len(twins)), key=lambda n: (_RANK[records[n].split], n))
        same = [r for r in records if r.split == records[first].split]
        two = merged([r.cell for r in records], join) is None
        if (cell := merged([r.cell for r in same], join)) is not None:
            kept, seen = good[twins[first]]
            good[twins[first]] = (replace(kept, record=replace(kept.record, cell=cell)), seen)
        torn += two
        for n, r in enumerate(records):
            if two:
                other = next(o for o in records if o.label != r.label)
                detail = f"The same {noun} is '{r.label}' here and '{other.label}' as {_short(other.path, root)}."
                gone[twins[n]] = SetAside(str(r.path), "two_labels", detail)
            elif n != first:
                detail = f"It is the same {noun} as {_short(records[first].path, root)}."
                used = join and r.split == records[first].split and r.label != records[first].label
                gone[twins[n]] = None if used else SetAside(str(r.path), "duplicate", detail)
    return [g for i, g in enumerate(good) if i not in gone], [s for s in gone.values() if s], torn


def _repeats(doubled: Sequence[SetAside], n: int, noun: str) -> tuple[str, ...]:
    """What is said where many are exact doubles."""
    repeats = sum(s.reason == "duplicate" for s in doubled)
    if repeats < max(_FEW, _MANY * n):
        return ()
    return (
        f"{repeats} of {n} {noun}s are exact repeats of others: each counts once, also if meant to balance classes.",
    )


def _but_one(kept: list[Kept], pairs: IntArray) -> dict[int, int]:
    """Of near-duplicates all but one, the first of the strictest split; each with the one that stays."""
    part = components(pairs, len(kept))
    order = sorted(range(len(kept)), key=lambda i: (_RANK[kept[i].record.split], i))
    first: dict[int, int] = {}
    for i in order:
        first.setdefault(int(part[i]), i)
    return {i: first[int(part[i])] for i in range(len(kept)) if first[int(part[i])] != i}


def _across(kept: list[Kept], pairs: IntArray) -> dict[int, int]:
    """Those to drop, each with the twin in a stricter split."""
    dropped: dict[int, int] = {}
    if not any(k.record.split for k in kept):
        return dropped
    for i, j in pairs.tolist():
        a, b = _RANK[kept[i].record.split], _RANK[kept[j].record.split]
        if a != b:
            loser, winner = (i, j) if a > b else (j, i)
            dropped.setdefault(loser, winner)
    return dropped


def _remarks(kept: list[Kept], pairs: IntArray, root: Path, noun: str, kind: str) -> tuple[str, ...]:
    out = []
    twins = len(np.unique(pairs))
    if twins > max(4, 0.05 * len(kept)):
        out.append(
            f"{twins} of {len(kept)} {noun}s have a near-duplicate; such {noun}s stay on the same side of the split."
        )
    merged = kind_of(kind).merged
    if odd := [(i, j) for i, j in pairs.tolist() if merged([kept[i].record.cell, kept[j].record.cell]) is None]:
        a, b = (kept[n].record for n in odd[0])
        out.append(
            f"Near-duplicates with different labels: {len(odd)}. Look at {_short(a.path, root)} ('{a.label}') "
            f"and {_short(b.path, root)} ('{b.label}')."
        )
    return tuple(out)


def _short(path: Path, root: Path) -> str:
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
