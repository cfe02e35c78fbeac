"""The tail of a network for pictures: maps [b, c, h, w] at a cut, or whole uint8 pictures → logits [b, k].

The parts before the cut are not registered here and never run: their activations were computed once. A torch module:
import it inside functions.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import UsageError
from ...source.vision.backbone import Backbone, normalise
from .tail import Tail


class MapTail(Tail):
    """Its parts are those of the backbone behind `depth` (see `View.depth`), all of them where that is "input"."""

    def __init__(self, backbone: Backbone, depth: str, k: int) -> None:
        first = len(backbone.parts) - count(depth, len(backbone.parts))
        super().__init__(backbone.source, dict(backbone.parts[first:]), backbone.late, k)
        self._backbone = [backbone]  # in a list: its weights before the cut must not be registered here
        self.anew = depth == "input"

    @property
    def whole(self) -> nn.Module:
        """The backbone."""
        return self._backbone[0]

    def features(self, x: Tensor) -> Tensor:
        """A map [b, c, h, w], or with the whole network a uint8 picture [b, 3, s, s] → "top" features [b, d]."""
        if self.anew:
            x = normalise(x, self.source.pixels).contiguous(memory_format=torch.channels_last)
        for part in [*self.parts.values()][self.skip :]:
            x = part(x)
        return self._backbone[0].head(x)

    def classify(self, top: Tensor) -> Tensor:
        """The source's own classifier, which never learns: "top" features [b, d] → [b, classes]."""
        return self._backbone[0].classify(top)

    def as_batch(self, x: NDArray[Any]) -> Tensor:
        """Rows of a cut (half precision) or of pictures (uint8) as a batch, channels last."""
        picked = torch.from_numpy(np.ascontiguousarray(x))
        return (picked if x.dtype == np.uint8 else picked.float()).contiguous(memory_format=torch.channels_last)

    def advance(self, parts: int, x: NDArray[Any]) -> NDArray[Any]:
        """Maps [n, …, c, h, w] behind the first `parts` parts, in eval mode, half precision."""
        self.eval()
        where = next(self.parameters()).device
        first, flat = [*self.parts.values()][:parts], x.reshape(-1, *x.shape[-3:])
        out = []
        with torch.inference_mode():
            for rows in self.batches(flat):
                piece = self.as_batch(flat[rows]).to(where)
                for part in first:
                    piece = part(piece)
                out.append(piece.clamp(-65504, 65504).half().cpu().contiguous().numpy())
        done = np.concatenate(out)
        return done.reshape(*x.shape[:-3], *done.shape[1:])

    def laid_out(self) -> Self:
        """Channels last."""
        return self.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def count(depth: str, total: int) -> int:
    """How many last parts stand behind a cut.

    >>> count("cut:3", 9), count("input", 9)
    (3, 9)

    Raises:
        UsageError: no cut, or more parts than there are.
    """
    if depth == "input":
        return total
    kind, _, number = depth.partition(":")
    if kind != "cut" or not number.isdigit() or not 1 <= int(number) <= total:
        raise UsageError(
            f"'{depth}' is no cut of this network; give cut:1 to cut:{total} (so many last parts learn), or input."
        )
    return int(number)
