"""QLoRA: LoRA on a source whose matrices are held in four bits (bitsandbytes' nf4), where memory is short.

As lora.py; the four-bit matrices are made from the source's own file wherever the model is opened, and never saved.
Tokens [n] → logits [n k].
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..strategy import TrainResult
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source
from . import lora
from .lora import module
from .training import tune, tuned
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views

__all__ = ["copies", "fit_view", "module", "refit", "views"]

TITLE = "low-rank adapters on four-bit weights (QLoRA)"
PAPER = "Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs"
NEEDS = frozenset({"tail", "tokens"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config(lora.Config):
    """As for LoRA."""


def settings(facts: Facts) -> list[Config]:
    """LoRA's first."""
    return [Config(keep="last" if facts.n < FEW else "best")]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`.

    Raises:
        UsageError: bitsandbytes is not installed.
    """
    return (yield from tune.tune(config, context, opened=lora.opener(config, four_bits=True)))


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """See `tuned.logits`."""
    return predictor(fitted, source, weights).logits(x)


def predictor(fitted: Fitted, source: Source | None, weights: Path | None) -> tuned.Tuned:
    """The source in four bits with its adapters, built once."""
    return tuned.Tuned(fitted, source, weights, lora.opener(Config(**fitted.config), four_bits=True))
