"""Linear probe: a logistic head on frozen features, or for numbers a ridge head.

How strongly to shrink is found in two steps: a path of 30 ridge penalties with exact leave-one-out (one
eigendecomposition, no validation data) says where the right penalty lies; `SEARCH` logistic heads around it are
compared on validation data. x [n d] → logits [n k].
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..kind import kind_of
from ..score._axes import signed_root
from ..strategy import SEARCH, TrainResult, source_views
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .heads.linear import axes, head

if TYPE_CHECKING:
    import torch

TITLE = "linear probe"
PAPER = "Alain & Bengio 2016, Understanding intermediate layers using linear classifier probes"
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("classification", "regression", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    # The logistic penalty as a share of the leave-one-out ridge penalty. The two agree where p(1 − p) = share:
    # 1/4 is the curvature of an undecided head, smaller shares that of a confident one.
    share: float = 0.125


def views(sources: Sequence[str]) -> list[View]:
    """Every source's top features."""
    return source_views(sources)


def settings(facts: Facts) -> list[Config]:
    """Four shares, each an eighth of the one before."""
    return [Config(1 / 8**i) for i in range(SEARCH)]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    train, k = context.train, context.k
    a = axes(train.x, root=True)
    weight, bias, best = head(a, train.y, k, config.share, kind_of(context.kind).link)
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size, {"ridge_penalty": best})


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """x [n d] → [n k]."""
    return np.asarray(signed_root(x) @ fitted.state["weight"] + fitted.state["bias"], np.float32)


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The same as a torch module."""
    from torch import nn

    from .heads.module import SignedRoot, affine

    return nn.Sequential(SignedRoot(), affine(fitted.state["weight"], fitted.state["bias"]))
