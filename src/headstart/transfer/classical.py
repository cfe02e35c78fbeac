"""Classical rival: hand-made features and a linear head. Nothing is pre-trained; which features, the modality says.

Pictures: HOG, or the pixels themselves, and a linear SVM (`baseline/hog_svm.py`). Texts: TF-IDF of words and
characters, and logistic regression (`baseline/tfidf_linear.py`). For numbers both have a ridge head.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..strategy import TrainResult
from ..types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .modality import of

if TYPE_CHECKING:
    import torch

PAPER = "Dalal & Triggs 2005, Histograms of Oriented Gradients; Bosch et al. 2007, Representing shape with a pyramid"
NEEDS = frozenset({"classical"})
REUSES = False
STOCHASTIC = False
SHORT_RUN = 1.0
KINDS = ("classification", "regression", "multilabel")


@dataclass(frozen=True)
class Config:
    """One setting."""

    features: str = "hog"  # or "pixels": 32 × 32 colours; of texts "words", or "characters": words and characters
    c: float = 1.0  # weight of an error, for features scaled so that an example's mean squared norm is 1


def title(modality: str, kind: str) -> str:
    """What it is called."""
    return of(modality).classical.title(kind)


def views(sources: Sequence[str]) -> list[View]:
    """One, whatever the sources; see `fit_view`."""
    return [View(source=None)]


def fit_view(view: View, facts: Facts) -> View:
    """What the modality's rival looks at."""
    return of(facts.modality).classical.fit_view(view, facts)


def settings(facts: Facts) -> list[Config]:
    """Two kinds of features, each with two weights."""
    return of(facts.modality).classical.settings(facts)


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    return (yield from of(context.modality).classical.run(config, context))


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """Rows of its view → [n k]."""
    return of(fitted.modality).classical.logits(fitted, x, source)


def module(fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
    """The same as a torch module."""
    return of(fitted.modality).classical.module(fitted, source)


def described(fitted: Fitted, x: NDArray[Any]) -> NDArray[Any]:
    """What that module reads of rows of its view."""
    return of(fitted.modality).classical.described(fitted, x)
