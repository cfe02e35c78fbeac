"""The floor: the best answer that does not look at the input, always the same. Nothing helps that is not above it.

Classes: the largest one, its probability the share of each class. Numbers: the median, which has the least absolute
error. Several labels an example: of all label sets the one of the highest micro-F1, which is always some of the most
frequent ones; a label's share sets how probable it is. x [n, …] is not looked at → scores [n k].
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kind.multilabel import constant
from ..strategy import Head
from ..types import Facts, Fitted, FloatArray, Progress, Source, View, Work
from .modality import plain

TITLE = "always the largest class"
TITLES = {"regression": "always the median", "multilabel": "always the same labels"}  # by kind, where it differs
PAPER = "Holte 1993, Very Simple Classification Rules Perform Well on Most Commonly Used Datasets (0R)"
REUSES = False
BASELINE = True
STOCHASTIC = False
RUNG = 1.0
KINDS = ("classification", "regression", "multilabel")
NEVER = -30.0  # the score of a class that was not seen


@dataclass(frozen=True)
class Config:
    """There is nothing to set."""

    look: bool = False  # at the input: never


def title(modality: str, kind: str) -> str:
    """What it is called."""
    return TITLES.get(kind, TITLE)


def views(sources: Sequence[str]) -> list[View]:
    """One, whatever the sources."""
    return [View(source=None)]


def fit_view(view: View, facts: Facts) -> View:
    """What rivals that reuse nothing have looked at in any case."""
    return plain(facts.modality)


def settings(facts: Facts) -> list[Config]:
    """One: there is only one best answer."""
    return [Config()]


def run(config: Config, work: Work) -> Generator[Progress, None, Head]:
    """Count the labels."""
    y = work.train.y
    if y.dtype.kind == "f":
        answer = np.array([np.median(y)])
    else:
        answer = _sets(y) if y.ndim == 2 else _shares(y, work.k)
    yield Progress(1, 1)
    return Head({"answer": answer.astype(np.float32)}, len(answer))


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """The same row for each of x, [n k]."""
    return np.tile(np.asarray(fitted.state["answer"], np.float32), (len(x), 1))


def _shares(y: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Log of each class's share [k]."""
    counts = np.bincount(y, minlength=k)
    return np.asarray(np.log(counts / counts.sum(), out=np.full(k, NEVER), where=counts > 0))


def _sets(y: NDArray[Any]) -> NDArray[np.float64]:
    """Marks [n k] → scores [k], above 0 for the labels of the best set: log-odds of the shares, moved by one number."""
    often, given = y.sum(0), constant(y) == 1
    odds = np.log((often + 0.5) / (len(y) - often + 0.5))
    lowest = odds[given].min(initial=odds.max() + 2)
    highest = odds[~given].max(initial=odds.min() - 2)
    return np.asarray(odds - (lowest + highest) / 2)
