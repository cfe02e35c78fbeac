"""Examples that were found → a `Task`: cleaned, split, the test sealed. Common to all modalities.

In: a path, the table it holds or none, the shape of the examples and their way of cleaning. Out: a frozen `Task`. Knows
no pixel and no word; suspect labels other than those of twins are for later stages.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import runtime
from ..errors import DataError, UsageError
from ..kind import Kind, kind_of
from ..kind.regression import number
from ..types import Example, IntArray, Sealed, Task
from ._clean import Clean, Cleaning, Kept
from ._near import components
from ._options import ReadOptions
from ._reader import usual_columns
from ._record import Found, Record, Shape, in_order
from ._split import SHARES, TEST, VALID, VALID_OF_TRAIN, assign
from ._table import Table
from ._unlabelled import remark, unlabelled
from .folder.folder import read_folder
from .table.formats import SUFFIXES
from .table.groups import joined, without_table
from .table.numbers import settled
from .table.rows import records
from .table.several import settle_several, tagged
from .table.spelling import spelled
from .table.table import open_table, tables_in

_SMALL_TEST = 50
_SMALL_CLASS = 10
_IMBALANCE = 10
_REMEDIES = (
    dict.fromkeys((".xlsx", ".xls", ".ods"), " (save the sheet as CSV)")
    | dict.fromkeys((".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"), " (unpack it)")
    | dict.fromkeys((".feather", ".arrow", ".orc", ".h5", ".pkl", ".npy", ".npz"), " (save it as Parquet or CSV)")
    | dict.fromkeys((".txt", ".dat", ""), " (is it one? Then call it .tsv or .csv)")
)
_PARTS = {"train": "train", "valid": "validation", "test": "test"}
Watch = Callable[[int, int], None]  # (done, of)


def absolute(data: str | Path) -> Path:
    """The path as an absolute one, links as they are."""
    return Path(os.path.abspath(Path(data).expanduser()))


def make(
    data: str | Path,
    shape: Shape,
    clean: Cleaning,
    options: ReadOptions = ReadOptions(),
    *,
    name: str | None = None,
    seed: int = 0,
    progress: Watch | None = None,
    table: Table | None = None,
) -> Task:
    """The task that a path holds; arguments and errors as for `read.read`; `table`, if the path is opened."""
    path = absolute(data)
    table = table or open_table(path, options)
    shape = shape.columns_of(options.kind, options.label)
    asked, (options, beside) = options, without_table(options, path, table)
    found = found_in(path, table, shape, options)
    found = joined(found, beside, path, shape) if beside else found
    found, rule = _given_splits(found, path, shape)
    found = settled(spelled(tagged(found, options.kind, path), options.kind), options.kind, table is not None, path)
    kind = kind_of(found.kind)
    named = found.labels or {c for r in found.records for c in kind.named(r.cell)}
    labels = in_order(named) if kind.classes else (found.column,)
    if kind.classes:
        _check(_counts(found.records, labels, kind), len(found.records), path, shape, "")
    root = path if path.is_dir() else path.parent
    cleaned = clean(found, root, progress, options)
    torn = settle_several(cleaned, found, options.kind, path, shape)
    aside = found.set_aside + cleaned.set_aside
    why = f" after setting aside {len(aside)} ({_tally(s.reason for s in aside)})" if aside else ""
    if kind.classes:
        _check(_counts([k.record for k in cleaned.kept], labels, kind), len(cleaned.kept), path, shape, why)
    _check_given(found, cleaned.kept, path, shape, why)
    if kind.classes:
        _check_train(cleaned.kept, kind, path, shape)
    answers = [kind.read(k.record.cell, labels) for k in cleaned.kept]
    split, groups = _split(cleaned, kind.strata(kind.targets(answers, len(labels))), kind.merged, seed)
    parts = [examples_of(cleaned.kept, answers, groups, split == s) for s in range(3)]
    _check_parts([len(part) for part in parts], path, shape, rule, why)
    loose, left_out = unlabelled(found.loose, cleaned.kept, split, clean, root, options)
    return Task(
        name=name or (path.stem if path.is_file() else path.name),
        labels=labels,
        train=parts[0],
        valid=parts[VALID],
        test=Sealed(parts[TEST], kind.counts([e.answer for e in parts[TEST]], len(labels))),
        set_aside=aside + left_out,
        notes=found.notes + _joined(cleaned, groups, shape) + cleaned.notes + torn,
        columns=found.columns,
        pixels=cleaned.pixels,
        warnings=found.warnings
        + cleaned.warnings
        + _straddling(cleaned, split)
        + remark(len(loose), shape)
        + (_of_classes(cleaned.kept, labels, split, shape, kind) if kind.classes else ())
        + _small(split, shape),
        split_rule=_rule(
            rule,
            seed,
            asked.group,
            groups,
            kind.stratified(found.column),
        ),
        fingerprint=runtime.digest(
            sorted((k.digest, k.record.label, int(s)) for k, s in zip(cleaned.kept, split, strict=True))
            + sorted((e.digest, "", -1) for e in loose),
            *([] if found.kind == "classification" else [found.kind, labels] if kind.classes else [found.kind]),
        ),
        modality=shape.modality,
        kind=found.kind,
        unlabelled=loose,
    )


def found_in(path: Path, table: Table | None, shape: Shape, options: ReadOptions = ReadOptions()) -> Found:
    """All records of a path; errors as for `read.read`."""
    if table is not None:
        return records(table, shape, options)
    if path.is_dir():
        if options.group is not None:
            raise UsageError(
                f"'{options.group}' was given to group by, but {path.name}/ is a folder of class folders and has no "
                f"columns. Pass a table with {shape.columns[0]}, {shape.labels[0]} and {options.group} columns, or "
                "group by a table of files and groups: `--group groups.csv`."
            )
        return read_folder(path, shape, options, tables_in(path))
    state = "is no table that can be read" if path.exists() else "does not exist"
    state += _REMEDIES.get(path.suffix.lower(), "") if path.exists() else ""
    raise DataError(
        f"{path} {state}. Allowed: a folder of class folders, a table ({', '.join(SUFFIXES)}) {usual_columns()}, "
        "or a folder saved by Hugging Face datasets. Check the path."
    )


def _given_splits(found: Found, path: Path, shape: Shape) -> tuple[Found, str]:
    """Settle which given split is the sealed test. Returns the records so marked, and what to say of it."""
    given = {r.split for r in found.records}
    if "train" not in given and given - {None}:
        raise DataError(
            f"{path.name} gives {_and(given)} but no train {shape.nouns}. Mark those to learn from as train."
        )
    if given <= {None, "train"}:
        return _marked(found, {"train": None}), "drawn"
    if given == {"train", "valid"}:
        return _marked(found, {"valid": "test"}), "train and val as given: val is the sealed test"
    if given == {"train", "test"}:
        return found, "train and test as given: test is sealed"
    return found, "train, valid and test as given"


def _marked(found: Found, names: dict[str, str | None]) -> Found:
    def mark(r: Record) -> Record:
        return replace(r, split=names[r.split]) if r.split in names else r

    return replace(found, records=tuple(mark(r) for r in found.records))


def _counts(records: Sequence[Record], labels: tuple[str, ...], kind: Kind) -> Counter[str]:
    """How many of them have each label."""
    found = Counter(c for r in records for c in kind.named(r.cell))
    return Counter({label: found[label] for label in labels})


def _check(counts: Counter[str], n: int, path: Path, shape: Shape, why: str) -> None:
    """There are two classes or more, each of two examples or more."""
    shown = f"{path.name}/" if path.is_dir() else path.name
    if n and not counts:
        raise DataError(f"{shown}: no {shape.noun} has a label, every list is empty{why}. Give labels to learn from.")
    if not n:
        raise DataError(f"{shown} holds no {shape.nouns}{why}. {shape.how}")
    if few := [label for label in in_order(counts) if counts[label] < 2]:
        named = ", ".join(f"'{label}' ({counts[label]})" for label in few[:10])
        raise DataError(
            f"{shown} has classes with fewer than 2 {shape.nouns}{why}: {named}. Each class needs 2 or more, better "
            f"20. Add {shape.nouns}, or take the class out."
            + (" If these are numbers to predict, pass --kind regression." if all(map(_numeric, counts)) else "")
        )
    if len(counts) == 1:
        raise DataError(f"{shown} holds one class ('{next(iter(counts))}'); fit needs two or more. {shape.how}")


def _numeric(label: str) -> bool:
    return number(label) is not None


def _check_train(kept: tuple[Kept, ...], kind: Kind, path: Path, shape: Shape) -> None:
    known = {c for k in kept if k.record.split in (None, "train") for c in kind.named(k.record.cell)}
    for split in ("valid", "test"):
        if alien := {c for k in kept if k.record.split == split for c in kind.named(k.record.cell)} - known:
            named = ", ".join(f"'{label}'" for label in in_order(alien))
            raise DataError(
                f"{path.name}: the held-out {shape.nouns} have classes that train lacks: {named}. A model learns only "
                f"what train shows; add {shape.nouns} of these classes to train, or take them out."
            )


def _check_given(found: Found, kept: tuple[Kept, ...], path: Path, shape: Shape, why: str) -> None:
    """Every split that was given still has an example after cleaning."""
    for split in in_order(Counter(r.split for r in found.records if r.split)):
        if all(k.record.split != split for k in kept):
            given = sum(r.split == split for r in found.records)
            other = ", or leave validation out to have it drawn from train" if split == "valid" else ""
            raise DataError(
                f"{path.name}: of the {given} {shape.nouns} given as {_PARTS[split]}, none can be used{why}. Every "
                f"given split needs at least one {shape.noun}. Repair or replace them{other}.{_keep(why)}"
            )


def _check_parts(sizes: list[int], path: Path, shape: Shape, rule: str, why: str) -> None:
    """There is something to learn from, to choose by and to judge on."""
    if all(sizes):
        return
    counts = ", ".join(f"{n} {part}" for n, part in zip(sizes, _PARTS.values(), strict=True))
    where, needed = ("", f"3 {shape.nouns}") if rule == "drawn" else (" of train", f"2 {shape.nouns}")
    raise DataError(
        f"{path.name} has too few {shape.nouns} to split{why}: {counts}. Each of the three needs at least one. Give "
        f"every class{where} {needed} or more that are not near-duplicates or of one group, better 20."
        f"{_keep(why)}"
    )


def _keep(why: str) -> str:
    """What to do where near-duplicates were set aside."""
    return " If near-duplicates are different examples, pass --duplicates keep." if "near_duplicate" in why else ""


def _split(cleaned: Clean, y: IntArray, merged: Callable[..., Any], seed: int) -> tuple[IntArray, IntArray]:
    """The split [n] and the group number [n] of every example that stays, stratified by y [n] or [n k]."""
    kept = cleaned.kept
    given = [k.record.split for k in kept]
    groups = together(cleaned, merged)
    if None in given:
        return assign(y, [k.digest for k in kept], groups, seed=seed, shares=SHARES), groups
    split = np.array([("train", "valid", "test").index(s or "train") for s in given], np.int64)
    if "valid" not in given:
        rest = np.flatnonzero(split != TEST)
        split[rest] = assign(y[rest], [kept[i].digest for i in rest], groups[rest], seed=seed, shares=VALID_OF_TRAIN)
    return split, groups


def together(cleaned: Clean, merged: Callable[..., Any]) -> IntArray:
    """One number for all that must stay together: the given group, and near-duplicates [n].

    Of two given groups, near-duplicates whose labels contradict each other join none: such scans only look alike.
    """
    first: dict[str, int] = {}
    records = [k.record for k in cleaned.kept]
    named = [(i, first.setdefault(g, i)) for i, r in enumerate(records) if (g := r.group) is not None]

    def apart(a: Record, b: Record) -> bool:
        return None not in (a.group, b.group) and a.group != b.group and merged([a.cell, b.cell]) is None

    alike = [(i, j) for i, j in cleaned.pairs.tolist() if not apart(records[i], records[j])]
    edges = np.array([*alike, *named], np.int64).reshape(-1, 2)
    return components(edges, len(cleaned.kept))


def _joined(cleaned: Clean, groups: IntArray, shape: Shape) -> tuple[str, ...]:
    """What is said where near-duplicates make one group of several given ones."""
    pairs = {(k.record.group, g) for k, g in zip(cleaned.kept, groups.tolist(), strict=True)}
    given = [(name, g) for name, g in pairs if name is not None]
    left = len({g for _, g in given})
    if left == len(given):
        return ()
    return (
        f"Near-duplicates in different groups join the {len(given)} given groups to {left}. If such {shape.nouns} only "
        "look alike, --duplicates keep leaves the groups as they were given.",
    )


def examples_of(
    kept: tuple[Kept, ...], answers: Sequence[Any], groups: IntArray, mask: np.ndarray
) -> tuple[Example, ...]:
    """Each with its group: the first one's, or, where near-duplicates have no name, the first one's digest."""
    sizes = np.bincount(groups)
    first = {int(g): kept[i] for g, i in zip(*np.unique(groups, return_index=True), strict=True)}
    named = [(first[g].record.group or first[g].digest) if sizes[g] > 1 else None for g in groups.tolist()]
    rows = zip(kept, answers, named, mask, strict=True)
    return tuple(example(k, answer, name) for k, answer, name, chosen in rows if chosen)


def example(kept: Kept, answer: Any, group: str | None = None) -> Example:  # noqa: ANN401 - in the form of its kind
    """With its answer; the record's group where no other is given."""
    r = kept.record
    return Example(str(r.path), kept.digest, r.content, answer, group or r.group, r.pixels)


