"""A table of examples and their labels: a file, a folder of files named as splits, or one that `datasets` saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...errors import DataError
from .._options import ReadOptions
from .._roles import split_name
from .._table import Table
from ..folder.walk import loose, subfolders
from .beside import beside
from .formats import file_rows, is_saved, saved_rows, suffix_of
from .together import spelled_alike

RECORDS = ("journal.jsonl", "run.json", "ranking.json")  # of a fit, in its own folder


def open_table(path: Path, options: ReadOptions = ReadOptions(), *, alone: bool = True) -> Table | None:
    """A table file; a folder saved by `datasets`, with tables named as splits, or (`alone`) with one; else None.

    Raises:
        DataError: a file cannot be parsed, a saved data set has a split with an unknown name, or a folder has several
            tables and nothing else.
    """
    if path.is_file():
        return _file(path, options) if suffix_of(path) else None
    if is_saved(path):
        return Table(f"{path.name}/", path, tuple(saved_rows(path)))
    if options.layout and subfolders(path):  # a layout is of folders: these are meant
        return None
    tables = tables_in(path)
    named = {p: s for p in tables if (s := split_of(p))}
    opened = partial(_file, options=options)
    if "train" not in named.values():
        return (_alone(path, tables, options) or beside(path, options, opened)) if alone else None
    if subfolders(path) and (table := beside(path, options, opened)):
        return table
    files = {p: opened(p) for p in named}
    alike = spelled_alike([row for _, row, _ in file.rows] for file in files.values())
    rows = [
        (where, row, named[p])
        for (p, file), same in zip(files.items(), alike, strict=True)
        for (where, _, _), row in zip(file.rows, same, strict=True)
    ]
    others = [p.name for p in tables if p not in named]
    warnings = (f"{', '.join(others)} beside the splits of {path.name}/ is left out.",) if others else ()
    return Table(f"{path.name}/", path, tuple(rows), warnings, tuple(n for file in files.values() for n in file.notes))


def split_of(path: Path) -> str | None:
    """The split that a table's name says, as "train-00000-of-00001.parquet" does."""
    return split_name(path.name.split(".")[0].split("-")[0])


def tables_in(folder: Path) -> list[Path]:
    """The tables in a folder; a .json (settings are kept so too) only if named as a split, or all there is."""
    found = loose(folder, lambda p: bool(suffix_of(p)) and p.name not in RECORDS)
    sure = [p for p in found if suffix_of(p) != ".json" or split_of(p)]
    return sure or found


def _alone(folder: Path, tables: list[Path], options: ReadOptions) -> Table | None:
    """The one table of a folder that has no folder inside, which might hold a class."""
    if not tables or subfolders(folder):
        return None
    if len(tables) > 1:
        raise DataError(
            f"{folder.name}/ holds {len(tables)} tables ({', '.join(p.name for p in tables[:4])}"
            f"{', …' if tables[4:] else ''}) and no class folders. Give one of them, or name them train, valid, test."
        )
    return _file(tables[0], options)


def _file(path: Path, options: ReadOptions) -> Table:
    found = file_rows(path, options)
    numbered = tuple((f"{path.name}:{number}", row, None) for number, row in enumerate(found.rows, 1))
    return Table(path.name, path.parent, numbered, notes=found.notes)
