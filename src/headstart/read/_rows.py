"""Rows of a table → records: each example with its label, split and group, or why it is set aside."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError, UsageError
from ..types import SetAside
from ._columns import NAME, column, example_column, flag_columns, splits
from ._options import ReadOptions
from ._record import Found, Record, Shape, label_text
from ._several import flagged, joined, listed
from ._table import COLUMNS, Table
from ._whereabouts import told, whereabouts


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
    example, flags = example_column(name, columns, shape), shape.flags or flag_columns(name, columns, shape.labels)
    label = ", ".join(flags) or column(name, columns, shape.labels, NAME.format("label"))
    if example in (flags or (label,)):
        raise DataError(
            f"{name}: the column '{example}' was taken for both the {shape.nouns} and their labels; it has "
            f"{', '.join(columns)}. Name two of these with `--text` and `--label`."
        )
    split = next((c for c in columns if c.strip().casefold() == "split"), None)
    if group is not None and group not in columns:
        raise UsageError(f"{name} has no column '{group}' to group by; it has {', '.join(columns)}. Name one of these.")
    given_in = splits(name, [row.get(split) if split else None for _, row, _ in table.rows])
    place = whereabouts(table.folder, _names(table, shape, example))
    kept: list[Record] = []
    loose: list[Record] = []
    aside = []
    for (where, row, given), said in zip(table.rows, given_in, strict=True):
        cell = shape.cell(place.folder, row.get(example))
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
    notes, missing = told(place, name, shape.nouns)
    warnings, notes = (*table.warnings, *missing), (*table.notes, *notes)
    roles = {shape.modality: example, "label": label, "split": split or "", "group": group or ""}
    others = ", ".join(c for c in columns if c not in (*roles.values(), *flags))
    taken = {role: c for role, c in (roles | {"not read": others}).items() if c}
    return Found(tuple(kept), tuple(aside), warnings, label, flags, tuple(loose), notes, taken)


def _names(table: Table, shape: Shape, example: str) -> list[object]:
    """The cells that name files: none of texts."""
    return [row.get(example) for _, row, _ in table.rows] if shape.modality == "image" else []


def unlabelled(table: Table, shape: Shape) -> list[tuple[str, Path | str | None]]:
    """Where each row stands, and its example; None where there is none.

    Raises:
        DataError: there is no such column.
    """
    example = example_column(table.name, table.columns, shape) if table.rows else ""
    folder = whereabouts(table.folder, _names(table, shape, example)).folder
    return [(where, shape.cell(folder, row.get(example))) for where, row, _ in table.rows]
