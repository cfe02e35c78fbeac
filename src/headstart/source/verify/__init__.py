"""Shows that a source is what its record says: one file a modality, each with `verify(source, weights)`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ... import family
from ...errors import SourceError
from ...types import Source

_FOLDER = "source/verify"
_MISSES = 1  # questions that a sound, small network may still get wrong


def verify(source: Source, weights: Path | None = None) -> list[dict[str, Any]]:
    """Ask a source what is known.

    Args:
        source: the record.
        weights: its file; else it is fetched if need be.

    Returns:
        A row a question: `picture` or `text` (what one example of its kind is called), which was asked about;
        `expected`, `named`, `probability`; `ok`, whether it was answered rightly. See `image.verify`, `text.verify`.

    Raises:
        SourceError: the weights cannot be had or do not fit, or there is nothing to hold the source against.
    """
    if source.modality not in family.names(_FOLDER):
        raise SourceError(
            f"There is no check for '{source.key}', nor for any source of its kind ({source.modality}). Judge it by a "
            "fit on your own data."
        )
    return cast("list[dict[str, Any]]", family.load(_FOLDER, source.modality).verify(source, weights))


def sound(rows: list[dict[str, Any]]) -> bool:
    """Whether the rows of `verify` show the promised model: at most one answer is wrong.

    >>> sound([{"ok": True}] * 5 + [{"ok": False}]), sound([{"ok": True}] * 4 + [{"ok": False}] * 2)
    (True, False)
    """
    return sum(not row["ok"] for row in rows) <= _MISSES
