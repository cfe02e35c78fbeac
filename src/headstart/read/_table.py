"""A table as a plain value: its rows, where each stands, and the split that its file is named after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]  # column → cell


@dataclass(frozen=True)
class Table:
    """Rows with the split that their file or part is named after, if it is."""

    name: str
    folder: Path  # to which cells that name files are relative
    rows: tuple[tuple[str, Row, str | None], ...]  # where it stands ("train.csv:12"), row, split
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what was guessed of its form

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Of all rows, for the first may lack one."""
        return tuple(dict.fromkeys(c for _, row, _ in self.rows for c in row))