def _rule(given: str, seed: int, group: str | None, groups: IntArray, by: str) -> str:
    """One sentence for the report."""
    together = f", '{group}' groups kept whole" if group else ""
    if len(np.unique(groups)) < len(groups):
        together += ", near-duplicates kept together"
    if given == "drawn":
        parts = " / ".join(f"{round(100 * s)} %" for s in SHARES)
        return f"Drawn by chance, {parts} train / valid / sealed test, stratified by {by}{together} (seed {seed})."
    if given.startswith("train, valid"):
        return given[0].upper() + given[1:] + "; test is sealed."
    return (
        f"{given[0].upper()}{given[1:]}; valid is {VALID_OF_TRAIN[1]:.0%} of train, stratified{together} (seed {seed})."
    )


def _straddling(cleaned: Clean, split: IntArray) -> tuple[str, ...]:
    """A warning where given splits tear given groups apart."""
    sides: dict[str, set[int]] = {}
    for k, s in zip(cleaned.kept, split.tolist(), strict=True):
        if k.record.group is not None:
            sides.setdefault(k.record.group, set()).add(s)
    torn = sorted(g for g, s in sides.items() if len(s) > 1)
    if not torn:
        return ()
    return (
        f"Groups in more than one given split: {len(torn)}, for example '{torn[0]}'; the test may be too easy. "
        "Leave the split column out to have groups kept whole.",
    )


