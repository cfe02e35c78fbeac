"""The floor: the best answer that does not look at the input, always the same. Nothing helps that is not above it.

Classes: the largest one, its probability the share of each class. Numbers: the median, which has the least absolute
error. Several labels an example: of all label sets the one of the highest micro-F1, which is always some of the most
frequent ones; a label's share sets how probable it is. x [n, …] is not looked at → scores [n k].
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..family import names
from ..kind import kind_of
from ..strategy import TrainResult
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .modality import plain

if TYPE_CHECKING:
    import torch

TITLE = "always the same answer"
PAPER = "Holte 1993, Very Simple Classification Rules Perform Well on Most Commonly Used Datasets (0R)"
REUSES = False
BASELINE = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = tuple(names("kind"))


@dataclass(frozen=True)
class Config:
    """There is nothing to set."""

    look: bool = False  # at the input: never


def title(modality: str, kind: str) -> str:
    """What it is called."""
    return kind_of(kind).always


def views(sources: Sequence[str]) -> list[View]:
    """One, whatever the sources."""
    return [View(source=None)]


def fit_view(view: View, facts: Facts) -> View:
    """What rivals that reuse nothing have looked at in any case."""
    return plain(facts.modality)


def settings(facts: Facts) -> list[Config]:
    """One: there is only one best answer."""
    return [Config()]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Count the labels."""
    answer = kind_of(context.kind).floor(context.train.y, context.k)
    yield Progress(1, 1)
    return TrainResult({"answer": answer.astype(np.float32)}, answer.size)


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """The same for each of x, [n …]."""
    return np.repeat(np.asarray(fitted.state["answer"], np.float32)[None], len(x), 0)


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The same as a torch module."""
    from .heads.module import Always

    return Always(fitted.state["answer"])


def described(fitted: Fitted, x: NDArray[Any]) -> NDArray[Any]:
    """Nothing."""
    return np.zeros((len(x), 1), np.float32)
