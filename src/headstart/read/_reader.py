"""The readers: one file a modality in this folder, found by its name, and what each of them holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from ..family import load, names
from ..types import Example, Task
from ._clean import Cleaning
from ._options import ReadOptions
from ._record import NUMBERS, Shape
from ._table import Table

SURE = 1.0  # the highest claim: these examples are known by what they are, whatever else lies there


class Reader(Protocol):
    """What `read/NAME.py` holds, NAME being the modality's.

    `sniff` says how likely data is its own: 0 is "not mine", `SURE` the most, and the highest claim wins. `shapes` is
    what `check` shows: a summary, and of each example what might give its class away.
    """

    SHAPE: Shape
    clean: Cleaning

    def sniff(self, path: Path, table: Table | None) -> float: ...

    def read(
        self,
        data: str | Path,
        options: ReadOptions = ...,
        *,
        name: str | None = None,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
        table: Table | None = None,
    ) -> Task: ...

    def shapes(self, examples: Sequence[Example]) -> tuple[dict[str, Any], list[tuple[Example, Mapping[str, Any]]]]: ...


def reader(modality: str) -> Reader:
    """Of one modality. Raises `UnknownName`."""
    return cast(Reader, load("read", modality))


def shapes() -> list[Shape]:
    """What each reader looks for, in the order of their names."""
    return [reader(name).SHAPE for name in names("read")]


def known_columns() -> frozenset[str]:
    """All names, in small letters, by which a header is known to be one."""
    return frozenset((*NUMBERS, "split", "id", *(c for s in shapes() for c in (*s.columns, *s.labels))))


def usual_columns() -> str:
    """Which columns a table of examples has, for a person."""
    return f"with a column {' or '.join(shape.columns[0] for shape in shapes())}, and a column label"
