"""A table that names pictures and labels: CSV, TSV, JSON Lines, Parquet, or a folder saved by Hugging Face `datasets`.

Text tables are read with the standard library: `datasets` (and pandas) would guess types, so that the label "007"
becomes 7 and "NA" no label, and `datasets` writes an Arrow copy of the table first. Parquet and saved data sets go
through `datasets` in memory: it knows class names and pictures stored inside. Nothing is written beside the data.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import runtime
from ..errors import DataError, UsageError
from ..types import SetAside
from ._record import Found, Record, label_text, split_name

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_IMAGE = ("image", "path", "file", "filename", "file_name")
_LABEL = ("label", "class", "category")
_SPLITS = "train, valid (val, validation, dev) and test"
Row = Mapping[str, Any]


def is_saved_dataset(folder: Path) -> bool:
    """Whether `datasets` saved this folder (`save_to_disk`)."""
    return (folder / "dataset_dict.json").is_file() or (
        (folder / "dataset_info.json").is_file() and (folder / "state.json").is_file()
    )


def read_table(path: Path, group: str | None = None) -> Found:
    """Every row of a table file; picture paths are relative to the table's folder.

    Raises:
        DataError: the file cannot be parsed, lacks a column, is empty or names an unknown split.
        UsageError: there is no column `group`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path.name} is no table that can be read; allowed: {', '.join(SUFFIXES)}. Convert it first.")
    try:
        if suffix == ".parquet":
            import datasets
            import pyarrow.parquet as parquet

            rows = list(_dataset_rows(datasets.Dataset(datasets.table.InMemoryTable(parquet.read_table(path)))))
        elif suffix in (".csv", ".tsv"):
            rows = _delimited(path)
        else:
            rows = _json_lines(path)
    except (OSError, ValueError, csv.Error) as e:
        raise DataError(f"{path.name} cannot be read as a {suffix[1:]} table: {e}. Repair or re-export it.") from e
    return _found(path.name, path.parent, [(row, None) for row in rows], group)


def read_saved(folder: Path, group: str | None = None) -> Found:
    """Every row of a data set saved with `save_to_disk`; the names of a DatasetDict are the splits.

    Pictures stored inside are written below the cache folder, named by the sha256 of their bytes.

    Raises:
        DataError: as for `read_table`; or a split's name is not known.
        UsageError: there is no column `group`.
    """
    import datasets

    try:
        saved = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(f"{folder.name}/ looks saved by datasets but cannot be loaded: {e}. Save it again.") from e
    if not isinstance(saved, datasets.DatasetDict):
        return _found(f"{folder.name}/", folder, [(row, None) for row in _dataset_rows(saved)], group)
    rows: list[tuple[Row, str | None]] = []
    for name, part in saved.items():
        split = split_name(str(name))
        if split is None:
            raise DataError(f"{folder.name}/ has a split '{name}'; allowed: {_SPLITS}. Rename or drop it.")
        rows += [(row, split) for row in _dataset_rows(part)]
    return _found(f"{folder.name}/", folder, rows, group)


def _delimited(path: Path) -> list[Row]:
    text = path.read_text(encoding="utf-8-sig")
    first = text.split("\n", 1)[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    return list(reader)


def _json_lines(path: Path) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no JSON object")
            rows.append(row)
    return rows


def _dataset_rows(data: Any) -> Iterator[Row]:  # noqa: ANN401 - a datasets.Dataset
    """Rows with class numbers turned into class names and pictures left as {"bytes", "path"}."""
    import datasets

    classes = {}
    for column, feature in data.features.items():
        if isinstance(feature, datasets.Image):
            data = data.cast_column(column, datasets.Image(decode=False))
        elif isinstance(feature, datasets.ClassLabel):
            classes[column] = feature.names
    for row in data:
        named = {c: names[row[c]] if row[c] is not None and row[c] >= 0 else None for c, names in classes.items()}
        yield {**row, **named}


def _found(name: str, folder: Path, rows: list[tuple[Row, str | None]], group: str | None) -> Found:
    """Rows → records. Rows without label or picture are set aside by their number."""
    if not rows:
        raise DataError(f"{name} holds no rows. Give one row for each picture, with image and label columns.")
    columns = [c for c in rows[0][0] if isinstance(c, str)]
    image, label = _column(name, columns, _IMAGE), _column(name, columns, _LABEL)
    split = next((c for c in columns if c.strip().casefold() == "split"), None)
    if group is not None and group not in columns:
        raise UsageError(f"{name} has no column '{group}' to group by; it has {', '.join(columns)}. Name one of these.")
    splits = _splits(name, [row.get(split) if split else None for row, _ in rows])
    records, aside = [], []
    for number, ((row, given), said) in enumerate(zip(rows, splits, strict=True), 1):
        path, text = _path(folder, row.get(image)), _label(name, label, row.get(label))
        if path is None or text is None:
            what = "no_image" if path is None else "no_label"
            detail = f"Row {number} of {name} has no {'picture' if path is None else 'label'}."
            aside.append(SetAside(str(path or f"{name}, row {number}"), what, detail))
        else:
            records.append(Record(path, text, given or said, label_text(row.get(group)) if group else None))
    return Found(tuple(records), tuple(aside))


def _column(name: str, columns: list[str], allowed: tuple[str, ...]) -> str:
    by_name = {c.strip().casefold(): c for c in reversed(columns)}
    for wanted in allowed:
        if wanted in by_name:
            return by_name[wanted]
    raise DataError(
        f"{name} has the columns {', '.join(columns) or '(none)'}, but none named {' or '.join(allowed)}. "
        "Rename a column."
    )


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


def _label(name: str, column: str, value: object) -> str | None:
    if isinstance(value, (list, dict)):
        raise DataError(
            f"{name}: column '{column}' holds several values in a row ({str(value)[:40]}); classification takes one "
            "label for each picture. Give one row and one label for each picture."
        )
    return label_text(value)


def _path(folder: Path, value: object) -> Path | None:
    if isinstance(value, dict):
        if value.get("bytes"):
            return _store(value["bytes"])
        value = value.get("path")
    text = value.strip() if isinstance(value, str) else ""
    return folder / Path(text).expanduser() if text else None


def _store(data: bytes) -> Path:
    """Bytes → a file below the cache, named by their sha256."""
    from ._picture import suffix_of

    path = runtime.cache_dir() / "pictures" / f"{hashlib.sha256(data).hexdigest()}{suffix_of(data)}"
    if not path.is_file() or path.stat().st_size != len(data):
        runtime.write(path, data)
    return path
