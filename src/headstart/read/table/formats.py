"""One table file, or a folder that Hugging Face `datasets` saved → rows.

Text tables are read with the standard library: `datasets` (and pandas) would guess types, so that the label "007"
becomes 7 and "NA" no label, and `datasets` writes an Arrow copy of the table first. Parquet and saved data sets go
through `datasets` in memory: it knows class names and pictures stored inside. Nothing is written beside the data.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from .._options import ReadOptions
from .._reader import known_columns
from .._record import TEXTS
from .._roles import split_name
from .._table import Row
from .delimited import lines_of
from .encoding import decoded
from .even import Rows, even

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
SPLITS = "train, valid (val, validation, dev) and test"


def suffix_of(path: Path) -> str:
    """The suffix that tells a table's form, that of packing left away; "" where it is no table."""
    suffixes = [s.lower() for s in path.suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    return last[0] if last and last[0] in SUFFIXES else ""


def file_rows(path: Path, options: ReadOptions = ReadOptions()) -> Rows:
    """The rows of a table file.

    Raises:
        DataError: it cannot be parsed, or its rows have too many cells.
        UsageError: `options` name no encoding, or no way of quoting.
    """
    suffix = suffix_of(path)
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        if suffix == ".parquet":
            import datasets
            import pyarrow.parquet as parquet

            table = datasets.table.InMemoryTable(parquet.read_table(io.BytesIO(data)))
            return Rows(list(_dataset_rows(datasets.Dataset(table))))
        text = decoded(data, path.name, options.encoding)
        if suffix in (".csv", ".tsv"):
            named = [part.strip().casefold() for part in (options.text or "").split(",") if part.strip()]
            found = lines_of(text.text, path.name, suffix, options.quotes)
            rows = even(found, path.name, known_columns().union(named), named or TEXTS)
        else:
            rows = Rows([_flat(row) for row in json_rows(text.text)])
    except (OSError, EOFError, ValueError, csv.Error) as e:
        raise DataError(f"{path.name} cannot be read as a {suffix[1:]} table: {e}. Repair or re-export it.") from e
    return Rows(rows.rows, text.notes + rows.notes)


def is_saved(folder: Path) -> bool:
    """Whether `datasets` saved this folder (`save_to_disk`)."""
    return (folder / "dataset_dict.json").is_file() or (
        (folder / "dataset_info.json").is_file() and (folder / "state.json").is_file()
    )


def saved_rows(folder: Path) -> list[tuple[str, Row, str | None]]:
    """A data set saved with `save_to_disk`: where each row stands, the row, its split (the names of a DatasetDict).

    Raises:
        DataError: it cannot be loaded, or has a split with an unknown name.
    """
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
            raise DataError(f"{folder.name}/ has a split '{name}'; allowed: {SPLITS}. Rename or drop it.")
        rows += [(f"{name}:{number}", row, split) for number, row in enumerate(_dataset_rows(part), 1)]
    return rows


def json_rows(text: str) -> list[Row]:
    """The objects of JSON Lines, or of one JSON value: a list of objects, one inside an object, or columns of values.

    Raises:
        ValueError: there are no such objects.
    """
    if not text.strip():
        return []
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        if found := _in_a_row(text):
            return found
        return [_line(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return _objects(whole)


def _in_a_row(text: str) -> list[Row]:
    """Objects written one behind the other, over several lines each or with commas between; none where it is not so."""
    reader, at, out = json.JSONDecoder(), 0, list[Row]()
    while at < len(text):
        try:
            row, at = reader.raw_decode(text, at)
        except json.JSONDecodeError:
            return []
        at = re.compile(r"[\s,]*").match(text, at).end()  # type: ignore[union-attr]  # matches nothing, too
        if not isinstance(row, dict):
            return []
        out.append(row)
    return out


def _line(line: str, number: int) -> Row:
    """One line of JSON Lines."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {error.msg}") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is no JSON object")
    return row


def _objects(whole: Any) -> list[Row]:  # noqa: ANN401 - whatever JSON holds
    """Rows of one JSON value."""
    if isinstance(whole, list) and all(isinstance(row, dict) for row in whole):
        return whole
    if isinstance(whole, dict):
        inside = [v for v in whole.values() if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
        if len(inside) == 1:
            return list(inside[0])
        columns = {c: list(v.values()) if isinstance(v, dict) else v for c, v in whole.items()}
        if (
            columns
            and all(isinstance(v, list) for v in columns.values())
            and len({len(v) for v in columns.values()}) == 1
        ):
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [whole]
    raise ValueError("it holds no list of objects")


def _flat(row: Row) -> Row:
    """A row with the values inside of objects beside these, by names such as "review.text"."""
    out = dict(row)
    for column, value in row.items():
        if isinstance(value, dict):
            out |= {f"{column}.{inner}": v for inner, v in _flat(value).items()}
    return out


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
