"""From which folder the names in a table are taken: its own, the working folder, or one beside it.

The folder that holds most of the files is taken for the whole table; at a tie the first, so that a table beside its
pictures means these. Where most are in none, other ways of naming are tried on a sample: without a suffix or with
another one, with backslashes, or by folders of another machine of which the last ones are the same here; two names
never become one. Where no folder holds any, an error names one full path and the folders that were tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from ...errors import DataError

_MOST = 40  # folders beside a table that are tried
_LONG = 1_000  # characters of a name, beyond which it is none
_SAMPLE = 20  # names by which another way of naming is told
_SUFFIXES = tuple(".jpg .jpeg .png .JPG .JPEG .PNG .tif .tiff .bmp .gif .webp".split())


@dataclass(frozen=True)
class Whereabouts:
    """Where the files that a table names are."""

    folder: Path  # from which relative names are taken
    named: int  # different files that the table names
    missing: tuple[Path, ...]  # of these, as full paths
    tried: tuple[Path, ...]
    names: Mapping[str, str] = field(default_factory=dict)  # a cell → the file's name, where they differ

    def renamed(self, row: Mapping[str, Any], column: str) -> dict[str, Any]:
        """A row whose cell names the file as it is called."""
        cell = row.get(column)
        return {**row, column: self.names.get(cell.strip(), cell)} if isinstance(cell, str) else dict(row)

    def said(self, table: str) -> tuple[str, ...]:
        """A note where names and files differ."""
        first = next(iter(self.names.items()), None)
        return (f"{table} names files in another way than they are called: {first[0]} is {first[1]}.",) if first else ()


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
    if 2 * len(best) > len(names) and (found := _otherwise([own, *_others(own)], [str(name) for name in names])):
        folder, given = found
        best = _lacking(folder, [Path(name) for name in given.values()])
        return Whereabouts(folder, len(names), tuple(folder / name for name in best), tuple(tried), given)
    return Whereabouts(folder, len(names), tuple(folder / name for name in best), tuple(tried))


def told(found: Whereabouts, table: str, nouns: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Notes and warnings for a person.

    Raises:
        DataError: none of the files that the table names is there.
    """
    notes: tuple[str, ...] = ()
    if found.folder != found.tried[0]:
        notes = (f"The {nouns} that {table} names were found in {found.folder}, not beside the table.",)
    notes += found.said(table)
    if not found.missing:
        return notes, ()
    first = found.missing[0]
    if len(found.missing) == found.named and ":/" in str(first):
        raise DataError(
            f"{table} names {nouns} by web addresses, such as {str(first.relative_to(found.folder)).replace(':/', '://')}"
            "; headstart fetches none. Download them, and name the files in the table."
        )
    if len(found.missing) == found.named and len(str(first)) > _LONG:
        raise DataError(
            f"{table}: what should name {nouns} is too long for that ({str(first.relative_to(found.folder))[:40]}…): "
            "pictures as text? Save them as files and name these in the table, or keep their bytes in Parquet."
        )
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


def _otherwise(folders: Sequence[Path], names: Sequence[str]) -> tuple[Path, dict[str, str]] | None:
    """The folder, and the file's name for each name, by the way of naming that holds for most of a sample."""
    some = names[:: max(1, len(names) // _SAMPLE)][:_SAMPLE]
    for deep, suffix in _ways(some):
        for folder in folders if deep > 1 or deep == len(_parts(some[0])) else folders[:1]:
            here = (_is_file(folder / _named(name, deep, suffix)) for name in some)
            if any(next(here, False) for _ in range(3)) and 1 + sum(here) > len(some) / 2:
                found = {name: _named(name, deep, suffix) for name in names}
                if len(set(found.values())) == len(names):
                    return folder, found
    return None


def _ways(some: Sequence[str]) -> Iterator[tuple[int, str]]:
    """How many of a name's last parts count, all of them first, and the suffix in place of its own.

    Fewer than all count only of names with the folders of another machine.
    """
    most = max(len(_parts(name)) for name in some)
    foreign = all(PureWindowsPath(name).drive or name.startswith("/") for name in some)
    for suffix in ("", *_SUFFIXES):
        for deep in range(most, 0, -1) if foreign else [most]:
            yield deep, suffix


def _named(name: str, deep: int, suffix: str) -> str:
    r"""A name by its last parts, with another suffix.

    >>> _named(r"C:\me\images\1.png", 2, ""), _named("ISIC_01", 1, ".jpg")
    ('images/1.png', 'ISIC_01.jpg')
    """
    path = "/".join(_parts(name)[-deep:])
    own = Path(path).suffix
    return path.removesuffix(own if own.lower() in {s.lower() for s in _SUFFIXES} else "") + suffix if suffix else path


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


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
