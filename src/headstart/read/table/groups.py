"""A table beside the data that says which examples belong together: `--group groups.csv`, of files and their groups.

In: what `group` names, and records that were found. Out: the same records with their groups. Which column names the
files is seen from its cells: as paths (from the table's own folder, the data's or the working folder), else as the
names of files, with a suffix or without.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...errors import DataError, UsageError
from .._options import ReadOptions
from .._record import Found, Shape, label_text
from .._table import Table
from .formats import SUFFIXES
from .table import open_table

_Key = Callable[[str], str]  # a cell → what a file is known by


def without_table(options: ReadOptions, data: Path, table: Table | None) -> tuple[ReadOptions, Table | None]:
    """The options without a group that names a table of files and groups, and that table; None where it is a column.

    Raises:
        UsageError: it is called like a table, and there is none.
        DataError: the table cannot be read.
    """
    name = options.group
    if name is None or Path(name).suffix.lower() not in SUFFIXES or (table and name in table.columns):
        return options, None
    places = [Path.cwd(), data if data.is_dir() else data.parent, data.parent]
    file = next((place / name for place in places if (place / name).is_file()), None)
    if file is None:
        raise UsageError(
            f"{places[0] / name}, which was given to group by, does not exist, nor does it beside the data in "
            f"{places[1]}. Give a table with a column of files and a column of their groups."
        )
    return replace(options, group=None), open_table(file)


def joined(found: Found, groups: Table, data: Path, shape: Shape) -> Found:
    """The records with the groups that the table gives their files.

    Raises:
        DataError: it names none of the files, names one in two groups, or it is not clear which column holds groups.
    """
    paths = [r.path for r in found.records]
    if not paths:
        return found
    root = data if data.is_dir() else data.parent
    known, column = _files(groups, paths, (groups.folder, root, Path.cwd()), shape)
    of: dict[str, str] = {}
    by = _group_column(groups, column)
    for where, row, _ in groups.rows:
        file, group = known(str(row.get(column) or "")), label_text(row.get(by))
        if file and group and of.setdefault(file, group) != group:
            raise DataError(
                f"{where}: {file} is of group '{group}' here and of '{of[file]}' before. Correct the table."
            )
    records = tuple(replace(r, group=of.get(str(r.path))) for r in found.records)
    alone = [str(r.path) for r in records if r.group is None]
    said = (f"{groups.name} names no group for {len(alone)} of {len(records)} {shape.nouns}, such as {alone[0]}: each "
            "of these stands alone.",) if alone else ()  # fmt: skip
    counted = f"{groups.name}: {len(set(of.values()))} groups of {len(records) - len(alone)} {shape.nouns} kept whole."
    settled = ("both sides of the split", f" {groups.name} beside them is not read")
    notes = [note for note in found.notes if not any(part in note for part in settled)]
    return replace(
        found,
        records=records,
        notes=(*notes, counted),
        warnings=(*found.warnings, *said),
    )


def _files(
    groups: Table, paths: Sequence[Path], roots: Sequence[Path], shape: Shape
) -> tuple[Callable[[str], str | None], str]:
    """How a cell names a file of the data, and the column whose cells do so most often."""
    ways: list[tuple[_Key, dict[str, str], float]] = [  # the last: how many must be named to believe it
        *((lambda cell, root=root: os.path.normpath(root / cell), _unique(paths, str), 1) for root in roots),
        (lambda cell: Path(cell).name, _unique(paths, lambda p: p.name), 1),
        (lambda cell: Path(cell).stem, _unique(paths, lambda p: p.stem), len(paths) / 2),  # "7" may be a group too
    ]
    cells = {c: [str(row.get(c) or "") for _, row, _ in groups.rows] for c in groups.columns}
    for key, files, least in ways:
        hits = {c: len({key(cell) for cell in named if cell} & files.keys()) for c, named in cells.items()}
        if hits and max(hits.values()) >= least:
            return partial(_file, key, files), max(hits, key=lambda c: hits[c])
    first = next((row for _, row, _ in groups.rows), {})
    raise DataError(
        f"{groups.name} names none of the {len(paths)} {shape.nouns}: its first row is {dict(first)}, the first "
        f"{shape.noun} is {paths[0]}. Give a column of their paths (from {groups.folder}) or file names, and a column "
        "of groups."
    )


def _file(key: _Key, files: dict[str, str], cell: str) -> str | None:
    return files.get(key(cell))


def _unique(paths: Sequence[Path], key: Callable[[Path], str]) -> dict[str, str]:
    """Key → path, of keys that only one path has."""
    count = Counter(map(key, set(paths)))
    return {key(p): str(p) for p in paths if count[key(p)] == 1}


def _group_column(groups: Table, files: str) -> str:
    """The column called group, or the only other one."""
    others = [c for c in groups.columns if c != files]
    named = [c for c in others if c.strip().casefold() == "group"]
    if len(named or others) != 1:
        raise DataError(
            f"{groups.name} has the columns {', '.join(groups.columns)}; '{files}' names the files, but which of the "
            "others holds the groups? Call it group, or leave the others out."
        )
    return (named or others)[0]
