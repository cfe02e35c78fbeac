"""A network of one hidden layer on frozen features.

x [n d], its signed root standardised → `width` rectified units → logits [n k]. The standardisation is folded into the
first layer, so that a state is four arrays and is read without torch. The methods of `align/` that train a network
train this one with a loss of their own, and leave such a state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..kind import kind_of
from ..score._axes import Array, signed_root, standardise
from ..strategy import TrainResult, source_views
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View

if TYPE_CHECKING:
    import torch

# Weight [d h] and bias [h] of the hidden layer, weight [h k] and bias [k] of the head.
Layers = tuple[Array, Array, Array, Array]

TITLE = "network on frozen features"
PAPER = "Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors"
REUSES = True
STOCHASTIC = True
SHORT_RUN = 1.0
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    width: int = 256  # units of the hidden layer
    dropout: float = 0.5  # part of them that is left out of a step
    lr: float = 1e-3  # peak rate; AdamW
    weight_decay: float = 0.05
    batch: int = 64
    epochs: int = 20
    least: int = 200  # steps, at least


def views(sources: Sequence[str]) -> list[View]:
    """Every source's top features."""
    return source_views(sources)


def settings(facts: Facts) -> list[Config]:
    """Weights held loosely, and tightly."""
    return [Config(), Config(weight_decay=1.0)]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Train on the training rows; the last state is kept."""
    import torch

    from .training.loop import Recipe, train

    x, mean, scale = standardise(signed_root(context.train.x), each=True)
    torch.manual_seed(context.seed)
    model = net(x.shape[1], context.k, config.width, config.dropout)
    steps = max(1, config.least, math.ceil(config.epochs * len(x) / config.batch))
    yield from train(
        model,
        _batches(x.astype(np.float32), context.train.y, config.batch, context.seed),
        kind_of(context.kind).training_loss(),
        Recipe(steps, config.lr, weight_decay=config.weight_decay, threads=1, precision="no"),
        seed=context.seed,
        checkpoint=context.checkpoint,
    )
    return TrainResult(state(layers(model), mean, scale), sum(p.numel() for p in model.parameters()), {"steps": steps})


def net(d: int, k: int, width: int, dropout: float) -> torch.nn.Sequential:
    """What is inside, [b d] → [b width], and a head [b width] → [b k]."""
    from torch import nn

    inside = nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Dropout(dropout))
    return nn.Sequential(inside, nn.Linear(width, k))


def layers(model: torch.nn.Sequential) -> Layers:
    """What a `net` has learnt."""
    found = [p.detach().cpu().numpy().astype(np.float64) for p in model.parameters()]
    return found[0].T, found[1], found[2].T, found[3]


def state(found: Layers, mean: Array, scale: Array) -> Mapping[str, NDArray[Any]]:
    """What `logits` reads: a network on (signed_root(x) − mean) / scale as one on signed_root(x)."""
    hidden_weight, hidden_bias, weight, bias = found
    hidden_weight = hidden_weight / scale[:, None]
    hidden_bias = hidden_bias - mean @ hidden_weight
    named = {"hidden.weight": hidden_weight, "hidden.bias": hidden_bias, "weight": weight, "bias": bias}
    return {name: np.ascontiguousarray(value, np.float32) for name, value in named.items()}


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """x [n d] → [n k]."""
    named = fitted.state
    hidden = np.maximum(signed_root(x) @ named["hidden.weight"] + named["hidden.bias"], 0.0)
    return np.asarray(hidden @ named["weight"] + named["bias"], np.float32)


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The same as a torch module."""
    from torch import nn

    from .heads.module import SignedRoot, affine

    inner, outer = (affine(fitted.state[f"{name}weight"], fitted.state[f"{name}bias"]) for name in ("hidden.", ""))
    return nn.Sequential(SignedRoot(), inner, nn.ReLU(), outer)


def _batches(
    x: NDArray[np.float32], y: NDArray[Any], size: int, seed: int
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """`batch(step)`: rows drawn from (seed, step), none twice."""
    import torch

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        rows = np.random.default_rng((seed, step)).permutation(len(x))[:size]
        return torch.from_numpy(x[rows]), torch.from_numpy(y[rows])

    return batch
