"""Numbers on the sealed split: errors, R², correlation.

In: predictions `[n 1]` and true numbers `[n]`. Out: `NumberMetrics`, and sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kind import regression as kind
from ...kind import targets
from ...types import Fitted, Task
from .. import bootstrap
from .._quantiles import Float64
from ..bootstrap import Ints
from ..metric import mae


@dataclass(frozen=True)
class NumberMetrics:
    """How one model of numbers did on one split; all but `r2` and `pearson` in the label's unit."""

    mae: float
    rmse: float
    r2: float
    pearson: float
    mae_interval: tuple[float, float]
    deviation: float  # standard deviation of the training numbers


def metrics(
    scores: Float64, y: NDArray[np.float64], task: Task, fitted: Fitted, level: float, groups: Ints | None = None
) -> NumberMetrics:
    """Of one model."""
    given = kind.KIND.answers(scores)
    return NumberMetrics(
        **kind.numbers(given, y),
        mae_interval=bootstrap.single(mae, mae.sums(given, y), groups=groups, level=level),
        deviation=kind.KIND.unit(targets(task, task.train)),
    )


def plain(
    scores: Float64, y: NDArray[np.float64], labels: Sequence[str], fitted: Fitted, level: float, groups: Ints | None
) -> dict[str, float]:
    """Of one model on any examples."""
    return kind.numbers(kind.KIND.answers(scores), y)


def caveats(task: Task, y: NDArray[np.float64], found: NumberMetrics, metric: str) -> list[str]:
    """Numbers beyond those it was trained on."""
    trained = targets(task, task.train)
    beyond = int(((y < trained.min()) | (y > trained.max())).sum())
    return [f"{beyond} of {len(y)} test {task.noun}s have a number beyond all training ones."] if beyond else []
