"""From scratch: the honest rival. A small network with random weights, trained with real effort on the same examples.

Which network, the modality says: a small ResNet for pictures (`baseline/convnet.py`), a small transformer encoder for
texts (`baseline/encoder.py`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..strategy import TrainResult
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .modality import of

if TYPE_CHECKING:
    import torch

PAPER = "He et al. 2016, Deep Residual Learning; Smith & Topin 2018, Super-convergence"
NEEDS = frozenset({"scratch"})
REUSES = False
STOCHASTIC = True
SHORT_RUN = 0.1
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    style: str = "photo"  # of pictures, their augmentation: "photo", "oriented" or "glyph", see _augment.py
    lr: float = 3e-3  # peak learning rate of AdamW
    width: int = 32  # channels of the first block; of a text network the width of its layers
    batch: int = 32
    steps: int = 0  # 0: from the number of examples
    layers: int = 0  # of a text network


def title(modality: str, kind: str) -> str:
    """What it is called."""
    return of(modality).scratch.title(kind)


def views(sources: Sequence[str]) -> list[View]:
    """One: texts are read as the last source cuts them into tokens, see `fit_view`."""
    return [View(source=sources[-1] if sources else None)]


def fit_view(view: View, facts: Facts) -> View:
    """What the modality's network looks at."""
    return of(facts.modality).scratch.fit_view(view, facts)


def settings(facts: Facts) -> list[Config]:
    """Four rates, styles or sizes, by the modality and the number of examples."""
    return of(facts.modality).scratch.settings(facts)


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Train; with `context.valid` the state of the lowest validation loss is kept, without it the last one."""
    return (yield from of(context.modality).scratch.run(config, context))


def refit(config: Config, notes: Mapping[str, Any], n_before: int, n_now: int) -> Config:
    """The setting for training on more pictures: as many epochs as served best before, at least half of all."""
    steps_before = max(int(notes["step"]), int(notes["steps"]) // 2)
    return replace(config, steps=round(steps_before * n_now / n_before))


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """Rows of its view → [n k]."""
    return of(fitted.modality).scratch.logits(fitted, x, source)


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The same as a torch module."""
    return of(fitted.modality).scratch.module(fitted, source)
