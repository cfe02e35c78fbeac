"""Rows of a text table made even: as many cells as the header names, each name once.

What is no loss is done in silence (empty cells at the end). A text with commas that nothing wraps is put together again
where one column alone can be meant, and told; else such rows are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...errors import DataError
from .._table import Row
from .delimited import Lines

NAMELESS = "column {}"  # what a column is called where the file names none
_MANY = 8  # cells that tell labels from parts of texts
_TITLES = 10  # rows above which titles and remarks may stand
_LOOKED = 1_000  # rows in which a cell of the first line is looked for again


@dataclass(frozen=True)
class Rows:
    """Rows by their column's names, and what was guessed of them, to be said."""

    rows: list[Row]
    notes: tuple[str, ...] = ()


def even(found: Lines, name: str, known: Collection[str], texts: Collection[str]) -> Rows:
    """Rows as the header names their cells.

    Args:
        found: as they stand in the file.
        name: the file's.
        known: all names (in small letters) that a column is looked for by.
        texts: those of them that hold free text.

    Raises:
        DataError: rows have more cells than the header, and it is not clear which hold the text.
    """
    if not found.rows:
        return Rows([])
    first = _header(found.rows, known)
    header, notes = [cell.strip() for cell in found.rows[first]], list(found.notes)
    rows, at = [list(row) for row in found.rows[first + 1 :]], found.at[first + 1 :]
    if first:
        notes.append(f"{name}: the header stands in line {found.at[first]}; what is above it is left out.")
    if _headless(header, rows, known):
        rows, at = [list(found.rows[0]), *rows], found.at
        header = [NAMELESS.format(n) for n in range(1, len(header) + 1)]
        notes.append(
            f"{name} has no header: its first line is read as data, and columns are called '{header[0]}' and so on."
        )
    for row in rows:
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
    if rows and all(len(row) == len(header) + 1 for row in rows) and len({row[0] for row in rows}) == len(rows):
        if all(row[0].strip().isdigit() for row in rows):  # as R writes them
            header = ["row", *header]
            notes.append(f"{name}: the header has a name less than rows have cells; the first are row numbers.")
    notes += _joined(name, header, rows, at, found.mark, texts)
    notes += _short(name, header, rows, at)
    return Rows(_named(header, rows), tuple(notes))


def _header(rows: Sequence[Sequence[str]], known: Collection[str]) -> int:
    """The row that names the columns: the first, unless it names none that is looked for and one below it names two."""

    def names(row: Sequence[str]) -> int:
        return len({cell.strip().casefold() for cell in row} & set(known))

    if names(rows[0]):
        return 0
    return next((n for n, row in enumerate(rows[:_TITLES]) if len(row) > 1 and names(row) > 1), 0)


def _headless(header: Sequence[str], rows: Sequence[Sequence[str]], known: Collection[str]) -> bool:
    """Whether the first line is data: none of its cells is a name that is looked for, and one is found again below."""
    if len(header) < 2 or any(cell.casefold() in known for cell in header):
        return False
    again = [sum(len(row) > n and row[n].strip() == cell for row in rows[:_LOOKED]) for n, cell in enumerate(header)]
    return any(cell and count > 1 for cell, count in zip(header, again, strict=True))


def _joined(
    name: str, header: list[str], rows: list[list[str]], at: list[int], mark: str, texts: Collection[str]
) -> list[str]:
    """Put cells together that a mark inside a text cut, in place; what to say of it."""
    wide = [n for n, row in enumerate(rows) if len(row) > len(header)]
    if not wide:
        return []
    of = f"{len(wide):,} of {len(rows):,} rows {'has' if len(wide) == 1 else 'have'}"
    first = f"line {at[wide[0]]} has {len(rows[wide[0]])}: {mark.join(rows[wide[0]])[:60]}"
    what = f"{name}: {of} more cells than the {len(header)} of the header ({first})"
    free = [n for n, column in enumerate(header) if column.casefold() in texts]
    last = free == [len(header) - 1]
    if len(free) != 1 or (not last and _like_labels([rows[n][free[0] + 1] for n in wide])):
        raise DataError(
            f"{what}. Which of {', '.join(header)} holds '{mark}' in its cells? Wrap such cells in quotation marks, or "
            "save the table as JSONL; if it is one of several columns of texts, --text COLUMN puts it together again."
        )
    for n in wide:
        row, extra = rows[n], len(rows[n]) - len(header)
        row[free[0] : free[0] + extra + 1] = [mark.join(row[free[0] : free[0] + extra + 1])]
    return [f"{what}; the cells in excess were put together again as '{header[free[0]]}'."]


def _like_labels(cells: Sequence[str]) -> bool:
    """Whether cells that a text is to be put together from come again and again, as labels do: "text, joy, fear"."""
    return len(cells) >= _MANY and len({cell.strip() for cell in cells}) <= len(cells) / 4


def _short(name: str, header: list[str], rows: list[list[str]], at: list[int]) -> list[str]:
    """What to say of rows with fewer cells than the header."""
    short = [n for n, row in enumerate(rows) if len(row) < len(header)]
    if not short:
        return []
    of = f"{len(short):,} of {len(rows):,} rows {'has' if len(short) == 1 else 'have'}"
    first = f"line {at[short[0]]} has {len(rows[short[0]])}"
    return [f"{name}: {of} fewer cells than the {len(header)} of the header ({first}); the others count as empty."]


def _named(header: list[str], rows: list[list[str]]) -> list[Row]:
    """Rows by name. A column without a name gets one, or goes where it is empty; a second of one name gets "(2)"."""
    cells = [[row[n] if n < len(row) else None for row in rows] for n in range(len(header))]
    names: dict[str, int] = {}
    seen: Counter[str] = Counter()
    for n, column in enumerate(header):
        if not column:
            if not any(cell and cell.strip() for cell in cells[n]):
                continue
            column = NAMELESS.format(n + 1)
        seen[column] += 1
        if column in names and cells[n] == cells[names[column]]:
            continue
        names[column if column not in names else f"{column} ({seen[column]})"] = n
    columns = [cells[n] for n in names.values()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
