"""Tables of one data set: which of them are meant, and columns that they spell in different ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .._table import Row


def without_answers(tables: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """The tables without those that show how to hand in answers, as of competitions; and what to say of these.

    Their labels are made up, and would be taken for the truth.
    """
    made_up = [path for path in tables if "submission" in path.stem.casefold()]
    if not made_up or len(made_up) == len(tables):
        return list(tables), ()
    named = ", ".join(path.name for path in made_up)
    return [p for p in tables if p not in made_up], (f"{named} shows how to hand in answers, by the name: left out.",)


def spelled_alike(tables: Iterable[Sequence[Row]]) -> list[list[Row]]:
    """The rows of each table, columns that differ by capitals or blanks from one of a table before called as there.

    >>> spelled_alike([[{"Text": "a"}], [{"text ": "b", "id": "1"}]])
    [[{'Text': 'a'}], [{'Text': 'b', 'id': '1'}]]
    """
    known: dict[str, str] = {}
    out: list[list[Row]] = []
    for rows in tables:
        own = dict.fromkeys(column for row in rows for column in row)
        names = {}
        for column in own:
            first = known.setdefault(column.strip().casefold(), column)
            names[column] = column if first in own else first
        same = len(set(names.values())) < len(names) or all(old == new for old, new in names.items())
        out.append(list(rows) if same else [{names[c]: value for c, value in row.items()} for row in rows])
    return out
