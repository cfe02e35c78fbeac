"""Which column of a table holds texts: by its name, by what a person said, or where it is the only one by its cells."""

from __future__ import annotations

from pathlib import Path

from .._record import TEXTS, Choice, Shape
from .._table import Table
from ..picture.suffixes import PICTURES
from ..table.columns import by_name, headless, missing, refuse_twins, some

MOST = 600  # rows by which it is told whether a column holds texts
_FEW_COLUMNS = 5  # of a table at most, whose one column of texts is taken though nothing names it


def choose(table: Table, shape: Shape) -> Choice:
    """The column of texts, or the several that a person named, and what to say of the choice.

    Raises:
        DataError: there is none, or two have the name.
    """
    if named := by_name(table, shape):
        refuse_twins(table, named, shape.columns, "--text")
        return named, ()
    likely = [c for c in table.columns if is_text(table, c)]
    alone = len(likely) == 1 and len(table.columns) <= _FEW_COLUMNS
    column = likely[0] if alone else _longest(table) if headless(table) else ""
    if column and len(shape.columns) > 1:
        return (column,), (f"{table.name}: '{column}' is read as the texts (--text names another one).",)
    hint = f" Of those {', '.join(likely[:5])} hold texts." if likely else ""
    raise missing(table, shape.columns, f"Say which it is with `--text COLUMN`, or rename it.{hint}")


def is_text(table: Table, column: str) -> bool:
    """Whether a column's cells are texts: of several words, which seldom come again, or called so and different."""
    cells = [cell for _, row, _ in table.rows[:MOST] if (cell := row.get(column)) not in (None, "")]
    if not cells or len(cells) < len(table.rows[:MOST]) / 2 or not all(isinstance(cell, str) for cell in cells):
        return False
    if any(Path(cell).suffix.lower() in PICTURES for cell in cells[:5] if len(cell) < 300):
        return False
    if sum(any(c.isalpha() for c in cell) for cell in cells) < len(cells) / 2:  # rows of pixels, dates
        return False
    words = sum(len(cell.split()) for cell in cells) / len(cells)
    named = column.strip().casefold() in TEXTS
    return (named or words >= 2) and len(set(cells)) > len(cells) * (0.1 if named else 0.5)


def _longest(table: Table) -> str:
    return max(table.columns, key=lambda c: sum(len(str(cell)) for cell in some(table, c)))
