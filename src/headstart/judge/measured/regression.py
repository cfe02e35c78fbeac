"""Numbers on the sealed split: errors, R², correlation, and the least to beat.

In: predictions `[n 1]` and true numbers `[n]`. Out: `NumberMetrics`, and sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kind import regression as kind
from ...types import Fitted, Task, answers
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
    mae_of_median: float  # of always answering the training numbers' median: the least to beat
    deviation: float  # standard deviation of the training numbers


def metrics(
    scores: Float64, y: NDArray[np.float64], task: Task, fitted: Fitted, level: float, groups: Ints | None = None
) -> NumberMetrics:
    """Of one model."""
    given, trained = kind.answers(scores), answers(task.train)
    return NumberMetrics(
        **kind.numbers(given, y),
        mae_interval=bootstrap.single(mae, mae.sums(given, y), groups=groups, level=level),
        mae_of_median=float(np.abs(y - np.median(trained)).mean()),
        deviation=kind.unit(trained),
    )


def plain(scores: Float64, y: NDArray[np.float64], labels: Sequence[str], fitted: Fitted) -> dict[str, float]:
    """Of one model on any examples."""
    return kind.numbers(kind.answers(scores), y)


def caveats(task: Task, y: NDArray[np.float64], found: NumberMetrics, metric: str) -> list[str]:
    """A model that is no better than a constant, and numbers beyond those it was trained on."""
    out, trained = [], answers(task.train)
    if found.mae >= found.mae_of_median:
        out.append(
            f"The error of {found.mae:.3f} is no better than always answering the training {task.noun}s' median "
            f"({found.mae_of_median:.3f})."
        )
    beyond = int(((y < trained.min()) | (y > trained.max())).sum())
    if beyond:
        out.append(f"{beyond} of {len(y)} test {task.noun}s have a number beyond all training ones.")
    return out
