"""Which files below a folder are wanted, as a reader says; a run's own folder never holds any."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Wanted = Callable[[Path], bool]  # whether a file is meant as an example
_OF_RUN = frozenset(
    "run.json journal.jsonl ranking.json environment.json lock.json predictions.parquet seen.safetensors card.md "
    "report.html model trials".split()
)


def files(root: Path, wanted: Wanted) -> list[Path]:
    """All wanted files below `root`, sorted by path. Follows links, each folder once; skips hidden names."""
    return sorted(_walk(root, {os.path.realpath(root)}, wanted))


def any_of(root: Path, wanted: Wanted) -> bool:
    """Whether any file below `root` is wanted."""
    return any(True for _ in _walk(root, {os.path.realpath(root)}, wanted))


def subfolders(folder: Path) -> list[Path]:
    """Folders in `folder`, sorted, without hidden ones, runs, and links to itself or to a folder above it."""
    real = os.path.realpath(folder)
    inside = [p for p in _entries(folder) if os.path.isdir(p) and not _is_above(os.path.realpath(p), real)]
    return [p for p in inside if not is_run(p)]


def is_run(folder: Path) -> bool:
    """Whether it is the folder of a run, finished or not, or holds such folders alone."""
    if _is_journal(folder):
        return True
    inside = _entries(folder)
    return bool(inside) and all(_is_journal(p) for p in inside)


def _is_journal(folder: Path) -> bool:
    """Whether there is a `journal.jsonl` that begins as ours does."""
    file = folder / "journal.jsonl"
    if not file.is_file():
        return False
    with file.open("rb") as f:
        return re.match(rb'\{"at": [\d.]+, "event": ', f.read(80)) is not None


def loose(folder: Path, wanted: Wanted) -> list[Path]:
    """Wanted files directly in `folder`, sorted."""
    return [p for p in _entries(folder) if not os.path.isdir(p) and wanted(p)]


def expand(inputs: Iterable[str | Path], wanted: Wanted) -> list[Path]:
    """Files, the wanted ones of folders, and "-" (paths from standard input, one a line) as one list of paths.

    A path that does not exist, or a folder without any, stays in the list: who asked for it shall hear of it.
    """
    out: list[Path] = []
    for given in inputs:
        if str(given) == "-":
            out += expand((line for line in (raw.strip("\r\n") for raw in sys.stdin) if line not in ("", "-")), wanted)
        else:
            path = Path(given).expanduser()
            out += (files(path, wanted) if path.is_dir() else []) or [path]
    return out


def _walk(folder: Path, seen: set[str], wanted: Wanted) -> Iterator[Path]:
    yield from loose(folder, wanted)
    for sub in subfolders(folder):
        real = os.path.realpath(sub)
        if real not in seen:
            seen.add(real)
            yield from _walk(sub, seen, wanted)


def _entries(folder: Path) -> list[Path]:
    """What is in it, without hidden names, leavings of systems, and what a run leaves in a folder of data."""
    try:
        names = [name for name in os.listdir(folder) if not name.startswith((".", "__MACOSX", "@eaDir"))]
        ours = _OF_RUN if "journal.jsonl" in names and _is_journal(folder) else ()
    except OSError:
        return []
    return sorted(folder / name for name in names if name not in ours)


def _is_above(path: str, below: str) -> bool:
    return path == below or below.startswith(path.rstrip(os.sep) + os.sep)
