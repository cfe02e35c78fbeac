"""A ridge head on what a source makes of every step. Curves [n] of [t] → [n] of [t k]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kind._base import ragged
from ..source.modality.curve import steps
from ..strategy import TrainResult
from ..types import Progress, View

TITLE = "ridge head on every step"
PAPER = "Hoerl & Kennard 1970, Ridge Regression"
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("tags",)
NEEDS = frozenset({"steps"})


@dataclass(frozen=True)
class Config:
    """One setting."""

    penalty: float = 1.0


def views(sources):
    """The curves as they are, for each source."""
    return [View(key, "input") for key in sources]


def settings(facts):
    """Four penalties."""
    return [Config(10.0**power) for power in range(-2, 2)]


def run(config, context):
    """In closed form."""
    rows = [smooth(seen) for seen in steps(context.source, context.weights, context.train.x)]
    weight = fitted_to(rows, context.train.y, context.k, config.penalty)
    yield Progress(1, 1)
    return TrainResult({"weight": weight}, weight.size)


def logits(fitted, x, source=None, weights=None):
    """See `run`."""
    return ragged([with_one(smooth(seen)) @ fitted.state["weight"] for seen in steps(source, weights, x)])


def smooth(seen, width=9):
    """Each column [t c] averaged over some steps."""
    around = np.ones(width) / width
    return np.stack([np.convolve(column, around, "same") for column in seen.T], 1)


def with_one(row):
    return np.column_stack([row, np.ones(len(row))]).astype(np.float32)


def fitted_to(rows, y, k, penalty):
    """Ridge regression of 0 and 1 for each tag on the rows of all steps: float32 [c + 1, k]."""
    x, targets = np.concatenate([with_one(row) for row in rows]), np.eye(k)[np.concatenate(list(y))]
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ targets).astype(np.float32)
