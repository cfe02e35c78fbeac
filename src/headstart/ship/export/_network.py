"""A fitted model as one torch module, from what enters it to its scores: what formats write.

In: a `Model` and some of its examples. Out: a `Graph`. Decoding, resizing and tokens stay outside: a resize inside of a
graph is not the same in every runtime (OpenVINO reads ONNX's antialiased one as a plain one, without a word).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...extract._extractor import modality
from ...strategy import Strategy, strategies, strategy
from ...types import Example, Fitted
from ..store import Model

if TYPE_CHECKING:
    from torch import nn

INPUT, OUTPUT = "x", "scores"  # what a graph calls them


@dataclass(frozen=True)
class Graph:
    """A module of one array."""

    module: nn.Module
    example: NDArray[Any]  # [n …], two rows or more
    shape: tuple[int, ...]  # of its input, −1 where an axis may have any length

    def brief(self) -> Graph:
        """With an example of a few rows, to be traced with."""
        return replace(self, example=self.example[:2])

    @property
    def convolutions(self) -> bool:
        """Whether there are any: they want their inputs' ranges known before they count in 8 bits."""
        from torch import nn

        return any(isinstance(part, nn.Conv2d) for part in self.module.modules())


def exportable(fitted: Fitted) -> Strategy:
    """Its strategy.

    Raises:
        UsageError: it has no such module.
    """
    found = strategy(fitted.strategy)
    if found.module is None:
        known = ", ".join(sorted(name for name, one in strategies().items() if one.module))
        raise UsageError(
            f"A model of the strategy '{fitted.strategy}' cannot be exported. Those of these can: {known}. Export the "
            "run's other model with --take, or fit again with --strategy."
        )
    return found


def entering(model: Model, examples: Sequence[Example]) -> NDArray[Any]:
    """What enters the graph, [n …]."""
    of, fitted = modality(model.modality), model.fitted
    entry = of.entry(fitted.view, model.source, model.weights)
    rows = entry.rows([entry.prepare(of.content(example), example.digest) for example in examples])[0]
    described = exportable(fitted).described
    return described(fitted, rows) if described else rows


def graph(model: Model, examples: Sequence[Example]) -> Graph:
    """The model as a graph.

    Args:
        model: of a run.
        examples: two or more, to be traced with.

    Raises:
        UsageError: the strategy or the modality has no graph.
    """
    from torch import nn

    fitted, found = model.fitted, exportable(model.fitted)
    assert found.module is not None
    head = found.module(fitted, model.source, model.weights)
    if not found.described:
        rows = modality(model.modality).network(fitted.view, model.source, model.weights)
        head = nn.Sequential(rows, head)
    example = np.ascontiguousarray(entering(model, examples))
    return Graph(head.eval(), example, _shape(example))


def _shape(example: NDArray[Any]) -> tuple[int, ...]:
    """The first axis is free, and of tokens [n l] and pairs [n m 2] the second."""
    free = 2 if example.dtype == np.int64 or example.ndim == 3 else 1
    return (*(-1,) * free, *example.shape[free:])
