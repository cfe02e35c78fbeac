"""A table of examples and their labels: CSV, TSV, JSON Lines, Parquet, or a folder saved by Hugging Face `datasets`.

Text tables are read with the standard library: `datasets` (and pandas) would guess types, so that the label "007"
becomes 7 and "NA" no label, and `datasets` writes an Arrow copy of the table first. Parquet and saved data sets go
through `datasets` in memory: it knows class names and pictures stored inside. Nothing is written beside the data.
Text is UTF-8 (with or without its mark), UTF-16 by its mark, else Windows-1252.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, UsageError
from ..types import SetAside
from ._options import ReadOptions
from ._record import Found, Record, Shape, label_text, split_name
from ._several import flagged, joined, listed

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_SPLITS = "train, valid (val, validation, dev) and test"
Row = Mapping[str, Any]


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


def open_table(path: Path, *, alone: bool = True) -> Table | None:
    """A table file; a folder saved by `datasets`, with tables named as splits, or (`alone`) with one; else None.

    Raises:
        DataError: a file cannot be parsed, a saved data set has a split with an unknown name, or a folder has several
            tables and nothing else.
    """
    if path.is_file():
        return _file(path) if path.suffix.lower() in SUFFIXES else None
    if _is_saved(path):
        return _saved(path)
    tables = sorted(p for p in path.glob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    named = {p: s for p in tables if (s := split_name(p.stem.split("-")[0]))}  # train-00000-of-00001.parquet
    if "train" not in named.values():
        return _alone(path, tables) if alone else None
    rows = [(where, row, split) for p, split in named.items() for where, row, _ in _file(p).rows]
    others = [p.name for p in tables if p not in named]
    warnings = (f"{', '.join(others)} beside the splits of {path.name}/ is left out.",) if others else ()
    return Table(f"{path.name}/", path, tuple(rows), warnings)


def _alone(folder: Path, tables: list[Path]) -> Table | None:
    """The one table of a folder that has no folder inside, which might hold a class."""
    if not tables or any(p.is_dir() and not p.name.startswith(".") for p in folder.iterdir()):
        return None
    if len(tables) > 1:
        raise DataError(
            f"{folder.name}/ holds {len(tables)} tables ({', '.join(p.name for p in tables[:4])}"
            f"{', …' if tables[4:] else ''}) and no class folders. Give one of them, or name them train, valid, test."
        )
    return _file(tables[0])


_NAME = "Say which it is with `--{} COLUMN`, or rename it."
_PICTURES = "Rename the column of pictures; if these are texts, say which column with `--text COLUMN`."
COLUMNS = "with a column image or text, and a column label"


def records(table: Table, shape: Shape, options: ReadOptions = ReadOptions()) -> Found:
    """Every row of a table as a record. Rows without an example are set aside by their number.

    So are those without a label, but for texts that no held-out split claims: these are `Found.loose`.

    Raises:
        DataError: a column is missing, there is no row, or a split's name is not known.
        UsageError: there is no column of that group.
    """
    name, columns, group = table.name, table.columns, options.group
    if not table.rows:
        raise DataError(f"{name} holds no rows. Give a row for each example, {COLUMNS}.")
    example, flags = _example(table, shape), shape.flags or _flags(name, columns, shape.labels)
    label = ", ".join(flags) or _column(name, columns, shape.labels, _NAME.format("label"))
    if example in (flags or (label,)):
        raise DataError(
            f"{name}: the column '{example}' was taken for both the {shape.nouns} and their labels; it has "
            f"{', '.join(columns)}. Name two of these with `--text` and `--label`."
        )
    split = next((c for c in columns if c.strip().casefold() == "split"), None)
    if group is not None and group not in columns:
        raise UsageError(f"{name} has no column '{group}' to group by; it has {', '.join(columns)}. Name one of these.")
    splits = _splits(name, [row.get(split) if split else None for _, row, _ in table.rows])
    kept: list[Record] = []
    loose: list[Record] = []
    aside = []
    for (where, row, given), said in zip(table.rows, splits, strict=True):
        cell = shape.cell(table.folder, row.get(example))
        tags = flagged(row, flags, where) if flags else listed(row.get(label), where, label, blank=shape.several)
        text = joined(tags) if tags is not None else None if flags else label_text(row.get(label))
        learns = shape.modality == "text" and (given or said) in (None, "train")
        if cell is None or (text is None and not learns):
            what = f"no_{shape.modality}" if cell is None else "no_label"
            file, _, number = where.rpartition(":")
            detail = f"Row {number} of {file} has no {shape.noun if cell is None else 'label'}."
            aside.append(SetAside(str(cell) if isinstance(cell, Path) else f"{file}, row {number}", what, detail))
            continue
        path, words = (cell, None) if isinstance(cell, Path) else (table.folder / where, cell)
        named = label_text(row.get(group)) if group else None
        found = Record(path, text or "", given or said, named, words, tags=tags)
        (loose if text is None else kept).append(found)
    return Found(tuple(kept), tuple(aside), table.warnings, label, flags, tuple(loose), table.notes)


def unlabelled(table: Table, shape: Shape) -> list[tuple[str, Path | str | None]]:
    """Where each row stands, and its example; None where there is none.

    Raises:
        DataError: there is no such column.
    """
    example = _example(table, shape) if table.rows else ""
    return [(where, shape.cell(table.folder, row.get(example))) for where, row, _ in table.rows]


def _file(path: Path) -> Table:
    suffix = path.suffix.lower()
    warnings: tuple[str, ...] = ()
    try:
        if suffix == ".parquet":
            import datasets
            import pyarrow.parquet as parquet

            rows = list(_dataset_rows(datasets.Dataset(datasets.table.InMemoryTable(parquet.read_table(path)))))
        else:
            text, sure = decoded(path.read_bytes())
            rows = _json_lines(text) if suffix in (".jsonl", ".ndjson") else _delimited(text, suffix)
            if not sure:
                warnings = (f"{path.name} is not UTF-8; it was read as Windows-1252. Look at its special characters.",)
    except (OSError, ValueError, csv.Error) as e:
        raise DataError(f"{path.name} cannot be read as a {suffix[1:]} table: {e}. Repair or re-export it.") from e
    numbered = tuple((f"{path.name}:{number}", row, None) for number, row in enumerate(rows, 1))
    return Table(path.name, path.parent, numbered, warnings)


def decoded(data: bytes) -> tuple[str, bool]:
    r"""Bytes as text, and whether their encoding is sure.

    >>> decoded("né".encode("utf-16")), decoded(b"n\xe9")
    (('né', True), ('né', False))
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), True
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), False


