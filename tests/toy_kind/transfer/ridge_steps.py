"""Ridge regression of every step on frozen features. x [n d] → [n h]."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..strategy import TrainResult, source_views
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View

TITLE = "ridge regression of every step"
PAPER = "Hoerl & Kennard 1970, Ridge Regression"
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("forecast",)


@dataclass(frozen=True)
class Config:
    """One setting."""

    penalty: float = 1.0


def views(sources: Sequence[str]) -> list[View]:
    """Every source's top features."""
    return source_views(sources)


def settings(facts: Facts) -> list[Config]:
    """Four penalties."""
    return [Config(10.0**power) for power in range(-2, 2)]


def rows(x: NDArray[Any]) -> FloatArray:
    """Features as they are, of pictures the mean of each colour; and a column of ones."""
    flat = x.reshape(len(x), -1, 3).mean(1) / 255 if x.dtype == np.uint8 else x
    return np.column_stack([flat, np.ones(len(x))]).astype(np.float32)


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """In closed form."""
    x = rows(context.train.x)
    weight = np.linalg.solve(x.T @ x + config.penalty * np.eye(x.shape[1]), x.T @ context.train.y).astype(np.float32)
    yield Progress(1, 1)
    return TrainResult({"weight": weight}, weight.size)


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """See `run`."""
    return np.asarray(rows(x) @ fitted.state["weight"], np.float32)
