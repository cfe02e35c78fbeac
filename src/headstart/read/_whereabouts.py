"""From which folder the names in a table are taken: its own, the working folder, or one beside it.

The folder that holds most of the files is taken for the whole table; at a tie the first, so that a table beside its
pictures means these. Where no folder holds any, an error names one full path and the folders that were tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError

_MOST = 40  # folders beside a table that are tried


@dataclass(frozen=True)
class Whereabouts:
    """Where the files that a table names are."""

    folder: Path  # from which relative names are taken
    named: int  # different files that the table names
    missing: tuple[Path, ...]  # of these, as full paths
    tried: tuple[Path, ...]


def whereabouts(own: Path, cells: Iterable[object]) -> Whereabouts:
    """Look for the files that the cells of a table in the folder `own` name; cells that hold no name say nothing."""
    names = [Path(name).expanduser() for name in dict.fromkeys(filter(None, map(_name, cells)))]
    tried, best = [own], _lacking(own, names)
    folder = own
    if best and any(not name.is_absolute() for name in names):
        for other in _others(own):
            tried.append(other)
            if len(lacking := _lacking(other, names)) < len(best):
                folder, best = other, lacking
    return Whereabouts(folder, len(names), tuple(folder / name for name in best), tuple(tried))


def told(found: Whereabouts, table: str, nouns: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Notes and warnings for a person.

    Raises:
        DataError: none of the files that the table names is there.
    """
    notes: tuple[str, ...] = ()
    if found.folder != found.tried[0]:
        notes = (f"The {nouns} that {table} names were found in {found.folder}, not beside the table.",)
    if not found.missing:
        return notes, ()
    first = found.missing[0]
    if len(found.missing) == found.named:
        beside = f", and {len(found.tried) - 2} folders around the table" if found.tried[2:] else ""
        raise DataError(
            f"None of the {found.named} {nouns} that {table} names is there, such as {first}. Relative names are taken "
            f"from the table's own folder, {found.tried[0]}; the working folder, {Path.cwd()}{beside}, were tried too. "
            "Correct the names, or put the table where they hold."
        )
    many = f"{len(found.missing)} of {found.named}"
    return notes, (
        f"{many} {nouns} that {table} names are not there, such as {first} (relative names are taken from "
        f"{found.folder}).",
    )


def _name(cell: object) -> str:
    """The name of a file that a cell holds, or nothing."""
    if isinstance(cell, dict):
        cell = "" if cell.get("bytes") else cell.get("path")
    return cell.strip() if isinstance(cell, str) else ""


def _others(own: Path) -> list[Path]:
    """The working folder, folders inside the table's own, the folder above it and those inside that."""
    places = [Path.cwd(), *_inside(own)[:_MOST], own.parent, *_inside(own.parent)[:_MOST]]
    return [place for place in dict.fromkeys(places) if place != own]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []


def _lacking(folder: Path, names: list[Path]) -> list[Path]:
    """The names that are no files, taken from this folder."""
    return [name for name in names if not _is_file(folder / name)]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return False
