"""Loader: a vision model by torchvision's name (`--source alexnet`, `torchvision:resnet50.IMAGENET1K_V1`).

In: the name, with a tag of its weights or without (torchvision's default). Out: its `Source`, and the path of its
weights in our cache. The file comes from the address that torchvision names, by plain https (a mirror of that folder:
`HEADSTART_TORCHVISION`), or from torch's own cache. Of its sha256 only the digits in its name are checked, 8 of 64:
enough against damage, not against a forger. It is read without running anything, and what torchvision's network answers
with it the network that we build must answer too.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .. import runtime
from ..errors import SourceError
from ..types import Source
from . import _library
from ._modality import Weights
from ._near import near
from .files import cache, digest, http
from .formats import pytorch
from .vision import parity, processor, timm

ORIGIN = ("name", "weights", "url", "file")  # what a record's [origin] must give
MIRROR = "HEADSTART_TORCHVISION"  # the address that stands for https://download.pytorch.org/models
_HOME = "https://download.pytorch.org/models"
_HASH = re.compile(r"-([0-9a-f]{8,64})\.pth")
# Whose weights timm's own reading renames, and whose fit in their order. What is in neither, and no network of
# `vision/torchvision_nets.py`, is not offered: timm has such models, with weights of its own.
_RENAMED = r"resnet\d+|resnext\d+_32x8d|resnext\d+_32x4d|wide_resnet\d+_2|vgg\d+(_bn)?|densenet\d+|inception_v3"
_ORDERED = {
    "mobilenet_v2": "mobilenetv2_100",
    "mobilenet_v3_small": "mobilenetv3_small_100",
    "mobilenet_v3_large": "mobilenetv3_large_100",
    "mnasnet1_0": "mnasnet_100",
    **{f"efficientnet_b{at}": f"efficientnet_b{at}" for at in range(5)},
}
_SETTINGS = {f"mobilenet_v3_{size}": {"batch_norm_eps": 1e-3} for size in ("small", "large")}
_OWN = ("alexnet", "googlenet")
_INNER = ("AuxLogits.", "aux1.", "aux2.")  # classifiers in a network's middle, which serve its training
_OLDER = (r"(denselayer\d+\.(?:norm|conv))\.(\d)\.", r"\1\2.")  # names that a DenseNet's parts had, and have
_TWO_SCALES = ("googlenet", "inception_v3")  # with these weights they scale what they are given once more


def known(name: str) -> bool:
    """Whether it is a name of torchvision's that can be loaded; others are told without importing it.

    >>> known("alexnet"), known("resnet50.IMAGENET1K_V2"), known("swin_t")
    (True, True, False)
    """
    plain = name.partition(".")[0]
    return _architecture(plain) is not None and plain in _library.library("torchvision").models.list_models()


def find(name: str) -> Source | None:
    """The source of that name, downloaded if need be; None where torchvision's name is not one of ours.

    Raises:
        SourceError: it has no weights of that tag, or they cannot be had.
    """
    if not known(name):
        return None
    from .vision.sizes import sizes

    plain, _, tag = name.partition(".")
    weights = _weights_of(plain, tag)
    architecture, meta = _architecture(plain) or "", weights.meta
    key = f"{plain}.{weights.name}"
    spec = _input(weights, plain)
    path = _file(weights.url, runtime.cache_dir() / "sources" / key, key)
    trained = weights.name.startswith("IMAGENET1K_V") and len(meta["categories"]) == 1000
    return Source(
        key=key,
        title=f"{plain}, torchvision's {weights.name}",
        modality="image",
        architecture=architecture,
        loader="torchvision",
        origin={"name": plain, "weights": weights.name, "url": weights.url, "file": str(path)},
        sha256=digest.of(path),
        licence="not stated (torchvision's code is BSD-3-Clause)",
        input=spec,
        pretrained_on="ImageNet-1k" if trained else "not stated",
        classes="imagenet-1k" if trained else f"{len(meta['categories']):,} classes",
        paper="not stated",
        domain="photographs" if trained else "not stated",
        published=meta["_metrics"].get("ImageNet-1K", {}).get("acc@1"),
        config=_SETTINGS.get(plain, {}),
        **sizes(architecture, {}, spec.size),
    )


def fetch(source: Source) -> Path:
    """The source's weights as safetensors by the names of the network that is built, in our cache.

    Raises:
        SourceError: the file has gone, is no torch file of plain tensors, or does not fit.
    """
    folder = cache.place(source)
    if path := cache.ready(folder, source):
        return path
    file = _file(source.origin["url"], folder, source.key)
    if digest.of(file) != source.sha256:
        raise SourceError(f"{file} has changed since it was looked at. Run the same command again.")
    return cache.keep(Weights(_converted(source, pytorch.read(file), str(file))), source, folder)


def pulled(source: Source) -> bool:
    """Whether the source loads with the network off."""
    folder = cache.place(source)
    return Path(source.origin["file"]).is_file() or cache.there(folder, source)


def _converted(source: Source, given: dict[str, Any], whose: str) -> dict[str, Any]:
    """The weights by the names of the network that is built; it answers as torchvision's does."""
    import torch

    from .vision import torchvision_nets

    name, size = source.origin["name"], source.pixels.size
    given = {re.sub(*_OLDER, n): t for n, t in given.items()}
    wanted = torchvision_nets.reference(name, size, given)
    kept = {n: t for n, t in given.items() if not n.startswith(_INNER)}
    if re.fullmatch(_RENAMED, name):
        net = timm.filled(source.architecture, {}, kept, whose)
    else:
        net = timm.build(source.architecture, source.config)
        ordered = parity.in_order(kept, net.state_dict())
        if ordered is None:
            raise SourceError(f"The weights {whose} do not fit {source.architecture}. Fetch them again.")
        net.load_state_dict(ordered, strict=False)
    with torch.inference_mode():
        parity.same(net(parity.probe(size)), wanted, whose)
    return net.state_dict()


