"""A source made runnable: its network, stages in order, pooled features at every depth, its own preprocessing.

In: a `Source` (and, if given, its weights file). Out: `Backbone`, and `prepare`/`normalise` for its pictures. How a
network comes to pieces is for `parts`. Knows nothing of tasks, caches and engines.

This module imports torch at its top, because `Backbone` is a torch module: import it inside the function that needs
it, never at the top of another module, or `headstart --help` becomes slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import SourceError, UnknownName
from ...types import InputSpec, Source
from .. import _loaders
from ..files import cache
from . import timm
from .parts import Pieces
from .prepare import prepare as prepared

_SMALL = 64  # pixels a side of the picture with which the chain is checked, where the network takes such small ones


class Backbone(nn.Module):
    """A pre-trained network, stem → stages → top → logits.

    Attributes:
        source: the record it was made from.
        net: the timm network, or one with the same door (see `parts`), in eval mode.
        stages: (name, module) from stem to top; every parameter outside the head stands in exactly one.
        depths: where pooled features can be taken: "stage1", …, "top".
        late: modules with weights between the pooling and the classifier, which `head` runs (a norm of ConvNeXt).
    """

    def __init__(self, source: Source, net: nn.Module) -> None:
        super().__init__()
        self.source, self.net = source, net
        try:
            self._pieces = Pieces(net)
        except (AttributeError, IndexError, TypeError, ValueError):  # it has not the door, or two classifiers
            raise self._no_chain() from None
        # Plain lists: the modules are registered once, under `net`.
        self._chain, self.late = list(self._pieces.chain.items()), self._pieces.late
        self.stages: list[tuple[str, nn.Module]] = [
            (name, nn.Sequential(part, *self.late) if name == "top" and self.late else part)
            for name, part in self._chain
            if [*part.children()] or (name == "top" and self.late)
        ]
        self.depths: tuple[str, ...] = (*(name for name, _ in self._chain if name.startswith("stage")), "top")
        self._check_chain()

    def forward(self, x: Tensor, depths: Sequence[str] = ("top",)) -> tuple[Tensor, ...]:
        """Features at each of `depths`, in that order, and the source's own logits last.

        Args:
            x: normalised pictures [b, 3, s, s], float32.
            depths: names from `self.depths`, "all" of them side by side, or cuts: "cut:3" is the map that enters the
                last three parts.

        Returns:
            ([b, d_1], …, [b, d_m], [b, classes]): means over space (of a transformer, over the tokens of its patches),
            "top" being what the classifier reads; a map [b, c, h, w] for a cut, [b, c, tokens, 1] of a transformer.

        Raises:
            UnknownName: a depth that this backbone has not.
        """
        cuts = {f"cut:{len(self._chain) - at}": at for at in range(len(self._chain))}
        for depth in depths:
            if depth not in (*self.depths, "all", *cuts):
                raise UnknownName("depth", depth, [*self.depths, "all", *cuts])
        found: dict[str, Tensor] = {}
        for at, (name, stage) in enumerate(self._chain):
            found |= {depth: x for depth in depths if cuts.get(depth) == at}
            x = stage(x)
            if name in self.depths and name != "top":
                found[name] = self._pieces.pool(x)
        found["top"] = self.head(x)
        if "all" in depths:
            found["all"] = torch.cat([found[depth] for depth in self.depths], 1)
        return (*(found[depth] for depth in depths), self.classify(found["top"]))

    @property
    def parts(self) -> list[tuple[str, nn.Module]]:
        """(name, module) in the order in which a picture's map goes through them: "stem", "stage1", …, "top"."""
        return list(self._chain)

    def head(self, x: Tensor) -> Tensor:
        """The map behind the last part [b, c, h, w] → the "top" features [b, d]."""
        return self._pieces.head(x)

    def classify(self, top: Tensor) -> Tensor:
        """The source's own classifier: [b, d] → [b, classes]; where it has none, the features as they are."""
        if isinstance(self.own_head, nn.Conv2d):  # of a ResNet-v2
            return cast(Tensor, self.own_head(top[:, :, None, None])).flatten(1)
        return cast(Tensor, self.own_head(top))

    @property
    def own_head(self) -> nn.Module:
        """The module of that classifier."""
        net: Any = self.net  # timm's own methods, which nn.Module's type does not know
        return cast(nn.Module, net.get_classifier())

    def _check_chain(self) -> None:
        """Our walk through the stages must give what the network itself gives; else its features would be wrong."""
        for side in (_SMALL, self.source.pixels.size):
            if found := self._same(side):
                break
        else:
            raise self._no_chain()
        widths = tuple(pooled.shape[1] for pooled in found)
        if widths != self.source.widths:
            raise SourceError(
                f"The record of '{self.source.key}' says widths = {list(self.source.widths)}; "
                f"{self.source.architecture} has {list(widths)}. Correct the record."
            )

    def _same(self, side: int) -> list[Tensor]:
        """Pooled features at each depth of a picture of `side` pixels; none where our way and the network's differ."""
        x = torch.linspace(-1, 1, 3 * side * side).reshape(1, 3, side, side)
        try:
            with torch.inference_mode():
                *found, logits = self.forward(x, self.depths)
                same = torch.allclose(logits, self.net(x), rtol=1e-4, atol=1e-4)
        except (RuntimeError, AssertionError, ValueError, TypeError):  # shapes that do not meet, in timm's many ways
            same = False
        return found if same else []

    def _no_chain(self) -> SourceError:
        return SourceError(
            f"The architecture '{self.source.architecture}' of '{self.source.key}' is no plain chain of stages, so "
            "its features cannot be taken here. Use an architecture of timm's convolutional families "
            "(EfficientNet, MobileNet, ResNet, ConvNeXt, VGG, …) or a vision transformer (ViT, DeiT, DINO, CLIP)."
        )


