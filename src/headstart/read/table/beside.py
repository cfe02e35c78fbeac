"""Tables that lie among what they speak of: one in each split's folder, or one that names pictures in folders below.

In: a folder. Out: one table with names of files relative to that folder, and the split that a folder's name says. A
table `metadata` is always meant (as for imagefolder of Hugging Face `datasets`); another one only where the folders of
the pictures it names are no classes themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import DataError
from .._options import ReadOptions
from .._reader import shapes
from .._record import LABELS, NUMBERS, Shape
from .._roles import SPLITS, plain, roles
from .._table import Row, Table
from ..folder.walk import any_of, files, loose, subfolders
from .columns import find
from .together import spelled_alike, without_answers
from .whereabouts import Whereabouts, whereabouts

_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_DEEP = 3  # levels below the data's own folder that are looked into
_MANY = 100  # tables: more are no tables of examples, but say something of each


@dataclass(frozen=True)
class _Beside:
    """A table, in which folder it lies, and its column of files ("" where it has none)."""

    table: Table
    folder: Path
    column: str
    labelled: bool


def beside(root: Path, options: ReadOptions, open_file: Callable[[Path], Table]) -> Table | None:
    """The tables in or below a folder as one; None where there are none, or folders are the classes."""
    tables, said = without_answers(_tables(root))
    found = [b for path in tables if (b := _read(path, options, open_file))]
    naming = [b for b in found if b.column]
    if not naming:
        return _without_files(root, found)
    named = [name for b in naming for name in _folders(b)]
    classes = not all(plain(name) or name in roles({*named, "train", "test"}) for name in named)
    there = files(root, lambda path: any(shape.wanted(path) for shape in _of_files()))
    classes = classes and len({path.parent for path in there}) > 1
    if classes and not any(b.labelled and b.table.name.startswith("metadata.") for b in naming):
        return None
    table = _one(root, naming)
    known = {root / str(row.get(b.column)) for b in naming for _, row, _ in table.rows}
    others = sum(path not in known for path in there)
    nouns = " or ".join(shape.nouns for shape in _of_files())
    unnamed = (f"{others} {nouns} below {root.name}/ are named in no table, and left out.",) if others else ()
    return replace(table, notes=(*table.notes, *said, *unnamed))


def _of_files() -> list[Shape]:
    """Of examples that are files, which a table may name."""
    return [shape for shape in shapes() if shape.files]


def _without_files(root: Path, found: Sequence[_Beside]) -> Table | None:
    """Tables that hold their examples, one or more in each split's folder, or all in one folder."""
    folders = {b.folder for b in found}
    if not folders or root in folders or any(any_of(root, shape.wanted) for shape in shapes()):
        return None
    return _one(root, found) if len(folders) == 1 or len(_splits(root, folders)) == len(folders) else None


def _one(root: Path, tables: Sequence[_Beside]) -> Table:
    """All rows, each with the split that its table's folder or name says, or the folder of its picture."""
    by_folder = _splits(root, {b.folder for b in tables})
    by_name = roles([_stem(b) for b in tables])
    own = any(c.strip().casefold() == "split" for b in tables for c in b.table.columns)
    alike = spelled_alike([row for _, row, _ in b.table.rows] for b in tables)
    rows: list[tuple[str, Row, str | None]] = []
    for b, same in zip(tables, alike, strict=True):
        at = b.folder.relative_to(root)
        of_table = by_folder.get(b.folder) or by_name.get(_stem(b))
        by_picture = roles({_first(row, b.column) for _, row, _ in b.table.rows})
        for (where, row, said), called in zip(b.table.rows, same, strict=True):
            split = said or of_table or by_picture.get(_first(row, b.column))
            known = split if split in SPLITS and not own else None
            rows.append((str(at / where), _moved(called, _alike(b.column, called), at), known))
    named = ", ".join(str(b.folder.relative_to(root) / b.table.name) for b in tables[:3])
    more = f" and {len(tables) - 3} more" if tables[3:] else ""
    note = f"What {root.name}/ holds is read from {named}{more}, not from the names of folders."
    notes = tuple(n for b in tables for n in b.table.notes)
    return replace(tables[0].table, name=f"{root.name}/", folder=root, rows=tuple(rows), notes=(note, *notes))


