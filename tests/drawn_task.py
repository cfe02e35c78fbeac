"""Small tasks that a test draws itself: features around class centres, and pictures of one bar a class."""

from __future__ import annotations

import numpy as np

from headstart.types import Features


def labels(n: int, k: int) -> np.ndarray:
    """[n], classes in turn; with n = k + 1 every class but the first has one example."""
    return np.arange(n, dtype=np.int64) % k


def features(n: int, k: int, seed: int, d: int = 12, spread: float = 1.0) -> Features:
    """[n d] float32; the centres are the same whatever the seed, three deviations from each other or so."""
    centres = np.random.default_rng(77).normal(0, 2, (k, d))
    y = labels(n, k)
    x = centres[y] + np.random.default_rng(seed).normal(0, spread, (n, d))
    return Features(x.astype(np.float32), y, f"drawn-{seed}")


def pictures(n: int, k: int, seed: int, side: int) -> Features:
    """[n side side 3] uint8: class c is a bright bar at angle πc/k, shifted a little, on noise."""
    rng, y = np.random.default_rng(seed), labels(n, k)
    across = np.linspace(-1, 1, side)
    x = np.empty((n, side, side, 3), np.uint8)
    for i, label in enumerate(y):
        angle, shift = np.pi * label / k + rng.normal(0, 0.05), rng.uniform(-0.2, 0.2)
        distance = np.abs(np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None] - shift)
        grey = np.where(distance < 0.25, 190, 60)[..., None] + rng.normal(0, 12, (side, side, 3))
        x[i] = grey.clip(0, 255)
    return Features(x, y, f"bars-{seed}")


def drain(run):
    """Run a generator to its end: what it returned, and all that it yielded."""
    steps = []
    while True:
        try:
            steps.append(next(run))
        except StopIteration as stop:
            return stop.value, steps
