"""Which files below a folder are meant as examples; a run's own folder never holds any.

Of pictures: a file with a picture's suffix counts whatever it holds, so that a broken one is named and not lost; a file
with an unknown suffix counts when its first bytes are a picture's. Does not decode.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..picture.picture import looks_like_picture

PICTURES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .gif .bmp .dib .tif .tiff .webp .avif .heic .heif .jp2 .j2k .ppm .pgm .pbm .pnm "
    ".tga .pcx .sgi .ico .icns .psd".split()
)
SIDECARS = frozenset(
    ".txt .md .rst .csv .tsv .json .jsonl .xml .yaml .yml .toml .html .htm .py .ipynb .log .ini .cfg .db .parquet "
    ".arrow .pt .npy .npz .mat .zip .gz .tar .7z .rar .pdf .svg "
    ".mp4 .avi .mov .wav .mp3 .flac .ogg .m4a .doc .docx .xls .xlsx .bak .tmp .part".split()
)


_OF_RUN = frozenset(
    "run.json journal.jsonl ranking.json environment.json lock.json predictions.parquet seen.safetensors card.md "
    "report.html model trials".split()
)


def is_picture(path: Path) -> bool:
    """Whether the file is meant as a picture; broken links count by their suffix."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return True
    if suffix in SIDECARS or not path.is_file():
        return False
    try:
        with path.open("rb") as f:
            return looks_like_picture(f.read(16))
    except OSError:
        return False


def files(root: Path, wanted: Callable[[Path], bool] = is_picture) -> list[Path]:
    """All wanted files below `root`, sorted by path. Follows links, each folder once; skips hidden names."""
    return sorted(_walk(root, {os.path.realpath(root)}, wanted))


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


def loose(folder: Path, wanted: Callable[[Path], bool] = is_picture) -> list[Path]:
    """Wanted files directly in `folder`, sorted."""
    return [p for p in _entries(folder) if not os.path.isdir(p) and wanted(p)]


def expand(inputs: Iterable[str | Path]) -> list[Path]:
    """Files, folders and "-" (paths from standard input, one a line) as one list of paths.

    A path that does not exist, or a folder without pictures, stays in the list: who asked for it shall hear of it.
    """
    out: list[Path] = []
    for given in inputs:
        if str(given) == "-":
            out += expand(line for line in (raw.strip("\r\n") for raw in sys.stdin) if line not in ("", "-"))
        else:
            path = Path(given).expanduser()
            out += (files(path) if path.is_dir() else []) or [path]
    return out


def _walk(folder: Path, seen: set[str], wanted: Callable[[Path], bool]) -> Iterator[Path]:
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
