"""Loader: a language model in a folder that `save_pretrained` wrote: config.json, safetensors, tokenizer.

In: the folder (`--source path/to/folder`). Out: its `Source`, all of it read or computed from the files, and the path
of its weights in our cache. No code of the folder is run, and weights in other formats are not read.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import runtime
from ..errors import SourceError
from ..types import Source, TextSpec
from . import _language, _weights

ORIGIN = ("folder",)  # what a record's [origin] must give
CONFIG = "config.json"
LENGTH = 512  # tokens at most: longer ones cost much, and tell a class rarely
# Of config.json what says how the model was saved, not what it is.
_ASIDE = ("model_type", "architectures", "transformers_version", "torch_dtype", "dtype", "_name_or_path", "auto_map")
_WORDS = ("vocab.*", "*.model")
_FILES = (CONFIG, "*.safetensors", "*.safetensors.index.json", "tokenizer.json", "tokenizer_config.json", "merges.txt",
          *_WORDS)  # fmt: skip


def find(name: str) -> Source | None:
    """The source in a folder of that path; None where the path is no folder with a model.

    Raises:
        SourceError: the folder's model cannot be used.
    """
    folder = Path(name).expanduser()
    if not (folder / CONFIG).is_file():
        return None
    folder = folder.resolve()
    made = source(folder, folder.name, "local", {"folder": str(folder)})
    return replace(made, key=f"{made.key}@{made.sha256[:8]}")  # two folders of one name stay two sources


def source(folder: Path, key: str, loader: str, origin: dict[str, str]) -> Source:
    """The record of the language model in a folder.

    Raises:
        SourceError: no weights as safetensors, or no architecture that features can be taken from.
    """
    said = _json(folder / CONFIG)
    if not any(folder.glob("*.safetensors")):
        raise SourceError(
            f"{folder} holds no weights as safetensors, and no others are read. Load the model where you trust it and "
            "save it with `model.save_pretrained(folder)`."
        )
    made = Source(
        key=key,
        title=key,
        modality="text",
        architecture=str(said.get("model_type")),
        loader=loader,
        origin=origin,
        sha256=_sha256(tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in _files(folder))),
        licence=_licence(folder),
        input=TextSpec(LENGTH),
        feature_dim=1,
        widths=(1,),
        params=1,
        macs=1,
        pretrained_on="not stated",
        classes="none",
        paper="not stated",
        config={name: value for name, value in said.items() if name not in _ASIDE},
    )
    sizes = _language.sizes(made)
    most = _json(folder / "tokenizer_config.json").get("model_max_length")
    length = min(LENGTH, sizes.pop("positions"), most if isinstance(most, int) else LENGTH)
    return replace(made, input=TextSpec(length), **sizes)


def fetch(source: Source) -> Path:
    """The source's weights, tokenizer in their header, in our cache.

    Raises:
        SourceError: the folder has gone or changed, or its weights do not fit its config.json.
    """
    from tokenizers import Tokenizer

    cached = runtime.cache_dir() / "sources" / source.key
    if path := _weights.ready(cached, source):
        return path
    folder = Path(source.origin["folder"])
    found = tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in _files(folder))
    if _sha256(found) != source.sha256:
        raise SourceError(f"{folder} has gone or changed since it was looked at. Run the same command again.")
    tensors = _language.pretrained(source, folder, config=_language.settings(source))
    if (folder / "tokenizer.json").is_file():
        words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    else:
        words = _words(folder)
    return _weights.keep(tensors, words.to_str(), source, cached)


def pulled(source: Source) -> bool:
    """Whether the source loads with the network off: it does if the folder or the converted weights are there."""
    cached = runtime.cache_dir() / "sources" / source.key
    return Path(source.origin["folder"]).is_dir() or _weights.ready(cached, source) is not None


def _words(folder: Path) -> Any:  # noqa: ANN401 - a Tokenizer
    """The tokenizer of a folder with vocabulary files alone."""
    try:
        if not any(any(folder.glob(pattern)) for pattern in _WORDS):
            raise ValueError(f"none of tokenizer.json, {', '.join(_WORDS)}")
        how = {"local_files_only": True, "trust_remote_code": False}  # else a person may be asked, and code be run
        made = _language.library().AutoTokenizer.from_pretrained(folder, **how)
        return made.backend_tokenizer
    except (OSError, ValueError, AttributeError) as problem:
        why = " ".join(str(problem).split())[:200]
        raise SourceError(
            f"{folder} holds no tokenizer that can be read ({why}). Save it there with "
            "`tokenizer.save_pretrained(folder)`."
        ) from problem


def _files(folder: Path) -> list[Path]:
    """What the source is made from."""
    return sorted({path for pattern in _FILES for path in folder.glob(pattern) if path.is_file()})


@lru_cache(maxsize=16)
def _sha256(files: tuple[tuple[str, int, int], ...]) -> str:
    """Of names and contents together; computed again where a time or size has changed."""
    whole = hashlib.sha256()
    for name, _, _ in files:
        with open(name, "rb") as opened:
            whole.update(Path(name).name.encode() + hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()


def _json(path: Path) -> dict[str, Any]:
    """A file's object; empty where there is no file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise SourceError(f"{path} is no readable JSON ({problem}). Save the model again.") from problem
    return found if isinstance(found, dict) else {}


def _licence(folder: Path) -> str:
    """What the model card's head says."""
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4000]
    except OSError:
        head = ""
    told = re.search(r"^license:\s*([\w.+-]+)\s*$", head, re.MULTILINE)
    return told[1] if told else "not stated"
