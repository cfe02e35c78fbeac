"""What a tuned network says of new inputs: class scores, features before its head, and what the source said before.

In: a `Fitted` of a strategy that `tune` trains, its inputs, its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ...errors import UsageError
from ...runtime import device
from ...types import Fitted, FloatArray, Source
from ..modality import open_tail

if TYPE_CHECKING:
    import torch

    from .tail import Opener


class Tuned:
    """A tuned network, built once.

    Inputs are maps [n, c, h, w] (or with copies [n, v, c, h, w], of which the first counts), pictures or tokens.
    """

    def __init__(
        self, fitted: Fitted, source: Source | None, weights: Path | None, opened: Opener | None = None
    ) -> None:
        """Raises `UsageError` where there is no source record."""
        from .tail import put

        if source is None:
            raise UsageError(f"'{fitted.strategy}' needs the record of its source to read examples. Pass source=….")
        tail = (opened or open_tail)(source, weights, fitted.view, len(fitted.state["classifier.bias"]))
        put(tail, fitted.state)
        self._tail = tail.to(device()).eval()

    def logits(self, x: NDArray[Any]) -> FloatArray:
        """Inputs → class scores [n k]."""
        from .tail import look, plain

        return look(self._tail, plain(x))

    def features(self, x: NDArray[Any]) -> FloatArray:
        """Inputs → what the network makes of them before its head, [n d]."""
        from .tail import look, plain

        return look(self._tail, plain(x), features=True)

    def module(self) -> torch.nn.Module:
        """The network as a module on the CPU: a batch as `Tail.features` takes it → logits [b k]."""
        from .tail import Plain

        return Plain(self._tail.cpu())


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """A tuned network as a module, see `Tuned.module`."""
    return Tuned(fitted, source, weights).module()


predictor = Tuned  # what strategies call it


def added(state: Mapping[str, NDArray[Any]]) -> int | None:
    """How many numbers of a tuned network's state are no source's: its head and adapters; None of any other state."""
    new = [a.size for name, a in state.items() if name.startswith("classifier.") or "lora_" in name]
    return sum(new) or None


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """Inputs → class scores [n k], once."""
    return Tuned(fitted, source, weights).logits(x)


def skill(
    fitted: Fitted, x: NDArray[Any], source: Source, weights: Path | None
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """What the source made of maps and what the adapted network makes of them.

    Returns:
        ("top" features [n d], the source's own class scores [n s]) before, and the same after.
    """
    from .tail import look, plain, put, source_scores

    tail = open_tail(source, weights, fitted.view, len(fitted.labels)).to(device()).eval()
    before = look(tail, plain(x), features=True)
    scores_before = source_scores(tail, before)
    put(tail, fitted.state)
    after = look(tail, plain(x), features=True)
    return (before, scores_before), (after, source_scores(tail, after))
