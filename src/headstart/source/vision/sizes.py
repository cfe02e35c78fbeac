"""What a record says of a vision network's size, computed on a network without weights.

This module imports torch at its top: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from ...errors import SourceError
from .. import _library
from . import timm
from .parts import Pieces


def sizes(architecture: str, config: Mapping[str, Any], size: int) -> dict[str, Any]:
    """`feature_dim`, `widths`, `params` and `macs` (multiply-adds for one picture of `size` pixels) of a `Source`.

    Raises:
        SourceError: no such architecture, or one that features cannot be taken from.
    """
    with torch.device("meta"):  # no weight is drawn and nothing computed
        net = timm.build(architecture, config)
        with _library.stumbling(f"timm's {architecture} takes no pictures of {size} pixels"):
            net = timm.resized(net, size)
        x = torch.empty(1, 3, size, size)
    widths = []
    try:
        pieces, counter = Pieces(net), FlopCounterMode(display=False)
        with torch.inference_mode(), counter:
            for name, piece in pieces.chain.items():
                x = piece(x)
                widths += [pieces.pool(x).shape[1]] if name.startswith("stage") else []
            top = pieces.head(x)
            own: Any = net.get_classifier()  # type: ignore[operator] # timm's own method
            own(top[:, :, None, None] if isinstance(own, torch.nn.Conv2d) else top)  # the first of a ResNet-v2
    except Exception as problem:  # settings of a stranger make a network fail in every way
        why = " ".join(str(problem).split())[:200]
        raise SourceError(
            f"timm's '{architecture}' is no plain chain of stages, so its features cannot be taken here ({why}). Use a "
            "convolutional network (ResNet, EfficientNet, ConvNeXt, VGG, …) or a vision transformer (ViT, DINO, CLIP)."
        ) from problem
    return {
        "feature_dim": top.shape[1],
        "widths": (*widths, top.shape[1]),
        "params": sum(p.numel() for p in net.parameters()),
        "macs": counter.get_total_flops() // 2,
    }
