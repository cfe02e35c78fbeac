"""The catalogue: which pre-trained sources there are, and what a name of one means.

Out: `Source` values, of the records (`_records.py`) or of models elsewhere. Imports no model and fetches nothing unless
told to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from .. import family
from ..errors import SourceError, UnknownName
from ..types import Source, to_dict
from . import _modality
from ._loaders import fetch, loader
from ._near import near
from ._records import cheap_keys, keys, packaged, read, source_from, usual

__all__ = [
    "cheap_keys",
    "describe",
    "fetch",
    "get",
    "keys",
    "loader",
    "packaged",
    "pull",
    "reads",
    "source_from",
    "usual",
]
_ALIKE = 0.8  # a name so like a key is a slip of the pen, and no hub is asked for it
_PATH = re.compile(r"[./~]|[\w.-]+/[\w.-]+/|.*\\")  # no name that a hub could know
_SCHEMES = {"timm": "timm", "torchvision": "torchvision", "hub": "hub", "hf-hub": "hub"}  # before ":" → the loader
_WAYS = "Other ways to name one: a folder, timm:NAME, timm:NAME=FILE, torchvision:NAME, hub:OWNER/NAME@REVISION."


def get(key: str) -> Source:
    """The record of one source.

    What a name means, in this order: a key of the catalogue, with "@128" behind it reading at most so many tokens of a
    text, or pictures of so many pixels; a path to a folder with a saved model; with "timm:", "torchvision:",
    "hub:" or "hf-hub:" before it a name there and nowhere else; a name of timm's ("resnet50",
    with a tag or without); a name of torchvision's that timm has not ("alexnet"); a name on the hub
    ("bert-base-uncased").

    Raises:
        UnknownName: no such key, but one much like it; suggests the nearest.
        SourceError: the record is not a complete and correct one, two records have this key, or the model of the folder
            or hub cannot be had.

    >>> get("efficientnet-lite0").input.size
    224
    """
    return read(key) or _part(key) or _elsewhere(key, keys())


def _part(key: str) -> Source | None:
    """The catalogue's source, reading so many tokens of a text at most, or pictures of so many pixels: "NAME@128"."""
    name, _, size = key.rpartition("@")
    whole = read(name) if size.isdecimal() else None
    return whole and _modality.of(whole.modality).at_most(whole, int(size))


def _elsewhere(name: str, keys: list[str]) -> Source:
    """A source that no record tells of; where it is known and cannot be had, packaged ones near it are named."""
    try:
        found: Source | None = _known_elsewhere(name)
    except _loader("hub").NotGiven as problem:
        raise SourceError(f"{problem}\n{near(name)}") from problem
    if found:
        return found
    if _PATH.match(name):
        raise SourceError(
            f"{name}, which was given as a source, is no folder with a model (config.json, model.safetensors and what "
            "stands beside them). Give the folder that `model.save_pretrained(folder)` wrote, or a name."
        )
    slip = UnknownName("source", name, keys)
    if get_close_matches(name, keys, n=1, cutoff=_ALIKE):
        raise slip
    hub = _loader("hub")
    try:
        found = hub.find(name)
    except hub.NotGiven as problem:
        like = _loader("timm").near(name)
        has = f" (timm has {', '.join(like)})" if like else ""
        raise SourceError(
            f"'{name}' is no key of the catalogue, no folder with a config.json, and no name of timm's or "
            f"torchvision's{has}. {problem}\n{near([*like, name][0])}\nKnown keys: {', '.join(keys)}. {_WAYS}"
        ) from problem
    if found is None:
        raise slip
    return found


def _known_elsewhere(name: str) -> Source | None:
    """A folder, or what timm or torchvision call so; None where nobody does."""
    found: Source | None = _loader("local").find(name)
    scheme, _, rest = name.partition(":")
    if found is None and scheme in _SCHEMES:
        if made := _loader(_SCHEMES[scheme]).find(rest):
            return cast(Source, made)
        raise SourceError(f"'{rest}' is no name that '{scheme}:' knows. {_WAYS}")
    return found or _loader("timm").find(name) or _loader("torchvision").find(name)


def _loader(name: str) -> Any:  # noqa: ANN401 - a module of this folder
    return family.load("source", name)


def describe(source: Source) -> dict[str, Any]:
    """A record as plain values for a person or JSON, with `pulled`: whether it works with the network off."""
    return {**to_dict(source), "pulled": loader(source).pulled(source)}


def reads(row: Mapping[str, Any]) -> str:
    """What a described source takes, for a table: "224 px", "128 tokens"."""
    return _modality.of(row["modality"]).shown(row["input"])


def pull(wanted: Iterable[str]) -> dict[str, Path]:
    """Fetch sources by key; all keys are looked up before the first byte is fetched. Key → path of the weights."""
    sources = [get(key) for key in wanted]
    return {source.key: fetch(source) for source in sources}
