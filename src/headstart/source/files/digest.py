"""The sha256 of files, computed again only where a file's time or size has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path


def of(path: Path) -> str:
    """A file's sha256, as hexadecimal digits."""
    path = path.resolve()
    return _of(str(path), path.stat().st_mtime_ns, path.stat().st_size)


def of_all(paths: Iterable[Path]) -> str:
    """Of names and contents of several files together, in their order."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + bytes.fromhex(of(path)))
    return whole.hexdigest()


@lru_cache(maxsize=128)
def _of(name: str, _time: int, _size: int) -> str:
    with open(name, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
