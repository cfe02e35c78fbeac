"""Texts without a label: for strategies that learn the words first, as long as no held-out text is among them.

In: the records without a label, and the cleaned ones with one and their split. Out: `Example`s without an answer, and
what was set aside: a text that is, or is nearly, or shares the group of, one of validation or test; and one met before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..types import Example, IntArray, SetAside
from ._clean import Cleaning, Kept
from ._options import ReadOptions
from ._record import Found, Record, Shape
from ._split import TRAIN


def unlabelled(
    loose: Sequence[Record], kept: Sequence[Kept], split: IntArray, clean: Cleaning, root: Path, options: ReadOptions
) -> tuple[tuple[Example, ...], tuple[SetAside, ...]]:
    """Which of them may be learnt from, and those that may not.

    Args:
        loose: records without a label.
        kept: those with one, cleaned.
        split: of each of these [n].
        clean: the reader's way of cleaning.
        root: paths are told relative to it.
        options: as for those with a label; near-duplicates are always found.
    """
    if not loose:
        return (), ()
    names = ("train", "valid", "test")
    known = [replace(k.record, cell="", split=names[s]) for k, s in zip(kept, split.tolist(), strict=True)]
    held = {r.group for r, s in zip(known, split.tolist(), strict=True) if s != TRAIN} - {None}
    aside = [
        SetAside(str(r.path), "held_out_group", f"It has no label, and its group '{r.group}' is held out.")
        for r in loose
        if r.group in held
    ]
    ours = [replace(r, split="train") for r in loose if r.group not in held]
    both, places = (
        clean(Found((*known, *ours)), root, None, replace(options, duplicates="group")),
        {str(r.path) for r in ours},
    )
    aside += [s for s in both.set_aside if s.path in places]
    free = [(k.digest, k.record) for k in both.kept if str(k.record.path) in places]
    return tuple(Example(str(r.path), digest, r.content, group=r.group) for digest, r in free), tuple(aside)


def remark(count: int, shape: Shape) -> tuple[str, ...]:
    """What a person is told of them.

    >>> from .text import SHAPE
    >>> remark(1200, SHAPE)[0]
    '1,200 texts have no label: they are in no split; only strategies that learn words first (intermediate) read them.'
    """
    what = f"{count:,} {shape.nouns} have" if count != 1 else f"1 {shape.noun} has"
    who = "they are in no split; only strategies that learn words first (intermediate) read them."
    return (f"{what} no label: {who}",) if count else ()
