"""Classical rival: hand-made features and a linear head. Nothing is pre-trained.

Pictures: HOG (scikit-image's), or the pixels themselves, and a linear SVM. Texts: TF-IDF of words and characters, and
logistic regression, see `tfidf.py`. For numbers both have a ridge head.
x [n, 64, 64, 3] uint8, or [n] texts → scores [n k].
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..strategy import SEARCH, Head
from ..types import Facts, Fitted, FloatArray, Progress, Source, View, Work
from ._once import once
from .heads import tfidf
from .heads.linear import axes, ridge, squared_hinge

TITLE = "HOG or pixels + linear SVM"
TITLES = {  # where another modality or kind needs other words
    "text": "TF-IDF + logistic regression",
    "text regression": "TF-IDF + ridge regression",
    "image regression": "HOG or pixels + ridge regression",
}
PAPER = "Dalal & Triggs 2005, Histograms of Oriented Gradients; Bosch et al. 2007, Representing shape with a pyramid"
NEEDS = frozenset({"classical"})
REUSES = False
STOCHASTIC = False
RUNG = 1.0
KINDS = ("classification", "regression", "multilabel")
SIDE = 64  # pixels
CELLS = (8, 16)  # pixels: HOG at two scales did better than at one on most sets tried; see docs/architecture.md


@dataclass(frozen=True)
class Config:
    """One setting."""

    features: str = "hog"  # or "pixels": 32 × 32 colours; of texts "words", or "characters": words and characters
    c: float = 1.0  # weight of an error, for features scaled so that an example's mean squared norm is 1


def title(modality: str, kind: str) -> str:
    """What it is called."""
    return TITLES.get(f"{modality} {kind}", TITLES.get(modality, TITLE))


def views(sources: Sequence[str]) -> list[View]:
    """Small pictures, whatever the sources."""
    return [View(source=None, size=SIDE)]


def fit_view(view: View, facts: Facts) -> View:
    """Texts are read as they are."""
    return View(source=None, depth="input") if facts.modality == "text" else view


def settings(facts: Facts) -> list[Config]:
    """Two kinds of features, each with two weights."""
    if facts.modality == "text":
        return [Config(features, c) for features in ("words", "characters") for c in (3.0, 30.0)][:SEARCH]
    return [Config(features, c) for features in ("hog", "pixels") for c in (0.1, 1.0)][:SEARCH]


def run(config: Config, work: Work) -> Generator[Progress, None, Head]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    train, k = work.train, work.k
    if config.features in tfidf.FEATURES:
        state = tfidf.fit(train.x, train.y, k, config.features, config.c)
        yield Progress(1, 1)
        return Head(state, state["weight"].size + state["bias"].size)
    a = axes(describe(train.x, config.features), root=False)
    if train.y.dtype.kind == "f":
        weight, bias = a.unrotate(*ridge(a, train.y, a.mean_square / config.c))
    else:
        weight, bias = a.unrotate(*squared_hinge(a.z, train.y, k, config.c / a.mean_square))
    yield Progress(1, 1)
    return Head({"weight": weight, "bias": bias}, weight.size + bias.size)


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """x [n, 64, 64, 3] uint8, or [n] texts → [n k]."""
    if fitted.config["features"] in tfidf.FEATURES:
        return tfidf.logits(x, fitted.state, fitted.config["features"])
    rows = describe(x, fitted.config["features"])
    return np.asarray(rows @ fitted.state["weight"] + fitted.state["bias"], np.float32)


def describe(x: NDArray[np.uint8], features: str) -> FloatArray:
    """`compute`, made once."""
    return once(x, ("described", features), lambda: compute(x, features))


def compute(x: NDArray[np.uint8], features: str) -> FloatArray:
    """[n, 64, 64, 3] uint8 → HOG at two cell sizes [n, 2088] or pixels [n, 3072]."""
    if features == "pixels":
        n, side = len(x), SIDE // 2
        small = x.reshape(n, side, 2, side, 2, 3).mean((2, 4), dtype=np.float32)
        return np.asarray(small.reshape(n, -1) / 255, np.float32)
    from skimage.feature import hog

    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    rows = [
        np.concatenate([hog(g, 9, (cell, cell), (2, 2), block_norm="L2-Hys", feature_vector=True) for cell in CELLS])
        for g in grey
    ]
    return np.array(rows, np.float32).reshape(len(x), -1)
