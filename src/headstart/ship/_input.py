"""One input of `predict`: how it is shown, the example or why there is none, and what stands beside it in its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HeadstartError
from ..read import ReadOptions
from ..read._record import Shape
from ..read.table.rows import unlabelled
from ..read.table.table import open_table
from ..types import Example


@dataclass(frozen=True)
class Input:
    """What the model shall look at."""

    shown: str
    example: Example | str  # a text: why there is none
    beside: Mapping[str, Any] = field(default_factory=dict)  # the other cells of its row


def rows_of(
    path: Path,
    shape: Shape,
    look: Callable[[str, Any], Example | str],
    options: ReadOptions = ReadOptions(),
    *,
    alone: bool = True,
) -> Iterator[Input] | None:
    """The rows of a table in their order, or None where the path is none.

    Args:
        path: a table, or a folder with tables.
        shape: says which column holds the examples.
        look: (where a row stands, its cell) → an example, or why there is none.
        options: how a table is read.
        alone: a folder with one table is this table.
    """
    try:
        table = open_table(path, options, alone=alone)
        if table is None:
            return None
        rows = unlabelled(table, shape)
    except HeadstartError as problem:
        return iter([Input(str(path), str(problem))])
    shown = (str(row.example) if isinstance(row.example, Path) else row.where for row in rows)
    return (Input(name, look(row.where, row.example), row.beside) for name, row in zip(shown, rows, strict=True))
