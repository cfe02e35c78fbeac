"""Linear probe on all depths: a logistic head on the frozen features of every stage at once, not of the top alone.

What a source learnt last serves tasks like its own; textures, defects or the view from above are often better read
earlier. Every feature in its own unit, then every depth weighs width^(−power/2): with power 0 all features count alike
and the widest depth, the top, most; with power 1 all depths do. x [n Σd] → logits [n k].

Mean accuracy over eight random splits of training parts, mobilenet-v2, top → all depths: aerial scenes 79.9 → 84.6 %,
steel defects 99.5 → 99.7, paintings 84.1 → 84.2, photographs 98.4 → 97.5: validation data choose between this and the
probe.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from ..kind import kind_of
from ..score._axes import Array, decompose, signed_root
from ..strategy import SEARCH, TrainResult
from ..types import Facts, FitContext, Progress, Source, View
from ._once import latest
from .heads.linear import head
from .probe import logits, module

__all__ = ["logits", "module"]

TITLE = "linear probe on all depths"
PAPER = "Evci et al. 2022, Head2Toe: Utilizing Intermediate Representations for Better Transfer Learning"
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("classification", "regression", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    power: float = 1.0  # 0: all features weigh alike; 1: all depths do
    share: float = 0.125  # the logistic penalty as a share of the leave-one-out ridge penalty, see probe.py


def views(sources: Sequence[str]) -> list[View]:
    """Every source's features at all depths."""
    return [View(source=key, depth="all") for key in sources]


def settings(facts: Facts) -> list[Config]:
    """From the features' own weights to equal depths, and equal depths with a lighter penalty."""
    return [Config(0.0), Config(0.5), Config(1.0), Config(1.0, 1 / 64)][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    x, y, k = context.train.x, context.train.y, context.k
    unit = weights(context.source, x.shape[1]) ** config.power
    a = latest(x, "depths", config.power, lambda: decompose(signed_root(x), unit=unit))
    weight, bias, best = head(a, y, k, config.share, kind_of(context.kind).link)
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size, {"ridge_penalty": best})


def weights(source: Source | None, d: int) -> Array:
    """What a feature weighs at power 1, [d]: 1/√(width of its depth). Without a source there is one depth."""
    widths = np.array(source.widths if source else (d,))
    return np.asarray(np.repeat(1 / np.sqrt(widths), widths))
