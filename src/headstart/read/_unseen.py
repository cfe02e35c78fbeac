"""Labelled examples that a finished run shall be judged on: read and cleaned as for `fit`, and not split.

In: a path, and what the run knows (its labels, what it has learnt from). Out: a `Task` whose sealed test holds them all
and whose other splits are empty. Where the data bring splits of their own, only the held-out one counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import runtime
from ..errors import DataError, UsageError
from ..kind import Kind, kind_of
from ..pixels import PLAIN, Pixels
from ..types import Sealed, SetAside, Task
from ._idle import refuse_idle
from ._options import ReadOptions
from ._reader import reader
from ._record import Found, Shape, in_order
from ._roles import roles
from ._table import Table
from ._task import absolute, examples_of, found_in, together
from .folder.layout import LAYOUTS
from .table.groups import joined, without_table
from .table.numbers import settled
from .table.several import tagged
from .table.spelling import spelled
from .table.table import open_table, split_of, tables_in

SHORT = 16  # hex digits of a digest by which what was learnt from is known again
_SHOWN = 10


def unseen(
    data: str | Path,
    *,
    modality: str,
    kind: str,
    labels: tuple[str, ...],
    learnt: Collection[str] = (),
    options: ReadOptions = ReadOptions(),
    ways: Collection[Pixels] = (PLAIN,),
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Task:
    """Read examples to judge a run on.

    Args:
        data: as for `read.read`.
        modality: what the run reads, a reader's name.
        kind: the run's.
        labels: the classes the run knows; of numbers what they are called, alone.
        learnt: the first `SHORT` hex digits of the digests of what the run has learnt from.
        options: how the data is read.
        ways: how runs read pictures, by which they call what they have learnt from. The task's own are read plainly.
        columns: what the run's own table called them; looked for first where they are not named.
        progress: called with (done, total) examples looked at.

    Raises:
        DataError: nothing there, labels that the run does not know, or nothing is left to judge.
        UsageError: an option that says nothing of such data, or that the run has settled.
    """
    given, ours, of = absolute(data), reader(modality), kind_of(kind)
    path = _inside(given)
    _refuse_own(options, kind)
    options = replace(options, kind=None, blank=options.blank or (columns or {}).get("blank"))
    table = open_table(path, options)
    refuse_idle(path, table, ours.SHAPE, replace(options, blank=None))
    options, groups = without_table(options, path, table)
    shape = _shape(ours.SHAPE.known(columns or {}), kind, labels, options.text, options.label)
    if of.classes and not options.label and table is not None and set(labels) <= set(table.columns):
        shape = replace(shape, flags=labels)
    found, rule = _held_out(_found(path, table, shape, options, labels), shape)
    found = joined(found, groups, path, shape) if groups else found
    if found.labels and (missing := set(labels) - set(found.labels)):
        raise DataError(
            f"{path.name}: the columns {', '.join(found.labels)} say nothing of {', '.join(in_order(missing))}, which "
            f"the run gives too. Name a column of 0 and 1 for each of its labels: {','.join(labels)}."
        )
    found = spelled(tagged(found, kind, path, known=labels), kind, labels)
    found = settled(found, kind, table is not None, path)
    if of.classes:
        _check_known(found, labels, of, path, shape)
    cleaned = ours.clean(found, path if path.is_dir() else path.parent, progress, options, pixels=PLAIN)
    aside = found.set_aside + tuple(SetAside(str(r.path), "no_label", "It has no label.") for r in found.loose)
    known_again = {k.digest for k in cleaned.kept if any(way.name(k.digest)[:SHORT] in learnt for way in ways)}
    old = [k for k in cleaned.kept if k.digest in known_again]
    aside += cleaned.set_aside
    aside += tuple(SetAside(str(k.record.path), "learnt", f"The run has learnt from this {shape.noun}.") for k in old)
    kept = [k for k in cleaned.kept if k.digest not in known_again]
    if not kept:
        tally = ", ".join(f"{n} {reason}" for reason, n in Counter(s.reason for s in aside).most_common())
        raise DataError(
            f"{path.name} holds no {shape.noun} to judge" + (f" after setting aside {tally}" if tally else "") + ". "
            f"Give labelled {shape.nouns} that the run has not learnt from."
        )
    answers = [of.read(k.record.cell, labels) for k in cleaned.kept]
    judged = np.array([k.digest not in known_again for k in cleaned.kept])
    examples = examples_of(cleaned.kept, answers, together(cleaned, of.merged), judged)
    return Task(
        name=given.stem if given.is_file() else given.name,
        labels=labels,
        train=(),
        valid=(),
        test=Sealed(examples, of.counts([e.answer for e in examples], len(labels))),
        set_aside=aside,
        warnings=found.warnings + cleaned.warnings,
        notes=tuple(n for n in found.notes + cleaned.notes if "sides of the split" not in n),  # nothing is split here
        split_rule=rule if path == given else f"Only {path.name} of {given.name}/ is judged.",
        fingerprint=runtime.digest(sorted((k.digest, k.record.label) for k in kept)),
        modality=modality,
        kind=kind,
    )


def _refuse_own(options: ReadOptions, kind: str) -> None:
    """Refuse what the run has settled when it learnt."""
    if options.kind not in (None, kind):
        raise UsageError(f"--kind {options.kind} was given, but the run's kind is {kind}. Leave it out.")
    if options.crop:
        raise UsageError(f"--crop {options.crop} was given, but a run crops pictures as it learnt to. Leave it out.")


def _inside(path: Path) -> Path:
    """The held-out folder or table in a folder that holds splits, but no train; else the path itself."""
    folders = [p for p in sorted(path.iterdir()) if p.is_dir() and not p.name.startswith(".")] if path.is_dir() else []
    parts = roles([p.name for p in folders])
    named = {parts.get(p.name): p for p in folders} | {split_of(p): p for p in tables_in(path)}
    held_out = named.get("test") or named.get("valid")
    return path if {None, "train"} & named.keys() or held_out is None else held_out


def _found(path: Path, table: Table | None, shape: Shape, options: ReadOptions, labels: tuple[str, ...]) -> Found:
    """As `found_in`; of folders that can be read in two ways the one that gives the run's own classes."""
    try:
        return found_in(path, table, shape, options)
    except DataError:
        for layout in LAYOUTS if table is None and path.is_dir() else ():
            with suppress(DataError):
                found = found_in(path, table, shape, replace(options, layout=layout))
                if found.records and {r.label for r in found.records} <= set(labels):
                    return found
        raise


