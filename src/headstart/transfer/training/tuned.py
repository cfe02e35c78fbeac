"""What a tuned network says of new inputs: class scores, features before its head, and what the source said before.

In: a `Fitted` of a strategy that `_tune` trains, its inputs, its source. The network is built anew at each call.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ...errors import UsageError
from ...runtime import device
from ...types import Fitted, FloatArray, Source

if TYPE_CHECKING:
    from .tail import Tail
    from .tune import Opener


def logits(
    fitted: Fitted,
    x: NDArray[Any],
    source: Source | None = None,
    weights: Path | None = None,
    opened: Opener | None = None,
) -> FloatArray:
    """Maps [n, c, h, w] (or with copies [n, v, c, h, w], of which the first counts), pictures or tokens → [n k].

    Raises:
        UsageError: no source record.
    """
    from .tail import look, plain

    if source is None:
        raise UsageError(f"'{fitted.strategy}' needs the record of its source to read pictures. Pass source=….")
    return look(_tail_of(fitted, source, weights, opened), plain(x))


def features(
    fitted: Fitted, x: NDArray[Any], source: Source, weights: Path | None, opened: Opener | None = None
) -> FloatArray:
    """The same inputs → what the tuned network makes of them before its head, [n d]."""
    from .tail import look, plain

    return look(_tail_of(fitted, source, weights, opened), plain(x), features=True)


def _tail_of(fitted: Fitted, source: Source, weights: Path | None, opened: Opener | None) -> Tail:
    """The tuned network, ready to predict."""
    from .tail import open_tail, put

    tail = (opened or open_tail)(source, weights, fitted.view, len(fitted.state["classifier.bias"]))
    put(tail, fitted.state)
    return tail.to(device()).eval()


def skill(
    fitted: Fitted, x: NDArray[Any], source: Source, weights: Path | None
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """What the source made of maps and what the adapted network makes of them.

    Returns:
        ("top" features [n d], the source's own class scores [n s]) before, and the same after.
    """
    from .tail import look, open_tail, plain, put, source_scores

    tail = open_tail(source, weights, fitted.view, len(fitted.labels)).to(device()).eval()
    before = look(tail, plain(x), features=True)
    scores_before = source_scores(tail, before)
    put(tail, fitted.state)
    after = look(tail, plain(x), features=True)
    return (before, scores_before), (after, source_scores(tail, after))
