"""A table of examples and their labels: a file, a folder of files named as splits, or one that `datasets` saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from ._delimited import Row
from ._formats import SUFFIXES, file_rows, is_saved, saved_rows
from ._options import ReadOptions
from ._record import split_name
from ._walk import loose, subfolders

COLUMNS = "with a column image or text, and a column label"


@dataclass(frozen=True)
class Table:
    """Rows with the split that their file or part is named after, if it is."""

    name: str
    folder: Path  # to which cells that name files are relative
    rows: tuple[tuple[str, Row, str | None], ...]  # where it stands ("train.csv:12"), row, split
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what was guessed of its form

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the first row."""
        return tuple(c for c in self.rows[0][1] if isinstance(c, str)) if self.rows else ()


def open_table(path: Path, options: ReadOptions = ReadOptions(), *, alone: bool = True) -> Table | None:
    """A table file; a folder saved by `datasets`, with tables named as splits, or (`alone`) with one; else None.

    Raises:
        DataError: a file cannot be parsed, a saved data set has a split with an unknown name, or a folder has several
            tables and nothing else.
    """
    if path.is_file():
        return _file(path, options) if path.suffix.lower() in SUFFIXES else None
    if is_saved(path):
        return Table(f"{path.name}/", path, tuple(saved_rows(path)))
    tables = [p for p in loose(path, lambda p: p.suffix.lower() in SUFFIXES) if p.name != "journal.jsonl"]
    named = {p: s for p in tables if (s := split_name(p.stem.split("-")[0]))}  # train-00000-of-00001.parquet
    if "train" not in named.values():
        return _alone(path, tables, options) if alone else None
    rows = [(where, row, split) for p, split in named.items() for where, row, _ in _file(p, options).rows]
    others = [p.name for p in tables if p not in named]
    warnings = (f"{', '.join(others)} beside the splits of {path.name}/ is left out.",) if others else ()
    return Table(f"{path.name}/", path, tuple(rows), warnings)


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
    rows, warnings = file_rows(path, options)
    numbered = tuple((f"{path.name}:{number}", row, None) for number, row in enumerate(rows, 1))
    return Table(path.name, path.parent, numbered, warnings)
