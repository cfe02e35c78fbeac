"""The nearest entries of an index to new examples: one answer an input, an unreadable one with its reason."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...read import ReadOptions
from ...types import Example
from .._inputs import inputs_of
from .index import Entry, Index
from .lens import Lens
from .nearest import unit


@dataclass(frozen=True)
class Hit:
    """An entry that was found."""

    shown: str  # where it stands, the first place of several
    cosine: float
    entry: Entry


@dataclass(frozen=True)
class Found:
    """What is like one input, best first; `error` is the reason when it could not be read."""

    input: str
    hits: tuple[Hit, ...]
    error: str | None = None


def query(index: Index, lens: Lens, inputs: Iterable[Any], k: int, options: ReadOptions = ReadOptions()) -> list[Found]:
    """The k nearest entries of each input, in the order of the inputs.

    Args:
        index: made through the same lens.
        lens: looks at the inputs.
        inputs: as of `predict`.
        k: at most all entries are found.
        options: how tables and text files are read.
    """
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        items = list(inputs_of(lens.modality, inputs, Path(folder), lens.columns, lens.pixels, options))
        given = {item.example.digest: item.example for item in items if isinstance(item.example, Example)}
        bad = lens.unreadable([*given.values()])
        good = [example for digest, example in given.items() if digest not in bad]
        hits = _hits(index, lens, good, k) if good else {}
    out = []
    for item in items:
        example = item.example
        if isinstance(example, Example) and example.digest not in bad:
            out.append(Found(item.shown, hits[example.digest]))
        else:
            out.append(Found(item.shown, (), bad[example.digest] if isinstance(example, Example) else example))
    return out


def _hits(index: Index, lens: Lens, examples: Sequence[Example], k: int) -> dict[str, tuple[Hit, ...]]:
    """Digest → what is nearest."""
    at, cosines = index.nearest(unit(lens.look(examples)), k)
    out = {}
    for example, rows, near in zip(examples, at.tolist(), cosines.tolist(), strict=True):
        known = [(index.entries[row], cosine) for row, cosine in zip(rows, near, strict=True) if row >= 0]
        out[example.digest] = tuple(Hit(entry.shown[0], round(cosine, 6), entry) for entry, cosine in known)
    return out