def _is_saved(folder: Path) -> bool:
    """Whether `datasets` saved this folder (`save_to_disk`)."""
    return (folder / "dataset_dict.json").is_file() or (
        (folder / "dataset_info.json").is_file() and (folder / "state.json").is_file()
    )


def _saved(folder: Path) -> Table:
    """A data set saved with `save_to_disk`; the names of a DatasetDict are the splits."""
    import datasets

    try:
        saved = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(f"{folder.name}/ looks saved by datasets but cannot be loaded: {e}. Save it again.") from e
    whole = not isinstance(saved, datasets.DatasetDict)
    rows: list[tuple[str, Row, str | None]] = []
    for name, part in [(folder.name, saved)] if whole else saved.items():
        split = None if whole else split_name(str(name))
        if not whole and split is None:
            raise DataError(f"{folder.name}/ has a split '{name}'; allowed: {_SPLITS}. Rename or drop it.")
        rows += [(f"{name}:{number}", row, split) for number, row in enumerate(_dataset_rows(part), 1)]
    return Table(f"{folder.name}/", folder, tuple(rows))


def _delimited(text: str, suffix: str) -> list[Row]:
    first = text.split("\n", 1)[0]
    delimiter = "\t" if suffix == ".tsv" else max(",;\t", key=first.count)
    csv.field_size_limit(2**31 - 1)  # a cell may hold a whole book
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def _json_lines(text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no JSON object")
            rows.append(row)
    return rows


def _dataset_rows(data: Any) -> Iterator[Row]:  # noqa: ANN401 - a datasets.Dataset
    """Rows with class numbers, also in lists, turned into class names, and pictures left as {"bytes", "path"}."""
    import datasets

    classes, lists = {}, {}
    for column, feature in data.features.items():
        if isinstance(feature, datasets.Image):
            data = data.cast_column(column, datasets.Image(decode=False))
        elif isinstance(feature, datasets.ClassLabel):
            classes[column] = feature.names
        elif isinstance(inner := getattr(feature, "feature", None), datasets.ClassLabel):
            lists[column] = inner.names
    for row in data:
        named = {c: _name(row[c], names) for c, names in classes.items()}
        several = {c: row[c] and [_name(v, names) for v in row[c]] for c, names in lists.items()}
        yield {**row, **named, **several}


def _name(number: int | None, names: Sequence[str]) -> str | None:
    return names[number] if number is not None and number >= 0 else None


def _example(table: Table, shape: Shape) -> str:
    """The column that holds the examples."""
    do = _NAME.format("text") if shape.modality == "text" else _PICTURES
    return _column(table.name, table.columns, shape.columns, do)


def _column(name: str, columns: Sequence[str], allowed: tuple[str, ...], do: str) -> str:
    """The first of `allowed` that a table has; `do` is what to do where it has none."""
    by_name = {c.strip().casefold(): c for c in reversed(columns)}
    for wanted in allowed:
        if (key := wanted.strip().casefold()) in by_name:
            return by_name[key]
    raise DataError(
        f"{name} has the columns {', '.join(columns) or '(none)'}, but none named {' or '.join(allowed)}. {do}"
    )


def _flags(name: str, columns: Sequence[str], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that a name with commas means, where no column has this name itself; else none.

    Raises:
        DataError: one of them is not there.
    """
    parts = [part.strip() for part in wanted[0].split(",") if part.strip()]
    if len(wanted) > 1 or len(parts) < 2 or wanted[0] in columns:
        return ()
    return tuple(dict.fromkeys(_column(name, columns, (part,), "Name columns that are there.") for part in parts))


def _splits(name: str, cells: list[object]) -> list[str | None]:
    """The split of each row; all None where the column is missing or empty."""
    texts = [label_text(cell) for cell in cells]
    if not any(texts):
        return [None] * len(texts)
    if missing := texts.count(None):
        raise DataError(
            f"{name}: {missing} of {len(texts)} rows have an empty split; allowed: {_SPLITS}. Fill them all."
        )
    out = [split_name(text or "") for text in texts]
    if unknown := Counter(text for text, split in zip(texts, out, strict=True) if split is None):
        odd, times = unknown.most_common(1)[0]
        raise DataError(f"{name}: split '{odd}' ({times} rows) is not known; allowed: {_SPLITS}. Rename it.")
    return out
