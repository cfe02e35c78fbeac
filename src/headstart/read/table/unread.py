"""Columns that are not read, but whose names say that much may hang on them: groups and splits."""

from __future__ import annotations

import re
from collections.abc import Collection

from .._record import label_text
from .._table import Table

_GROUPS = frozenset(
    "patient subject participant person user author speaker writer donor animal child pupil student customer session "
    "study site scanner family batch slide conversation thread".split()
)
_SPLITS = frozenset("split fold partition subset usage train test valid val dev".split())
_FEW = 20  # different values of a column of splits, at most


def unread(table: Table, taken: Collection[str], *, grouped: bool, parted: bool) -> tuple[str, ...]:
    """A sentence for each such column.

    Args:
        table: the rows.
        taken: columns that are read.
        grouped: whether groups are known.
        parted: whether splits are.
    """
    notes = []
    for column in table.columns:
        words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).casefold()))
        groups, splits = words & _GROUPS and not grouped, words & _SPLITS and not parted
        if column in taken or not (groups or splits):
            continue
        values = [text for _, row, _ in table.rows if (text := _text(row.get(column)))]
        different = len(set(values))
        if groups and 1 < different < 0.9 * len(values):
            notes.append(
                f"{table.name}: '{column}' has {different:,} values in {len(values):,} rows, and rows of one may stand "
                f"on both sides of the split; if they belong together, pass --group {column}."
            )
        elif splits and 1 < different <= _FEW:
            notes.append(
                f"{table.name}: '{column}' is not read; if it says what is held out, write train, valid or test into "
                f"its cells and pass --split-column {column}."
            )
    return tuple(notes)


def _text(cell: object) -> str | None:
    return label_text(cell) if isinstance(cell, str | int | float) else None