def _architecture(name: str) -> str | None:
    """The network that is built for a name of torchvision's."""
    if re.fullmatch(_RENAMED, name):
        return name
    return f"{timm.OTHERS}{name}" if name in _OWN else _ORDERED.get(name)


def _weights_of(name: str, tag: str) -> Any:  # noqa: ANN401 - a torchvision enum
    models = _library.library("torchvision").models
    all_of_them = models.get_model_weights(name)
    tags = list(all_of_them.__members__)
    if tag and tag not in tags:
        raise SourceError(
            f"torchvision has no weights '{name}.{tag}'; it has {', '.join(f'{name}.{t}' for t in tags)}."
        )
    return all_of_them[tag] if tag else all_of_them.DEFAULT


def _input(weights: Any, name: str) -> Any:  # noqa: ANN401 - a torchvision enum
    """Its own evaluation transform."""
    how = weights.transforms()
    half = (0.5, 0.5, 0.5)
    mean, std = (half, half) if name in _TWO_SCALES else (how.mean, how.std)
    return processor.cropped(how.crop_size[0], how.resize_size[0], mean, std, how.interpolation.value, weights.url)


def _torchs() -> Path:
    """torch's own cache, as torch finds it."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(os.environ.get("TORCH_HOME") or os.path.join(caches, "torch")))


def _file(url: str, folder: Path, key: str) -> Path:
    """The checked file: ours, torch's own copy, or downloaded."""
    name = url.rpartition("/")[2]
    promised = _HASH.search(name)
    if promised is None:
        raise SourceError(f"torchvision names {url}, which has no sha256 in its name; it is not fetched.")
    torchs = _torchs() / "hub" / "checkpoints" / name
    for path in (folder / name, torchs):
        if path.is_file() and digest.of(path).startswith(promised[1]):
            return path
    home = os.environ.get(MIRROR, "").rstrip("/")
    try:
        http.fetch(url.replace(_HOME, home, 1) if home else url, folder / name, promised[1])
    except SourceError as problem:
        raise SourceError(
            f"'{key}' cannot be had. {problem}\nBy hand: put {name} into {torchs.parent} or {folder}, and run the same "
            f"command again. A mirror of {_HOME} is set with {MIRROR}.\n{near(key)}"
        ) from problem
    return folder / name
