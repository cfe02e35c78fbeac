"""An index brought up to date with a folder: what is new is looked at, what is gone leaves, the rest stays.

What an example is tells its content's digest, not its name: a file that was moved is not looked at again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...modality import noun
from ...read import ReadOptions
from ...types import Example, FloatArray
from .._inputs import inputs_of
from . import graph as _graph
from .graph import Graph
from .index import Entry, Index, Through, empty, positions
from .lens import Lens
from .nearest import unit

AT_ONCE = 512  # examples looked at between two words of progress
SHOWN = 3  # of what was set aside, named in the notes
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Change:
    """What a build did."""

    added: int
    gone: int
    kept: int


def updated(
    before: Index | None,
    through: Through,
    lens: Lens,
    data: str,
    options: ReadOptions,
    watch: Watch | None = None,
) -> tuple[Index, Change]:
    """The index of what `data` holds now.

    Args:
        before: the one that was there, made through the same lens.
        through: as it will be written down.
        lens: looks at what is new.
        data: a folder, or a table.
        options: how tables and text files are read.
        watch: called as the work goes on.

    Raises:
        DataError: there is nothing in it that can be read.
        UsageError: the lens stands on no source.
    """
    old = before or empty(through, data)
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        found, bad = _found(lens, data, options, Path(folder))
        known = positions(old.entries)
        new = [found[digest][0] for digest in sorted(found) if digest not in known]  # by digest: in an order of chance
        rows, unread = _looked(lens, new, watch)
    bad += [(shown, unread[d]) for d, (_, places) in found.items() if d in unread for shown in places]
    kept = [entry.digest for entry in old.entries if entry.digest in found]
    added = [e.digest for e in new if e.digest not in unread]
    if not kept and not added:
        raise DataError(_nothing(lens, data, bad))
    entries = [Entry(tuple(found[d][1]), d, found[d][0].content) for d in (*kept, *added)]
    stay = [old.rows[[known[d] for d in kept]]] if kept else []
    whole = np.concatenate([*stay, *([rows] if added else [])])
    graph, said = _over(whole, old, len(kept), watch)
    index = Index(through, data, tuple(entries), whole, graph, (*_told(lens, bad), *said))
    return index, Change(len(added), len(old.entries) - len(kept), len(kept))


def _found(
    lens: Lens, data: str, options: ReadOptions, folder: Path
) -> tuple[dict[str, tuple[Example, list[str]]], list[tuple[str, str]]]:
    """Digest → an example and where it stands; and what is none, with the reason."""
    good: dict[str, tuple[Example, list[str]]] = {}
    bad: list[tuple[str, str]] = []
    for item in inputs_of(lens.modality, [Path(data)], folder, lens.columns, lens.pixels, options):
        if isinstance(item.example, Example):
            good.setdefault(item.example.digest, (item.example, []))[1].append(item.shown)
        else:
            bad.append((item.shown, item.example))
    return good, bad


def _looked(lens: Lens, examples: Sequence[Example], watch: Watch | None) -> tuple[FloatArray, dict[str, str]]:
    """Rows [n d] of length 1 of those that can be read; digest → why, of the others."""
    made, unread = [], {}  # type: list[FloatArray], dict[str, str]
    for begin in range(0, len(examples), AT_ONCE):
        some = examples[begin : begin + AT_ONCE]
        unread |= lens.unreadable(some)
        if good := [e for e in some if e.digest not in unread]:
            made.append(unit(lens.look(good)))
        if watch:
            watch("looking", begin + len(some), len(examples))
    return (np.concatenate(made) if made else np.empty((0, 0), np.float32)), unread


def _over(rows: FloatArray, old: Index, kept: int, watch: Watch | None) -> tuple[Graph | None, list[str]]:
    """A graph where there are many rows, and what is to be said of that; one that lost rows is made anew."""
    if len(rows) <= _graph.ABOVE:
        return None, []
    if not _graph.available():
        return None, [f"All {len(rows):,} rows are compared at every query; {_graph.HOW} brings a quicker graph."]
    if watch:
        watch("linking", 0, 1)
    if old.graph is not None and kept == len(old.entries):
        return (old.graph if kept == len(rows) else _graph.built(rows, old.graph, kept)), []
    return _graph.built(rows), []


def _told(lens: Lens, bad: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What was set aside."""
    if not bad:
        return
    what, some = noun(lens.modality), "; ".join(f"{shown}: {why}" for shown, why in bad[:SHOWN])
    yield f"Set aside, as they cannot be read: {len(bad):,} {what}{'s' * (len(bad) > 1)} ({some})"


def _nothing(lens: Lens, data: str, bad: Sequence[tuple[str, str]]) -> str:
    what = noun(lens.modality)
    said = f" The first: {bad[0][0]}: {bad[0][1]}" if bad else ""
    return f"{data} holds no {what}s that can be read, and {lens.name} reads {what}s.{said} Name a folder of {what}s."
