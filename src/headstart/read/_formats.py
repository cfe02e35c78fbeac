"""One table file, or a folder that Hugging Face `datasets` saved → rows.

Text tables are read with the standard library: `datasets` (and pandas) would guess types, so that the label "007"
becomes 7 and "NA" no label, and `datasets` writes an Arrow copy of the table first. Parquet and saved data sets go
through `datasets` in memory: it knows class names and pictures stored inside. Nothing is written beside the data.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError
from ._delimited import Row, delimited
from ._encoding import decoded
from ._options import ReadOptions
from ._record import split_name

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
SPLITS = "train, valid (val, validation, dev) and test"


def file_rows(path: Path, options: ReadOptions = ReadOptions()) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of a table file, and warnings.

    Raises:
        DataError: it cannot be parsed.
    """
    suffix = path.suffix.lower()
    warnings: tuple[str, ...] = ()
    try:
        if suffix == ".parquet":
            import datasets
            import pyarrow.parquet as parquet

            rows = list(_dataset_rows(datasets.Dataset(datasets.table.InMemoryTable(parquet.read_table(path)))))
        else:
            text, sure = decoded(path.read_bytes())
            rows = _json_lines(text) if suffix in (".jsonl", ".ndjson") else delimited(text, suffix)
            if not sure:
                warnings = (f"{path.name} is not UTF-8; it was read as Windows-1252. Look at its special characters.",)
    except (OSError, ValueError, csv.Error) as e:
        raise DataError(f"{path.name} cannot be read as a {suffix[1:]} table: {e}. Repair or re-export it.") from e
    return rows, warnings


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