def _stem(b: _Beside) -> str:
    return b.table.name.split(".")[0].split("-")[0]


def _alike(column: str, row: Row) -> str:
    """What a column is called in a row of the whole."""
    return next((c for c in row if c.strip().casefold() == column.strip().casefold()), column)


def _first(row: Row, column: str) -> str:
    """The first folder of a picture's name, or the name."""
    return next(iter(Path(str(row.get(column) or "")).parts), "")


def _tables(root: Path) -> list[Path]:
    """The tables in the root and below, those called `metadata` alone where a folder has them; none where too many."""
    found: list[Path] = []
    level = [root]
    for _ in range(_DEEP + 1):
        for folder in level:
            here = loose(folder, lambda p: p.suffix.lower() in _SUFFIXES and p.name != "journal.jsonl")
            found += [p for p in here if p.stem == "metadata"] or here
        level = [sub for folder in level for sub in subfolders(folder)]
    return found if len(found) <= _MANY else []


def _read(path: Path, options: ReadOptions, open_file: Callable[[Path], Table]) -> _Beside | None:
    """The table, with its names of pictures relative to its own folder; None where it cannot be read."""
    folder = path.parent
    try:
        table = open_file(path)
    except DataError:
        return None
    column, place = _naming(table)
    labels = [c.strip() for c in options.label.split(",")] if options.label else (*LABELS, *NUMBERS)
    labelled = any(find(table.columns, label) for label in labels)
    if place is None:
        return _Beside(table, folder, "", labelled)
    if not _there(place, folder):
        return None
    at = place.folder.relative_to(folder)
    rows = tuple((where, _moved(place.renamed(row, column), column, at), split) for where, row, split in table.rows)
    return _Beside(replace(table, rows=rows, notes=(*table.notes, *place.said(table.name))), folder, column, labelled)


def _naming(table: Table) -> tuple[str, Whereabouts | None]:
    """The column that names pictures, by its own name, by its cells, or as a key after which files are called."""
    usual = [c for shape in _of_files() for name in shape.columns for c in find(table.columns, name)]
    holding = [c for shape in _of_files() for c in table.columns if shape.holds(table, c)]
    for column in (*usual, *holding)[:1]:
        return column, whereabouts(table.folder, [row.get(column) for _, row, _ in table.rows])
    for column in find(table.columns, "id"):
        cells = [row.get(column) for _, row, _ in table.rows]
        if _there(place := whereabouts(table.folder, cells), table.folder):
            return column, place
    return "", None


def _there(place: Whereabouts, folder: Path) -> bool:
    """Whether most of the files are there, in or below the folder."""
    return 2 * len(place.missing) <= place.named > 0 and place.folder.is_relative_to(folder)


def _moved(row: Row, column: str, at: Path) -> Row:
    name = row.get(column)
    return {**row, column: str(at / name.strip())} if isinstance(name, str) and name.strip() and at.parts else row


def _folders(b: _Beside) -> set[str]:
    """The names of all folders, below the table's, in which its pictures lie."""
    names = {str(row.get(b.column)) for _, row, _ in b.table.rows if row.get(b.column)}
    return {part for name in names for part in Path(name).parts[:-1]}


def _splits(root: Path, folders: set[Path]) -> dict[Path, str]:
    """The split that a folder's name, or that of one above it, says."""
    named = roles({part for folder in folders for part in folder.relative_to(root).parts})
    found = {f: [named[p] for p in f.relative_to(root).parts if named.get(p) in SPLITS] for f in folders}
    return {folder: parts[-1] for folder, parts in found.items() if parts}
