"""Which column of a table holds pictures: by its name, and by its cells: files that are called so, or their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .._record import TEXTS, Choice, Shape
from .._table import Table
from ..table.columns import find, missing, some
from .suffixes import PICTURES, looks_like_picture

_RENAME = "Rename the column of pictures; if these are texts, say which column with `--text COLUMN`."
_LONG = 1_000  # characters of a cell that is no name of a file


def choose(table: Table, shape: Shape) -> Choice:
    """The column of pictures, and what to say of the choice.

    Raises:
        DataError: there is none.
    """
    named = [found for wanted in shape.columns if (found := find(table.columns, wanted))]
    holding = [c for c in dict.fromkeys([*(c for (c, *_) in named), *table.columns]) if holds_pictures(table, c)]
    if not holding and not named:
        web = next((c for c in table.columns if any("://" in str(cell) for cell in some(table, c))), "")
        hint = f"'{web}' holds web addresses, of which headstart fetches none: download the pictures." if web else ""
        raise missing(table, shape.columns, f"{_RENAME} {hint}".strip())
    return (first := tuple(holding[:1]) or named[0]), _beside(table, first[0], holding, bool(named))


def holds_pictures(table: Table, column: str) -> bool:
    """Whether a column's cells are pictures, or name files that are called as pictures, or are such."""
    cells = some(table, column)
    return bool(cells) and sum(_is_picture(table.folder, cell) for cell in cells) > len(cells) / 2


def _beside(table: Table, column: str, holding: Sequence[str], named: bool) -> tuple[str, ...]:
    """What to say where other columns hold pictures or texts too, or none has a usual name."""
    texts = [c for c in table.columns if c.strip().casefold() in TEXTS and _speaks(table, c)]
    out = []
    if holding[1:]:
        others = ", ".join(f"'{c}'" for c in holding[1:4])
        out.append(f"{table.name}: pictures are read from '{column}'; {others} left out, which also name pictures.")
    elif holding and not named:
        out.append(f"{table.name}: pictures are read from '{column}'.")
    if texts:
        out.append(f"{table.name}: pictures are learnt from; the texts in '{texts[0]}' are left out (see --text).")
    return tuple(out)


def _speaks(table: Table, column: str) -> bool:
    """Whether a column's cells are texts."""
    cells = some(table, column)
    return bool(cells) and all(isinstance(c, str) for c in cells)


def _is_picture(folder: Path, cell: object) -> bool:
    if isinstance(cell, dict):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        return looks_like_picture(cell[:16])
    if not isinstance(cell, str) or "\n" in cell or "://" in cell or len(cell) > _LONG:
        return False
    path = Path(cell.strip().replace("\\", "/"))
    return path.suffix.lower() in PICTURES or (not path.suffix and path.name != "" and _is_file(folder / path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
