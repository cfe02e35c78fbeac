"""Looks that a score may be given: drawn features that hold their labels, and what can be done to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headstart.score._look import Look
from headstart.source import _catalogue

KINDS = ("classification", "regression", "multilabel")


def drawn(kind: str = "classification", n: int = 60, d: int = 12, k: int = 3, seed: int = 0, far: float = 4.0) -> Look:
    """`n` rows whose labels move their features by `far` deviations; the source's class scores know them as well."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    if kind == "regression":
        y = rng.normal(2.0, 3.0, n)
    elif kind == "multilabel":
        y = np.stack([rng.permutation(np.arange(n) % 2) for _ in range(k)], 1)
    seen = np.eye(k)[y] if y.ndim == 1 and kind == "classification" else y.reshape(n, -1) / y.std()
    x = far * seen @ rng.normal(0, 1, (seen.shape[1], d)) + rng.normal(0, 1, (n, d)) + rng.normal(0, 2, d)
    logits = far * seen @ rng.normal(0, 1, (seen.shape[1], 7)) + rng.normal(0, 1, (n, 7))
    source = _catalogue.get("efficientnet-lite0")
    return Look(x.astype(np.float32), y, k, kind, logits.astype(np.float32), source)


def taken(look: Look, rows: np.ndarray) -> Look:
    """Some rows of it, in this order."""
    return replace(look, x=look.x[rows], y=look.y[rows], logits=None if look.logits is None else look.logits[rows])
