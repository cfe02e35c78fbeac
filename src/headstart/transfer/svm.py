"""Linear SVM on frozen features ("off-the-shelf CNN features + SVM"): squared hinge, one versus rest.

x [n d] → decision values [n k]; the judge's temperature turns them into probabilities.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ..kind import kind_of
from ..strategy import SEARCH, TrainResult, source_views
from ..types import Facts, FitContext, Progress, View
from .heads.linear import axes, squared_hinge
from .probe import logits as logits  # the same linear reading of a state
from .probe import module as module

TITLE = "linear SVM"
PAPER = "Razavian et al. 2014, CNN Features off-the-shelf"
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    c: float = 1.0  # weight of a margin error, for features scaled so that a picture's mean squared norm is 1


def views(sources: Sequence[str]) -> list[View]:
    """Every source's top features."""
    return source_views(sources)


def settings(facts: Facts) -> list[Config]:
    """Four weights, an order of magnitude apart."""
    return [Config(10.0 ** (i - 1)) for i in range(SEARCH)]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    train, k = context.train, context.k
    a = axes(train.x, root=True)
    link = kind_of(context.kind).link
    weight, bias = a.unrotate(*squared_hinge(a.z, train.y, k, config.c / a.mean_square, link))
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size)
