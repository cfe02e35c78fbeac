"""Weights of a network for pictures, in any format that is read here, by the names of the network that takes them.

In: the files of a package, a record. Out: every weight of the record's architecture. Tensors are matched by order,
which is safe only because every shape is checked and `sources verify` looks at what comes out. What must be moved
before (other orders, folded scales, blue before red) is said by the architecture or by the record's [origin]:
`keep` (a pattern: only tensors whose names match), `channels = "BGR"`, `answers = "sigmoid"` (one output, made two).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import SourceError
from ...types import Source
from ..formats import keras, onnx, pytorch, tfjs
from . import parity, timm

if TYPE_CHECKING:
    from torch import Tensor

    Tensors = dict[str, Tensor]

MATTERS = ("keep", "channels", "answers")


def converted(files: Sequence[Path], source: Source) -> Tensors:
    """Every weight of the source's architecture by its own names.

    Args:
        files: the weights, and a manifest where there is one.
        source: their record.

    Raises:
        SourceError: the tensors do not fit; the first that does not is named.
        UsageError: a package that reads the format is not installed.
    """
    given = _read(files)
    if keep := source.origin.get("keep"):
        given = {name: tensor for name, tensor in given.items() if re.search(keep, name)}
    suffixes, arrange = _ARRANGE.get(source.architecture, ((), None))
    if arrange and files[0].suffix in suffixes:  # files of other formats have the architecture's own order
        given = arrange(given, source)
    if source.origin.get("answers") == "sigmoid":
        given = _two_answers(given)
    if source.origin.get("channels") == "BGR":
        first = next(iter(given))
        given[first] = given[first].flip(1)
    net = timm.build(source.architecture, source.config)
    net.load_state_dict(_by_order(given, net.state_dict(), source), strict=False)
    return net.state_dict()


def _read(files: Sequence[Path]) -> Tensors:
    suffix = files[0].suffix
    if suffix == ".onnx":
        return onnx.read(files[0])
    if suffix in (".h5", ".keras"):
        return keras.read(files[0])
    if suffix == ".bin" and len(files) > 1:
        return tfjs.read(files[0], files[1])
    return pytorch.read(files[0])


def _by_order(given: Tensors, wanted: Tensors, source: Source) -> Tensors:
    """`given` renamed to the names of `wanted`, tensor by tensor in order; safe only because every shape is checked."""
    old = [name for name in given if not name.endswith(parity.COUNTER)]
    new = [name for name in wanted if not name.endswith(parity.COUNTER)]
    if set(old) == set(new):  # they have the names already (and safetensors keeps an order of its own)
        old = new
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        if given[a].shape != wanted[b].shape:
            raise SourceError(
                f"The weights of '{source.key}' do not fit {source.architecture}: tensor {index} of the file, '{a}' "
                f"{tuple(given[a].shape)}, meets '{b}' {tuple(wanted[b].shape)}. "
                "Correct `architecture` in the catalogue record."
            )
    if len(old) != len(new):
        raise SourceError(
            f"The weights of '{source.key}' do not fit {source.architecture}: the file holds {len(old)} tensors, "
            f"the architecture {len(new)}. Correct `architecture` in the catalogue record."
        )
    return {b: given[a] for a, b in zip(old, new, strict=True)}


def _two_answers(given: Tensors) -> Tensors:
    """The last layer's one logit z of "yes" as two, 0 and z: softmax of these is sigmoid(z)."""
    import torch

    *_, weight, bias = given
    return {**given, **{name: torch.cat([torch.zeros_like(given[name]), given[name]]) for name in (weight, bias)}}


