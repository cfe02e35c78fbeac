"""`classical` for pictures: HOG (scikit-image's), or the pixels themselves, and a linear SVM; for numbers ridge.

x [n, 64, 64, 3] uint8 → scores [n k].
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...kind import kind_of
from ...strategy import SEARCH, TrainResult
from ...types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from .._once import latest
from ..classical import Config
from ..heads.linear import axes, ridge, squared_hinge

if TYPE_CHECKING:
    import torch

SIDE = 64  # pixels
CELLS = (8, 16)  # pixels: HOG at two scales did better than at one on most sets tried; see docs/architecture.md


def title(kind: str) -> str:
    """What people call it."""
    return f"HOG or pixels + {'ridge regression' if kind_of(kind).link == 'identity' else 'linear SVM'}"


def fit_view(view: View, facts: Facts) -> View:
    """Small pictures, whatever the sources."""
    return View(None, size=SIDE)


def settings(facts: Facts) -> list[Config]:
    """Two kinds of features, each with two weights."""
    return [Config(features, c) for features in ("hog", "pixels") for c in (0.1, 1.0)][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Fit on the training rows; the solution is unique, so that no seed plays a part."""
    train, k, link = context.train, context.k, kind_of(context.kind).link
    a = axes(describe(train.x, config.features), root=False)
    if link == "identity":
        weight, bias = a.unrotate(*ridge(a, train.y, a.mean_square / config.c))
    else:
        weight, bias = a.unrotate(*squared_hinge(a.z, train.y, k, config.c / a.mean_square, link))
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size)


def logits(fitted: Fitted, x: NDArray[np.uint8], source: Source | None = None) -> FloatArray:
    """x [n, 64, 64, 3] uint8 → [n k]."""
    rows = describe(x, fitted.config["features"])
    return np.asarray(rows @ fitted.state["weight"] + fitted.state["bias"], np.float32)


def described(fitted: Fitted, x: NDArray[np.uint8]) -> FloatArray:
    """x [n, 64, 64, 3] uint8 → what the head reads [n d]."""
    return compute(x, fitted.config["features"])


def module(fitted: Fitted, source: Source | None = None) -> torch.nn.Module:
    """The head."""
    from ..heads.module import affine

    return affine(fitted.state["weight"], fitted.state["bias"])


def describe(x: NDArray[np.uint8], features: str) -> FloatArray:
    """`compute`, made once; of 12,000 pictures one kind with its axes takes 0.4 GB, so that the other goes."""
    return latest(x, "described", features, lambda: compute(x, features))


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
