"""Rows of a table → records: each example with its label, split and group, or why it is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError, UsageError
from ...types import PAIR, SetAside
from .._options import ReadOptions
from .._reader import usual_columns
from .._record import Found, Record, Shape, label_text
from .._table import Row, Table
from .answers import Answer, answers
from .columns import Chosen, chosen, example_columns
from .splits import splits
from .unread import unread
from .whereabouts import Whereabouts, told, whereabouts


def records(table: Table, shape: Shape, options: ReadOptions = ReadOptions()) -> Found:
    """Every row of a table as a record. Rows without an example are set aside by their number.

    So are those without a label; but where such are learnt from too (`Shape.loose`), those that no held-out split
    claims are `Found.loose`. A held-out part in which no row has a label is left for `predict`.

    Raises:
        DataError: a column is missing, there is no row, or a split's name is not known.
        UsageError: there is no column of that group.
    """
    name, group = table.name, options.group
    if not table.rows:
        raise DataError(f"{name} holds no rows. Give a row for each example, {usual_columns()}.")
    columns = chosen(table, shape)
    if group is not None and group not in table.columns:
        raise UsageError(
            f"{name} has no column '{group}' to group by; it has {', '.join(table.columns)}. Name one of these."
        )
    said, given = answers(table, columns, shape, options), splits(table, options.split_column, columns.names)
    blind, blind_notes = _without_labels(table, said.rows, given.rows)
    place = whereabouts(table.folder, _names(table, shape, columns.examples))
    kept: list[Record] = []
    loose: list[Record] = []
    aside: list[SetAside] = []
    for number, ((where, row, _), answer, split) in enumerate(zip(table.rows, said.rows, given.rows, strict=True)):
        if number in given.left_out or split in blind:
            continue
        cell = _cell(shape, place, row, columns.examples)
        learns = shape.loose and split in (None, "train")
        if cell is None or (answer.text is None and not learns):
            aside.append(_set_aside(where, cell, shape))
            continue
        path, words = (cell, None) if isinstance(cell, Path) else (table.folder / where, cell)
        named = label_text(row.get(group)) if group else None
        found = Record(path, (answer.text or "") if answer.tags is None else answer.tags, split, named, words)
        (loose if answer.text is None else kept).append(found)
    notes, missing = told(place, name, shape.nouns)
    parted = any(given.rows)
    silent = unread(table, (*columns.names, given.column, group or ""), grouped=group is not None, parted=parted)
    notes = (*table.notes, *columns.notes, *said.notes, *given.notes, *blind_notes, *notes, *silent)
    warnings = (*table.warnings, *missing)
    taken = _taken(table, columns, shape, {"split": given.column, "group": group or ""})
    return Found(tuple(kept), tuple(aside), warnings, columns.label, said.flags, tuple(loose), notes, taken)


def _taken(table: Table, columns: Chosen, shape: Shape, more: Mapping[str, str]) -> dict[str, str]:
    """What each column is read as, by role; and which are not read."""
    others = ", ".join(c for c in table.columns if c not in (*columns.names, *more.values()))
    found = {shape.modality: ", ".join(columns.examples), "label": columns.label, **more, "not read": others}
    return {role: column for role, column in found.items() if column}


@dataclass(frozen=True)
class Unlabelled:
    """One row to be predicted."""

    where: str  # "table.csv:12"
    example: Path | str | None  # None where there is none
    beside: Mapping[str, str | int | float]  # its other cells, those that text can show


def unlabelled(table: Table, shape: Shape) -> list[Unlabelled]:
    """The rows of a table to be predicted, in their order.

    Raises:
        DataError: there is no column of examples.
    """
    examples = example_columns(table, shape)[0] if table.rows else ()
    place = whereabouts(table.folder, _names(table, shape, examples))
    others = [c for c in table.columns if c not in examples]
    return [Unlabelled(where, _cell(shape, place, row, examples), _plain(row, others)) for where, row, _ in table.rows]


def _plain(row: Row, columns: Iterable[str]) -> dict[str, str | int | float]:
    """Cells of a row that text can show: no bytes, nothing empty."""
    cells = {c: row.get(c) for c in columns}
    known = {c: v for c, v in cells.items() if v is not None and not isinstance(v, bytes | dict)}
    return {c: v if isinstance(v, str | int | float) else str(v) for c, v in known.items()}


def _cell(shape: Shape, place: Whereabouts, row: Row, columns: tuple[str, ...]) -> Path | str | None:
    """The example of a row: its cell, or several texts put together; None where there is none."""
    cells = [shape.cell(place.folder, place.renamed(row, column).get(column)) for column in columns]
    if len(cells) == 1 or all(cell is None for cell in cells):
        return cells[0]
    return PAIR.join(str(cell or "").strip() for cell in cells)


def _names(table: Table, shape: Shape, columns: tuple[str, ...]) -> list[object]:
    """The cells that name files, of examples that are some."""
    return [row.get(columns[0]) for _, row, _ in table.rows] if shape.files and columns else []


def _without_labels(
    table: Table, said: tuple[Answer, ...], given: tuple[str | None, ...]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Held-out parts in which no row has a label, as of a competition; and what to say of them."""
    none = {None, "-1"} if not any(a.text == "-1" for a, s in zip(said, given, strict=True) if s == "train") else {None}
    labelled = Counter(split for answer, split in zip(said, given, strict=True) if answer.text not in none)
    sizes = Counter(given)
    blind = [split for split in ("valid", "test") if sizes[split] and not labelled[split]]
    notes = []
    for split in blind:
        file = next(where for (where, _, _), part in zip(table.rows, given, strict=True) if part == split)
        notes.append(
            f"None of the {sizes[split]:,} {split} rows ({file.rpartition(':')[0]}) has a label: they are left for "
            "`headstart predict`, and other rows are held out."
        )
    return frozenset(blind), tuple(notes)


def _set_aside(where: str, cell: Path | str | None, shape: Shape) -> SetAside:
    file, _, number = where.rpartition(":")
    what = f"no_{shape.modality}" if cell is None else "no_label"
    detail = f"Row {number} of {file} has no {shape.noun if cell is None else 'label'}."
    return SetAside(str(cell) if isinstance(cell, Path) else f"{file}, row {number}", what, detail)