def _small(split: IntArray, shape: Shape) -> tuple[str, ...]:
    """A warning where the sealed test is small."""
    n = int((split == TEST).sum())
    if n >= _SMALL_TEST:
        return ()
    return (f"The sealed test holds {n} {shape.nouns}; with fewer than {_SMALL_TEST} only large differences show.",)


def _of_classes(
    kept: tuple[Kept, ...], labels: tuple[str, ...], split: IntArray, shape: Shape, kind: Kind
) -> tuple[str, ...]:
    out = []
    counts = _counts([k.record for k in kept], labels, kind)
    least, most = min(labels, key=lambda c: counts[c]), max(labels, key=lambda c: counts[c])
    if counts[least] < _SMALL_CLASS:
        small = [f"'{c}' ({counts[c]})" for c in labels if counts[c] < _SMALL_CLASS]
        out.append(f"Classes of fewer than {_SMALL_CLASS} {shape.nouns}: {len(small)}, {', '.join(small[:5])}.")
    if counts[most] >= _IMBALANCE * counts[least]:
        out.append(
            f"'{most}' has {counts[most]} {shape.nouns} and '{least}' {counts[least]}; "
            f"look at macro-F1 beside {kind.measure}."
        )
    tested = _counts([k.record for k, s in zip(kept, split, strict=True) if s == TEST], labels, kind)
    if missing := sorted(label for label in labels if not tested[label]):
        out.append(f"The sealed test holds no {shape.noun} of {', '.join(repr(c) for c in missing[:5])}.")
    return tuple(out)


def _tally(reasons: object) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in Counter(reasons).most_common())  # type: ignore[call-overload]


def _and(names: set[str | None]) -> str:
    return " and ".join(sorted(n for n in names if n))
