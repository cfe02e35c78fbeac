"""A source's weights as we keep them: safetensors with the library's names, made once, read back checked.

Out: `model.safetensors` and `model.json` (its own sha256, and what it was made from) in the source's cache folder.
Knows nothing of where the weights came from and how they were made.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import runtime
from ...errors import SourceError
from ...types import Source
from .. import _modality
from .._modality import Weights
from . import digest

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)
NAME = "model.safetensors"


def sha256(data: bytes) -> str:
    """The hex digest.

    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def place(source: Source) -> Path:
    """The source's folder, which it shares with those that read less of each example ("NAME@128").

    What stands behind the "@" of a folder's own key is a digest of eight digits.
    """
    name, _, size = source.key.rpartition("@")
    return runtime.cache_dir() / "sources" / (name if size.isdecimal() and len(size) < 6 else source.key)


def ready(folder: Path, source: Source) -> Path | None:
    """The converted file in `folder`, if it was made from this source and no byte of it has changed since."""
    path = folder / NAME
    record = _made_from(path, source)
    if record is None:
        return None
    if digest.of(path) != record.get("sha256"):
        log.warning("%s has changed since it was made; it will be made again", path)
        return None
    return path


def there(folder: Path, source: Source) -> bool:
    """As `ready`, by the file's size and time; its bytes are looked at only where these are others than when made."""
    path = folder / NAME
    record = _made_from(path, source)
    return record is not None and (record.get("seen") == _seen(path) or ready(folder, source) is not None)


def _made_from(path: Path, source: Source) -> dict[str, Any] | None:
    """The record beside the file, if there are both and it was made from this source."""
    record = _record(path)
    told = {"from": source.sha256, "architecture": source.architecture, "how": _how(source)}
    wrong = any(record.get(name, {}) != value for name, value in told.items())
    return None if wrong or not path.is_file() else record


def _seen(path: Path) -> list[int]:
    """A file's size and time."""
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]


def keep(made: Weights, source: Source, folder: Path) -> Path:
    """Write weights, and what belongs into their header, as `model.safetensors` with its record."""
    from safetensors.torch import save

    header = dict(made.header) if made.header else None
    data = save({name: tensor.contiguous() for name, tensor in made.tensors.items()}, header)
    path = folder / NAME
    runtime.write(path, data)
    record = {"sha256": sha256(data), "from": source.sha256, "architecture": source.architecture, "seen": _seen(path)}
    runtime.write_json(path.with_suffix(".json"), record | ({"how": how} if (how := _how(source)) else {}))
    return path


def read(path: Path) -> dict[str, Tensor]:
    """The tensors by the library's names; the bytes are checked against the digest in `model.json`, where there is one.

    Raises:
        SourceError: the file is absent, has changed since it was written, or is no safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = digest.of(path)
    except OSError as problem:
        raise SourceError(f"The weights {path} cannot be read ({problem}). Pull the source again.") from problem
    promised = _record(path).get("sha256")
    if promised not in (None, found):
        raise SourceError(
            f"The weights {path} have sha256 {found}, but {promised} was written. Delete that file and pull again."
        )
    try:
        return load_file(path, backend="pread")  # no bytes twice in memory, and the file is free to be replaced
    except SafetensorError as problem:
        raise SourceError(f"{path} is no safetensors file ({problem}). Delete it and pull again.") from problem


def _how(source: Source) -> dict[str, Any]:
    """What else decides what is made of a network's file."""
    return _modality.of(source.modality).recipe(source)


def _record(path: Path) -> dict[str, Any]:
    """What `model.json` beside the weights says; empty where it is absent or no JSON object."""
    try:
        record = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