def _shape(shape: Shape, kind: str, labels: tuple[str, ...], text: str | None, label: str | None) -> Shape:
    shape = shape.reading(text).columns_of(kind, label)
    return replace(shape, labels=(*labels, *shape.labels)) if not kind_of(kind).classes and not label else shape


def _held_out(found: Found, shape: Shape) -> tuple[Found, str]:
    """The part that is judged: the one given as test, else as validation, else all; and what to say of it."""
    given = {r.split for r in found.records}
    part = next((name for name in ("test", "valid") if name in given), None)
    if part is None:
        return found, ""
    chosen = tuple(r for r in found.records if r.split == part)
    loose = tuple(r for r in found.loose if r.split == part)
    others = len(found.records) - len(chosen)
    rule = f"Only the {len(chosen):,} {shape.nouns} given as {part} are judged, not the {others:,} others."
    return replace(found, records=chosen, loose=loose), rule if others else ""


def _check_known(found: Found, labels: tuple[str, ...], kind: Kind, path: Path, shape: Shape) -> None:
    counts = Counter(name for r in found.records for name in kind.named(r.cell))
    if alien := in_order(counts.keys() - set(labels)):
        odd = ", ".join(f"'{name}' ({counts[name]})" for name in alien[:_SHOWN])
        known = ", ".join(f"'{name}'" for name in labels[:_SHOWN])
        raise DataError(
            f"{path.name} has {shape.nouns} of classes that the run does not know: {_more(odd, alien)}. Allowed: "
            f"{_more(known, labels)}. Rename these labels, or take these {shape.nouns} out."
        )


def _more(shown: str, names: Collection[str]) -> str:
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
