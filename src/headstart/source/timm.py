"""Loader: a vision model by timm's name (`--source resnet50`, `timm:vit_base_patch16_clip_224.openai`).

In: the name, with a tag or without. Out: what `hub.py` makes of the repository that timm names for it. Or, with a file
(`timm:resnet18=weights.safetensors`), what timm's network of that name is with the weights of the file; prepared as
timm says of the name, and nothing said of what they learnt.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..types import Source
from . import hub
from ._modality import Weights
from .files import cache, digest
from .formats import pytorch
from .vision import processor, timm

ORIGIN = ("file",)  # what a record's [origin] must give
_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
_SHOWN = 12  # tags in a message


def known(name: str) -> bool:
    """Whether it is a name of timm's; what cannot be one is told without importing timm.

    >>> known("resnet50"), known("bert-base-uncased"), known("someone/resnet50")
    (True, False, False)
    """
    plain = name.partition(".")[0]
    return plain.isascii() and plain.isidentifier() and plain.islower() and bool(timm.library().is_model(plain))


def near(name: str) -> list[str]:
    """timm's names that are like it, where it looks like one of them.

    >>> near("resnet5")[0], near("bert-base")
    ('resnet50', [])
    """
    if not name.isascii() or not name.isidentifier():
        return []
    return get_close_matches(name, timm.library().list_models(), n=3, cutoff=0.8)


def find(name: str) -> Source | None:
    """The source of that name; None where timm has no such architecture.

    Raises:
        hub.NotGiven: the hub does not give its weights.
        SourceError: timm knows no weights for it, or the file does not fit.
    """
    plain, given, file = name.partition("=")
    if not known(plain):
        return None
    if given:
        return _of_file(plain, Path(os.path.expanduser(file)))  # which leaves a home that nobody has
    settings = _settings(plain)
    if not settings.hf_hub_id:
        raise SourceError(
            f"timm names no repository with weights for '{name}'. Names that have weights: {_tags(plain) or 'none'}."
        )
    return hub.find(settings.hf_hub_id)


def fetch(source: Source) -> Path:
    """A file's weights as safetensors with timm's names, in our cache.

    Raises:
        SourceError: the file has gone or changed, or does not fit.
    """
    folder = cache.place(source)
    if path := cache.ready(folder, source):
        return path
    file = Path(source.origin["file"])
    if not file.is_file() or digest.of(file) != source.sha256:
        raise SourceError(f"{file} has gone or changed since it was looked at. Run the same command again.")
    net = timm.filled(source.architecture, source.config, pytorch.read(file), str(file))
    return cache.keep(Weights(net.state_dict()), source, folder)


def pulled(source: Source) -> bool:
    """Whether the source loads with the network off: it does if the file or the converted weights are there."""
    folder = cache.place(source)
    return Path(source.origin["file"]).is_file() or cache.there(folder, source)


def _settings(name: str) -> Any:  # noqa: ANN401 - timm's PretrainedCfg
    """What timm says of the name and its tag."""
    try:
        return timm.library().get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as problem:
        raise SourceError(
            f"timm has no weights '{name}' ({problem}). Names that have weights: {_tags(name) or 'none'}."
        ) from problem


def _tags(name: str) -> str:
    found = timm.library().list_pretrained(f"{name.partition('.')[0]}.*")
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _of_file(architecture: str, file: Path) -> Source:
    from .vision.sizes import sizes

    if not os.path.isfile(file) or file.suffix not in _SUFFIXES:  # Path's own raises where a name is too long
        raise SourceError(
            f"'{file}' is no file with weights. Give one that ends in {', '.join(_SUFFIXES)}: `timm:NAME=FILE`."
        )
    file, tensors = file.resolve(), pytorch.read(file)
    settings = _settings(architecture)
    heads = settings.classifier if isinstance(settings.classifier, str) else ""
    head = tensors.get(f"{heads}.weight")
    config = {"num_classes": 0 if head is None or not head.ndim else len(head)}
    spec = processor.from_timm(settings.to_dict(), f"timm's '{architecture}'")
    sha256 = digest.of(file)
    return Source(
        key=f"{file.stem}@{architecture}@{sha256[:8]}",
        title=f"{file.name} in timm's {architecture}",
        modality="image",
        architecture=architecture.partition(".")[0],
        loader="timm",
        origin={"file": str(file)},
        sha256=sha256,
        licence="not stated",
        input=spec,
        pretrained_on="not stated",
        classes=f"{config['num_classes']:,} classes without names" if config["num_classes"] else "none",
        paper="not stated",
        notes="The file says nothing of how pictures are prepared; they are as timm's weights of this name want them.",
        config=config,
        **sizes(architecture.partition(".")[0], config, spec.size),
    )
