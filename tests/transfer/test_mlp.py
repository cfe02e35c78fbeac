"""A network of one hidden layer on frozen features: what a linear head can not tell, and how its state is read."""

from __future__ import annotations

import sys
from dataclasses import asdict

import numpy as np

from drawn_task import drain
from headstart.transfer import mlp, probe
from headstart.types import Features, FitContext, Fitted, View

VIEW = View("some")


def corners(n, seed):
    """Four heaps, of which those at opposite corners are one class."""
    random = np.random.default_rng(seed)
    side = random.integers(0, 2, (n, 2))
    x = 4 + 2 * side + random.normal(0, 0.4, (n, 2))
    return Features(x.astype(np.float32), side.sum(1) % 2, f"corners-{seed}")


def right(strategy, monkeypatch):
    train, new = corners(200, 1), corners(200, 2)
    found, _ = drain(strategy.run(strategy.Config(), FitContext(train, 2, VIEW)))
    given = Fitted(strategy.__name__, VIEW, asdict(strategy.Config()), ("a", "b"), found.state, 0, 0)
    monkeypatch.setitem(sys.modules, "torch", None)  # a prediction needs none
    return (strategy.logits(given, new.x).argmax(1) == new.y).mean()


def test_it_tells_what_no_line_does(monkeypatch):
    assert right(probe, monkeypatch) < 0.75
    monkeypatch.undo()
    assert right(mlp, monkeypatch) > 0.95
