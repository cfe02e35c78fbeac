"""The part of a source that learns: its last parts behind a cut, its pooling, and a new head.

What enters the first of these parts → logits [b, k]. How it computes is `MapTail`'s and `TextTail`'s; which of them a
source has, its modality says (`modality.open_tail`). A torch module: import it inside functions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import DataError, UsageError
from ...types import Source, View

ROWS = 64  # at once where nothing is learnt
ROOT = 1e-3  # keeps the slope of the signed root finite at 0
RANDOM = "random"  # the `form` of a tail of no source's weights


class Tail(nn.Module, ABC):
    """What learns of a source. `MapTail` and `TextTail` say how it computes.

    Attributes:
        source: its record.
        parts: name → module, stem → top, those behind the cut.
        late: behind the pooling.
        classifier: the new head.
        anew: whether it reads whole examples, which are augmented anew at every step.
        form: of the weights, where it is not the source's own: "nf4", "random".
        changed: what moved its learning parts before this training; names a kept head.
        skip: first parts that what is given has already gone through, see `advance`.
        precision: that it is trained in, see `loop.Recipe`.
    """

    precision = "no"

    def __init__(self, source: Source, parts: Mapping[str, nn.Module], late: Iterable[nn.Module], k: int) -> None:
        super().__init__()
        self.parts, self.late = nn.ModuleDict(dict(parts)), nn.ModuleList(late)
        self.classifier = nn.Linear(source.feature_dim, k)
        self.source, self.anew, self.form, self.changed, self.skip = source, False, "", "", 0

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """A batch → "top" features [b, d]."""

    @abstractmethod
    def as_batch(self, x: NDArray[Any]) -> Tensor:
        """Rows as a batch."""

    @abstractmethod
    def advance(self, parts: int, x: NDArray[Any]) -> NDArray[Any]:
        """Rows behind the first `parts` parts, in eval mode, half precision."""

    def classify(self, top: Tensor) -> Tensor:
        """The source's own classifier, which never learns: "top" features [b, d] → [b, classes].

        Raises:
            UsageError: it has none.
        """
        raise UsageError(f"'{self.source.key}' has no classifier of its own. Name another source.")

    def forward(self, x: Tensor) -> Tensor:
        """→ logits [b, k]."""
        top = self.features(x)
        with torch.autocast(x.device.type, enabled=False):  # in half precision two classes would often be level
            return self.scores(top)

    def scores(self, top: Tensor) -> Tensor:
        """Features [b, d] of depth "top" → logits [b, k]."""
        return cast(Tensor, self.classifier(soft_root(top.float())))

    @property
    @abstractmethod
    def whole(self) -> nn.Module:
        """The source's network, of which some parts are this tail's."""

    def batches(self, x: NDArray[Any]) -> list[NDArray[np.int64]]:
        """Row numbers [n], as many at once as memory likes where nothing is learnt."""
        return np.array_split(np.arange(len(x)), max(1, -(-len(x) // ROWS)))

    def begin_behind(self, parts: int) -> None:
        """From now on the inputs are rows that have gone through the first `parts` parts, see `advance`."""
        self.skip = parts

    def fits(self, rows: Sequence[NDArray[Any]]) -> bool:
        """Whether what `advance` makes of these may be kept in memory."""
        return True

    def laid_out(self) -> Self:
        """Itself, its weights in memory as training likes them."""
        return self

    def cast(self) -> AbstractContextManager[Any]:
        """The precision to predict in: full."""
        return nullcontext()

    def stages(self) -> list[tuple[str, nn.Module]]:
        """(name, module) from the cut to the head, as they are unfrozen in reverse."""
        late = [("late", self.late)] if len(self.late) else []
        full = [(name, part) for name, part in self.parts.items() if any(True for _ in part.parameters())]
        return [*full, *late, ("head", self.classifier)]


class Plain(nn.Module):
    """A tail for exporters: nothing casts."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail
        self.eval()

    @property
    def source(self) -> nn.Module:
        """The whole network, of which the parts of the tail alone are registered, and written."""
        return self.tail.whole

    def forward(self, x: Tensor) -> Tensor:
        """As of the tail."""
        return self.tail.scores(self.tail.features(x))


Opener = Callable[[Source, Path | None, View, int], Tail]  # as `modality.open_tail`


def soft_root(x: Tensor) -> Tensor:
    """sign(x) · (√(|x| + ε) − √ε): the probe's signed root with a finite slope at 0."""
    return x.sign() * (torch.sqrt(x.abs() + ROOT) - math.sqrt(ROOT))


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
