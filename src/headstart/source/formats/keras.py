"""Keras 3 weights: `.weights.h5`, and `.keras`, a zip that holds one beside the network's description.

In the file a layer has no name of its own but its kind and a number ("conv2d_1"); the description in a `.keras` tells
whose they are. Out: float32 tensors in torch's layout by "layer.number" (numbered as Keras lists a layer's weights:
kernel, bias; gamma, beta, mean, variance), in the order of the description, or else of kinds and numbers.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ...family import require

if TYPE_CHECKING:
    from torch import Tensor

_WEIGHTS, _ABOUT = "model.weights.h5", "config.json"


def read(file: Path) -> dict[str, Tensor]:
    """Name → tensor.

    Raises:
        UsageError: the package `h5py` is not installed.
        SourceError: the file is no such file.
    """
    require(f"file {file.name}, which Keras wrote,", ["h5py"])
    import h5py

    about: Mapping[str, Any] = {}
    try:
        data = file.read_bytes()
        if file.suffix == ".keras":
            with zipfile.ZipFile(io.BytesIO(data)) as opened:
                data, about = opened.read(_WEIGHTS), json.loads(opened.read(_ABOUT))
        with h5py.File(io.BytesIO(data), "r") as tree:
            return _tensors(tree, _names(about["config"]["layers"], "layers") if about else {})
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as problem:
        raise SourceError(f"{file} is no file of Keras weights ({problem}). Pull the source again.") from problem


def _tensors(tree: Any, names: Mapping[str, str]) -> dict[str, Tensor]:  # noqa: ANN401 - h5py has no types
    import torch

    found: dict[str, Any] = {}
    tree.visititems(lambda path, item: found.update({path: item[()]}) if hasattr(item, "shape") else None)
    out = {}
    known = {layer: at for at, layer in enumerate(names)}
    order = sorted(found, key=lambda path: (known.get(_layer(path), len(known)), _natural(path)))
    for path in order:
        layer, number = _layer(path), path.rpartition("/")[2]
        if path.startswith("optimizer/") or "/seed_generator/" in path:  # no weights
            continue
        depthwise = number == "0" and re.search(r"(separable|depthwise)_conv2d(_\d+)?$", layer) is not None
        value = torch.from_numpy(found[path]).float()
        if value.ndim == 4:  # height, width, in, out (or how often each channel is used)
            value = value.permute(2, 3, 0, 1) if depthwise else value.permute(3, 2, 0, 1)
        elif value.ndim == 2:
            value = value.T
        out[f"{names.get(layer, layer)}.{number}"] = value.contiguous()
    return out


def _names(layers: list[Mapping[str, Any]], inside: str) -> dict[str, str]:
    """Path of a layer in the file → its own name, in the order of the network; networks inside it as well."""
    seen: Counter[str] = Counter()
    out: dict[str, str] = {}
    for layer in layers:
        kind = _snake(layer["class_name"])
        path = f"{inside}/{kind}" + (f"_{seen[kind]}" if seen[kind] else "")
        seen[kind] += 1
        if "layers" in layer["config"]:
            out |= _names(layer["config"]["layers"], f"{path}/layers")
        else:
            out[path] = layer["config"]["name"]
    return out


def _snake(name: str) -> str:
    """A class's name as Keras writes it in paths.

    >>> _snake("DepthwiseConv2D"), _snake("Conv2DTranspose"), _snake("BatchNormalization")
    ('depthwise_conv2d', 'conv2d_transpose', 'batch_normalization')
    """
    name = re.sub(r"\W+", "", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def _layer(path: str) -> str:
    return path.rpartition("/vars/")[0]


def _natural(path: str) -> list[tuple[str, int]]:
    """Sorts "conv2d_10" behind "conv2d_9", and "conv2d" before both."""
    parts = (re.fullmatch(r"(.*?)_?(\d+)?", part) for part in path.split("/"))
    return [(found[1], int(found[2] or -1)) for found in parts if found]
