"""Nearest prototype: each class is the mean of its frozen features; a picture goes to the nearest one.

Distance is measured in the within-class covariance, shrunk towards the identity (shrinkage 1: plain Euclidean, the
classic prototype; less: linear discriminant analysis). Strong with very few pictures. Nearness is linear in x, so
the state is a weight [d k] and a bias [k] like every linear head's.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from ..score._axes import one_hot
from ..strategy import SEARCH, TrainResult, source_views
from ..types import Facts, FitContext, Progress, View
from .heads.linear import axes
from .probe import logits as logits  # the same linear reading of a state
from .probe import module as module

TITLE = "nearest prototype"
PAPER = (
    "Snell et al. 2017, Prototypical Networks for Few-shot Learning; Friedman 1989, Regularized Discriminant Analysis"
)
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0


@dataclass(frozen=True)
class Config:
    """One setting."""

    shrinkage: float = 0.5  # 0 < shrinkage ≤ 1, weight of the identity in the within-class covariance


def views(sources: Sequence[str]) -> list[View]:
    """Every source's top features."""
    return source_views(sources)


def settings(facts: Facts) -> list[Config]:
    """From plain nearest mean to discriminant analysis."""
    return [Config(s) for s in (1.0, 0.5, 0.2, 0.05)][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    train, k = context.train, context.k
    a = axes(train.x, root=True)
    member = one_hot(train.y, k)
    means = member.T @ a.z / member.sum(0)[:, None].clip(1)  # [k r]
    within = a.z - means[train.y]
    covariance = within.T @ within / max(1, len(train.y) - k)
    # The identity is scaled to the covariance's mean over all d directions, not only the r that the data spans.
    scale = float(np.trace(covariance)) / len(a.mean)
    mixed = (1 - config.shrinkage) * covariance + (config.shrinkage * scale + 1e-9) * np.eye(len(covariance))
    w = np.linalg.solve(mixed, means.T)  # [r k]
    weight, bias = a.unrotate(w, -0.5 * (means.T * w).sum(0))
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size)
