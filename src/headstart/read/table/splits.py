"""Which split each row of a table is given: by its file's name, by a column, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ...errors import DataError, UsageError
from .._record import label_text
from .._roles import split_name
from .._table import Table
from .columns import find
from .formats import SPLITS

_FEW = 0.05  # of the rows may have no split, and are then set aside


@dataclass(frozen=True)
class Splits:
    """The split of each row; None where none is given. `left_out`: numbers of rows that alone say none."""

    rows: tuple[str | None, ...]
    left_out: frozenset[int] = frozenset()
    column: str = ""
    notes: tuple[str, ...] = ()


def splits(table: Table, wanted: str | None, taken: Collection[str]) -> Splits:
    """The split of each row, its file's if the file is named as one.

    Args:
        table: the rows.
        wanted: the column that a person named.
        taken: columns that hold examples or labels.

    Raises:
        DataError: a split's name is not known, or many rows have none.
        UsageError: there is no column `wanted`.
    """
    named = find(table.columns, wanted or "split")
    if wanted and not named:
        raise UsageError(f"{table.name} has no column '{wanted}' of splits; it has {', '.join(table.columns)}.")
    given = [split for _, _, split in table.rows]
    if any(given) and not wanted:  # what a person names goes before the names of files
        return Splits(tuple(given))
    guessed = "" if named else _like_splits(table, taken)
    if not named and not guessed:
        return Splits(tuple(given))
    column = named[0] if named else guessed
    texts = [label_text(row.get(column)) for _, row, _ in table.rows]
    if not any(texts):
        return Splits(tuple(given))
    lacking = frozenset(n for n, text in enumerate(texts) if text is None)
    if len(lacking) > max(1, _FEW * len(texts)):
        raise DataError(
            f"{table.name}: {len(lacking)} of {len(texts)} rows have an empty split; allowed: {SPLITS}. Fill them all."
        )
    out = [split_name(text or "") for text in texts]
    if unknown := Counter(text for text, split in zip(texts, out, strict=True) if text and split is None):
        odd, times = unknown.most_common(1)[0]
        raise DataError(f"{table.name}: split '{odd}' ({times} rows) is not known; allowed: {SPLITS}. Rename it.")
    notes = []
    if guessed:
        notes.append(f"{table.name}: the splits are those in '{guessed}' (--split-column names another one).")
    if lacking:
        which = table.rows[min(lacking)][0]
        notes.append(f"{table.name}: {len(lacking)} of {len(texts)} rows say no split ({which}) and are left out.")
    return Splits(tuple(out), lacking, column, tuple(notes))


def _like_splits(table: Table, taken: Collection[str]) -> str:
    """A column of another name all of whose cells name splits, train among them; "" where there is none."""
    for column in table.columns:
        if column not in taken and all(isinstance(row.get(column), str) for _, row, _ in table.rows):
            named = {split_name(value) for value in {row[column] for _, row, _ in table.rows}}
            if None not in named and "train" in named and len(named) > 1:
                return column
    return ""
