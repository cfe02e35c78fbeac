"""The part of a source that learns: its last parts behind a cut, its pooling, and a new head.

A map [b, c, h, w] (what enters the first of these parts; see `View.depth`) → logits [b, k]. The parts before the cut
are not registered here and never run: their activations were computed once. A torch module: import it
inside functions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import DataError, UsageError
from ...source.vision.backbone import Backbone, load, normalise
from ...types import Source, View

ROWS = 64  # at once where nothing is learnt
ROOT = 1e-3  # keeps the slope of the signed root finite at 0


class Tail(nn.Module):
    """Attributes: `parts` (name → module, stem → top), `classifier` (the new head), `source`."""

    def __init__(self, backbone: Backbone, depth: str, k: int) -> None:
        super().__init__()
        first = len(backbone.parts) - count(depth, len(backbone.parts))
        self.parts = nn.ModuleDict(dict(backbone.parts[first:]))
        self.late = nn.ModuleList(backbone.late)  # behind the pooling, run by `head`
        self.classifier = nn.Linear(backbone.source.feature_dim, k)
        self._backbone = [backbone]  # in a list: its weights before the cut must not be registered here
        self.source, self.anew = backbone.source, depth == "input"  # whole pictures are augmented anew at every step
        self.form = ""  # of the weights, where it is not the source's own: "nf4"
        self.changed = ""  # what moved its learning parts before this training: names a kept head
        self.skip = 0  # first parts that the given maps have already gone through, see `advance`

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

    def forward(self, x: Tensor) -> Tensor:
        """→ logits [b, k]."""
        top = self.features(x)
        with torch.autocast(x.device.type, enabled=False):  # in half precision two classes would often be level
            return cast(Tensor, self.classifier(soft_root(top.float())))

    def as_batch(self, x: NDArray[Any]) -> Tensor:
        """Rows of a cut (half precision) or of pictures (uint8) as a batch, channels last."""
        picked = torch.from_numpy(np.ascontiguousarray(x))
        return (picked if x.dtype == np.uint8 else picked.float()).contiguous(memory_format=torch.channels_last)

    def batches(self, x: NDArray[Any]) -> list[NDArray[np.int64]]:
        """Row numbers [n], as many at once as memory likes where nothing is learnt."""
        return np.array_split(np.arange(len(x)), max(1, -(-len(x) // ROWS)))

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

    def cast(self) -> AbstractContextManager[Any]:
        """The precision to predict in: pictures in full."""
        return nullcontext()

    def begin_behind(self, parts: int) -> None:
        """From now on the inputs are maps that have gone through the first `parts` parts, see `advance`."""
        self.skip = parts

    def stages(self) -> list[tuple[str, nn.Module]]:
        """(name, module) from the cut to the head, as they are unfrozen in reverse."""
        late = [("late", self.late)] if len(self.late) else []
        full = [(name, part) for name, part in self.parts.items() if any(True for _ in part.parameters())]
        return [*full, *late, ("head", self.classifier)]


def soft_root(x: Tensor) -> Tensor:
    """sign(x) · (√(|x| + ε) − √ε): the probe's signed root with a finite slope at 0."""
    return x.sign() * (torch.sqrt(x.abs() + ROOT) - math.sqrt(ROOT))


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


def open_tail(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """The tail of a source with its pre-trained weights; the head's weights are random."""
    if source.modality == "text":
        from ...source.language import model
        from .text_tail import TextTail

        return TextTail(model.load(source, weights), k)
    return Tail(load(source, weights), view.depth, k)


def moved(state: Mapping[str, Tensor], start: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """The new head, adapters, and what training changed of `start`; all, where that is empty: nothing is a source's."""
    return {
        name: tensor.detach().cpu().contiguous().numpy().copy()
        for name, tensor in state.items()
        # Batch counters, which evaluation does not use, are not kept.
        if not name.endswith("num_batches_tracked")
        and (
            name.startswith("classifier.")
            or "lora_" in name
            or not start
            or (name in start and not torch.equal(tensor.cpu(), start[name].cpu()))
        )
    }


def put(tail: Tail, state: Mapping[str, NDArray[Any]]) -> None:
    """Put a fitted state over the source's weights.

    Raises:
        DataError: it has weights that the tail has not.
    """
    given = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
    if strange := tail.load_state_dict(given, strict=False).unexpected_keys:
        raise DataError(
            f"The state of a tuned '{tail.source.key}' holds {strange[0]} ({len(strange)} such weights), which the "
            "source has not. It is another network's, or damaged: run `headstart fit` again."
        )


def plain(x: NDArray[Any]) -> NDArray[Any]:
    """[n, v, c, h, w] → the pictures themselves without their augmented copies, [n, c, h, w]."""
    return x[:, 0] if x.ndim == 5 else x


def look(
    tail: Any,  # noqa: ANN401 - or wrapped
    x: NDArray[Any],
    *,
    features: bool = False,
    exact: bool = False,
) -> NDArray[np.float32]:
    """Logits [n k], or "top" features [n d], of what the tail reads; the tail in eval mode. `exact`: in fp32."""
    own: Tail = getattr(tail, "module", tail)  # Accelerate wraps a model where there are several devices
    where, run = next(own.parameters()).device, own.features if features else tail
    groups = own.batches(x)
    with torch.inference_mode(), nullcontext() if exact else own.cast():
        out = torch.cat([run(own.as_batch(x[rows]).to(where)).float().cpu() for rows in groups]).numpy()
    back = np.empty_like(out)
    back[np.concatenate(groups)] = out
    return np.asarray(back, np.float32)


def source_scores(tail: Tail, top: NDArray[np.float32]) -> NDArray[np.float32]:
    """The source's own classifier on "top" features [n d] → [n s]."""
    with torch.inference_mode():
        where = next(tail.parameters()).device
        return np.asarray(tail.classify(torch.from_numpy(top).to(where)).float().cpu().numpy(), np.float32)
