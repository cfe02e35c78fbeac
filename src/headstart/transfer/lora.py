"""LoRA: low-rank adapters on every linear layer learn, with the norms and the head; the source's matrices stay.

A saved model holds adapters, norms and head beside the source's own file; `merge` makes one of plain weights of it.
Tokens [n] → logits [n k]. The head starts as the probe's; see tune.py for the training, adapters.py for the adapters.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EngineError
from ..strategy import TrainResult
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .modality import open_tail
from .training import setting, tune, tuned
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views

if TYPE_CHECKING:
    import torch

    from .training.tail import Opener, Tail

__all__ = ["copies", "fit_view", "refit", "views"]

TITLE = "low-rank adapters (LoRA)"
PAPER = "Hu et al. 2022, LoRA: Low-Rank Adaptation of Large Language Models"
NEEDS = frozenset({"tail", "tokens"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")
TOLERANCE = 1e-3  # of a merged model's logits, as a share of the largest


@dataclass(frozen=True)
class Config(setting.Config):
    """As for fine-tuning, and the adapters."""

    parts: int = 99  # all there are
    lr: float = 1e-3
    decay: float = 1.0
    epochs: float = 3
    least: int = 120
    weight_decay: float = 0.01
    rank: int = 8
    alpha: float = 16.0  # an adapter's answer counts alpha / rank
    dropout: float = 0.05


def settings(facts: Facts) -> list[Config]:
    """Two rates; with few texts the first, its last state kept."""
    return [Config(keep="last")] if facts.n < FEW else [Config(), Config(lr=3e-4)]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`."""
    return (yield from tune.tune(config, context, opened=opener(config)))


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """See `tuned.logits`."""
    return predictor(fitted, source, weights).logits(x)


def predictor(fitted: Fitted, source: Source | None, weights: Path | None) -> tuned.Tuned:
    """The source with its adapters, built once."""
    return tuned.Tuned(fitted, source, weights, opener(Config(**fitted.config)))


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The network with its adapters merged, see `merge`, as a module."""
    assert source is not None
    some = np.empty(2, dtype=object)
    some[:] = [np.arange(2, 8), np.arange(4, 8)]
    return tuned.module(merge(fitted, some, source, weights), source, weights)


def opener(config: Config, *, four_bits: bool = False) -> Opener:
    """Opens a source's tail with adapters in it."""

    def opened(source: Source, weights: Path | None, view: View, k: int) -> Tail:
        from .training.adapters import adapt

        tail = open_tail(source, weights, view, k)
        return adapt(tail, config.rank, config.alpha, config.dropout, four_bits=four_bits)

    return opened


def merge(fitted: Fitted, x: NDArray[Any], source: Source, weights: Path | None) -> Fitted:
    """The same model with its adapters added into the source's matrices: a fine-tuned one, that needs no adapters.

    Of a `qlora` model they are added to what its four-bit matrices stand for, on which they have learnt.

    Args:
        fitted: a model of this strategy, or of `qlora`.
        x: tokens [n] on which both must give the same logits.
        source: of its view.
        weights: the source's file, which is read anew: nothing is taken from a model that has computed.

    Raises:
        EngineError: the logits differ by more than `TOLERANCE` of the largest.
    """
    from .training.adapters import add_adapters
    from .training.tail import look, moved, put

    known = source, weights, fitted.view, len(fitted.labels)
    adapted = opener(Config(**fitted.config), four_bits=fitted.strategy == "qlora")(*known).eval()
    plain = open_tail(*known).eval()
    start = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    put(adapted, fitted.state)
    put(plain, {name: value for name, value in fitted.state.items() if "lora_" not in name})
    add_adapters(adapted, plain)
    config = {f.name: fitted.config[f.name] for f in fields(setting.Config)}
    made = replace(fitted, strategy="finetune", config=config, state=moved(plain.state_dict(), start))
    ours, theirs = look(adapted, x, exact=True), look(plain, x, exact=True)
    gap = float(np.abs(ours - theirs).max())
    if not gap <= TOLERANCE * float(np.abs(ours).max()):  # nor where it is no number
        raise EngineError(
            f"Merged into the source's weights, the adapters give logits that differ by {gap:.2g}, more than "
            f"{TOLERANCE:g} of the largest. Keep the adapters as they are."
        )
    return made