def _dino(given: Tensors, source: Source) -> Tensors:
    """DINOv2 as transformers names it, behind "backbone.", in timm's order: query, key and value are one matrix there.

    The exporter cut the position embedding into the class token's and the patches', which have no names of their own.
    The graph resamples it at every picture; here that is done once, in the same way (bicubic, not antialiased as
    timm's is), for the record's size.
    """
    import torch

    body = {name.removeprefix("backbone."): tensor for name, tensor in given.items() if name.startswith("backbone.")}
    places = [tensor for name, tensor in given.items() if name.startswith("onnx::") and tensor.ndim == 3]
    if len(places) != 2:
        raise SourceError(f"The graph has {len(places)} position embeddings, a DINOv2's two. It is another network's.")
    one, many = sorted(places, key=lambda tensor: tensor.numel())
    was = math.isqrt(many.shape[1])
    grid = source.pixels.size // body["embeddings.patch_embeddings.projection.weight"].shape[-1]
    patches = many.reshape(1, was, was, -1).permute(0, 3, 1, 2)
    patches = torch.nn.functional.interpolate(patches, (grid, grid), mode="bicubic", align_corners=False)
    out = {"cls_token": body["embeddings.cls_token"], "pos_embed": torch.cat([one, patches.flatten(2).mT], 1)}
    out |= {f"patch_embed.{end}": body[f"embeddings.patch_embeddings.projection.{end}"] for end in ("weight", "bias")}
    depth = sum(name.endswith("norm1.weight") for name in body)
    for block in (f"encoder.layer.{at}." for at in range(depth)):
        inside = {name.removeprefix(block): tensor for name, tensor in body.items() if name.startswith(block)}
        for end in ("weight", "bias"):
            apart = (f"attention.attention.{name}.{end}" for name in ("query", "key", "value"))
            inside[f"qkv.{end}"] = torch.cat([inside[name] for name in apart])
        order = ("norm1.weight", "norm1.bias", "qkv.weight", "qkv.bias", "attention.output.dense.weight",
                 "attention.output.dense.bias", "layer_scale1.lambda1", "norm2.weight", "norm2.bias", "mlp.fc1.weight",
                 "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias", "layer_scale2.lambda1")  # fmt: skip
        out |= {block + name: inside[name] for name in order}
    return {**out, "norm.weight": body["layernorm.weight"], "norm.bias": body["layernorm.bias"]}


def _xception(given: Tensors, _: Source) -> Tensors:
    """Keras' Xception in timm's order: a block's shortcut, which Keras gives no name, before its convolutions."""
    blocks: dict[str, tuple[int, int]] = {}
    for kind in ("conv2d", "batch_normalization"):
        layers = dict.fromkeys(name.partition(".")[0] for name in given if name.startswith(kind))
        blocks |= {layer: (block, 0) for layer, block in zip(layers, (2, 3, 4, 13), strict=False)}
    for layer in {name.partition(".")[0] for name in given}:
        if found := re.match(r"block(\d+)_", layer):
            blocks[layer] = (int(found[1]), 1)
    kept = [name for name in given if name.partition(".")[0] in blocks]  # the rest is the package's own head
    return {name: given[name] for name in sorted(kept, key=lambda name: blocks[name.partition(".")[0]])}


def _faces(given: Tensors, _: Source) -> Tensors:
    """face-api's names, each convolution's scale folded into it: (w ∗ x + b) · s + t = (s w) ∗ x + (s b + t)."""
    out: Tensors = {}
    for name in [name for name in given if name.endswith("conv/filters")]:
        layer = name.removesuffix("conv/filters")
        scale = given[f"{layer}scale/weights"]
        out[f"{layer}weight"] = given[name].permute(3, 2, 0, 1) * scale[:, None, None, None]
        out[f"{layer}bias"] = given[f"{layer}conv/bias"] * scale + given[f"{layer}scale/biases"]
    return {**out, "fc": given["fc"].T}


# Architecture → the formats in which its weights come in another order, and who puts them right.
_ARRANGE: Mapping[str, tuple[tuple[str, ...], Callable[[Tensors, Source], Tensors]]] = {
    "vit_small_patch14_dinov2": ((".onnx",), _dino),
    "headstart:xception-keras": ((".keras", ".h5"), _xception),
    "headstart:faces": ((".bin",), _faces),
}
