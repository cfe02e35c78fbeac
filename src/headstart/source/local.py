"""Loader: a model in a folder that `save_pretrained` wrote: config.json, safetensors, tokenizer or picture settings.

In: the folder (`--source path/to/folder`). Out: its `Source`, all of it read or computed from the files, and the path
of its weights in our cache. No code of the folder is run, and weights in other formats are not read. What kind of data
the model is for, and what it is made of, its modality says.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import SourceError
from ..types import Source
from . import _modality
from .files import cache, digest, saved
from .language import sentence

ORIGIN = ("folder",)  # what a record's [origin] must give
CONFIG = "config.json"
ADAPTER = "adapter_config.json"  # peft's
_ALONE = (".safetensors", ".pth", ".pt", ".bin")
_FILES = (CONFIG, "*.safetensors", "*.safetensors.index.json")  # of every model; more in `Modality.files`


def find(name: str) -> Source | None:
    """The source in a folder of that path; None where the path is no folder with a model.

    Raises:
        SourceError: the folder's model cannot be used.
    """
    try:
        folder = Path(name).expanduser()
        here = any((folder / name).is_file() for name in (CONFIG, ADAPTER, sentence.MODULES))
        alone = folder.suffix in _ALONE and folder.is_file()
    except (RuntimeError, OSError, ValueError):  # a home that nobody has, a name longer than a file's can be
        return None
    if not here:
        if alone:
            raise SourceError(
                f"{folder} holds weights and not what they are weights of. Give the folder with its config.json, or "
                f"timm's name of the network with the file: `--source timm:NAME={folder}`."
            )
        return None
    folder = folder.resolve()
    made = source(folder, folder.name, "local", {"folder": str(folder)})
    return replace(made, key=f"{made.key}@{made.sha256[:8]}")  # two folders of one name stay two sources


def source(folder: Path, key: str, loader: str, origin: dict[str, str]) -> Source:
    """The record of the model in a folder.

    Args:
        folder: where it lies.
        key: what to call it.
        loader: who fetches it.
        origin: where it comes from; with a `repository` its tags and its card are believed.

    Raises:
        SourceError: no weights as safetensors, or no architecture that features can be taken from; or an adapter.
    """
    refuse_adapter(folder)
    said, kinds = saved.settings(folder / CONFIG), [_modality.of(name) for name in _modality.names()]
    known = {"key": key, "title": key, "loader": loader, "origin": origin, "sha256": digest.of_all(_files(folder))}
    return max(kinds, key=lambda kind: kind.claim(folder, said)).record(folder, said, known)


def refuse_adapter(folder: Path) -> None:
    """Raises `SourceError`, which names the base, where the folder holds what peft saved: what was learnt beside it."""
    if not (folder / ADAPTER).is_file():
        return
    said = saved.settings(folder / ADAPTER)
    base, kind = said.get("base_model_name_or_path") or "a model that it does not name", said.get("peft_type", "peft")
    raise SourceError(
        f"{folder} holds an adapter ({kind}) of {base}, and no model of its own. To reuse both, merge them first: "
        f"`PeftModel.from_pretrained(AutoModel.from_pretrained({str(base)!r}), folder).merge_and_unload()."
        f"save_pretrained(new)`, its tokenizer into the same folder, and give `--source new`. To reuse the base alone: "
        f"`--source {base}`."
    )


def fetch(source: Source) -> Path:
    """The source's weights, and what stands in their header, in our cache.

    Raises:
        SourceError: the folder has gone or changed, or its weights do not fit its config.json.
    """
    cached = cache.place(source)
    if path := cache.ready(cached, source):
        return path
    folder = Path(source.origin["folder"])
    if digest.of_all(_files(folder)) != source.sha256:
        raise SourceError(f"{folder} has gone or changed since it was looked at. Run the same command again.")
    made = _modality.of(source.modality).adopted(source, folder, saved.settings(folder / CONFIG))
    return cache.keep(made, source, cached)


def pulled(source: Source) -> bool:
    """Whether the source loads with the network off: it does if the folder or the converted weights are there."""
    cached = cache.place(source)
    return Path(source.origin["folder"]).is_dir() or cache.there(cached, source)


def _files(folder: Path) -> list[Path]:
    """What the source is made from."""
    kinds = [_modality.of(name) for name in _modality.names()]
    patterns = {*_FILES, *(pattern for kind in kinds for pattern in kind.files)}
    places = {folder}.union(*(kind.places(folder) for kind in kinds))
    found = {path for place in places for pattern in patterns for path in place.glob(pattern)}
    return sorted(path for path in found if path.is_file())