class Whole(nn.Module):
    """Normalisation and backbone in one: eats prepared pictures, uint8 [b, 3, s, s]; gives what `Backbone` gives."""

    def __init__(self, source: Source, weights: Path | None, depths: Sequence[str]) -> None:
        super().__init__()
        self.body, self.depths = load(source, weights), tuple(depths)
        self.eval()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """uint8 [b, 3, s, s] → features at each depth, and the source's own logits."""
        out: tuple[Tensor, ...] = self.body(normalise(x, self.body.source.pixels), self.depths)
        return out


class Rows(Whole):
    """The same, of one depth alone."""

    def __init__(self, source: Source, weights: Path | None, depth: str) -> None:
        super().__init__(source, weights, (depth,))

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """uint8 [b, 3, s, s] → [b, d], or a cut's maps."""
        return super().forward(x)[0]


def load(source: Source, weights: Path | None = None) -> Backbone:
    """Build a source's network, put its weights in, and make it ready for pictures of the record's size.

    Args:
        source: a record of the catalogue.
        weights: safetensors with timm's names; fetched (or taken from the cache) when not given.

    Returns:
        The backbone in eval mode, on the CPU.

    Raises:
        SourceError: the weights cannot be had, are damaged, or do not fit the architecture.
    """
    tensors = cache.read(weights or _loaders.fetch(source))
    net = timm.build(source.architecture, source.config)
    try:
        net.load_state_dict(tensors, strict=True)
    except RuntimeError as problem:
        why = " ".join(str(problem).split())[:300]
        raise SourceError(
            f"The weights {weights or ''} of '{source.key}' do not fit {source.architecture}: {why}. Pull them again."
        ) from problem
    return Backbone(source, timm.resized(net, source.pixels.size)).eval()


def prepare(picture: NDArray[np.uint8], spec: InputSpec) -> Tensor:
    """See `vision/prepare.py`; as a tensor, uint8 [3, size, size]."""
    return torch.from_numpy(prepared(picture, spec))


def normalise(batch: Tensor, spec: InputSpec) -> Tensor:
    """(x / 255 − mean) / std, channel by channel.

    Args:
        batch: uint8 [b, 3, s, s].
        spec: the source's input.

    Returns:
        float32 [b, 3, s, s], on the device of `batch`.
    """
    std = torch.tensor(spec.std, device=batch.device).view(1, 3, 1, 1)
    mean = torch.tensor(spec.mean, device=batch.device).view(1, 3, 1, 1)
    return batch.float().mul_(1 / (255 * std)).sub_(mean / std)
