"""Curves: their mean, deviation and range are the classical rival's features; no network is trained on them."""

from __future__ import annotations

import numpy as np

from ...kind import kind_of
from ...strategy import TrainResult
from ...types import Progress, View
from ..classical import Config
from ..heads.linear import axes, head

OFFERS = frozenset({"classical", "steps"})  # the latter: examples of many steps, for who tags these


def plain():
    """What a model looks at that reuses nothing: the curves as they are."""
    return View(None, "input")


class Moments:
    """The classical rival."""

    def title(self, kind):
        """What people call it."""
        return "mean and deviation + a linear head"

    def fit_view(self, view, facts):
        """The curves as they are."""
        return plain()

    def settings(self, facts):
        """Four weights."""
        return [Config("moments", c) for c in (0.1, 1.0, 10.0, 100.0)]

    def run(self, config, context):
        """Fit the head."""
        a = axes(moments(context.train.x), root=False)
        weight, bias, _ = head(a, context.train.y, context.k, 1 / config.c, kind_of(context.kind).link)
        yield Progress(1, 1)
        return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size)

    def logits(self, fitted, x, source):
        """Curves [n] → [n k]."""
        return np.asarray(moments(x) @ fitted.state["weight"] + fitted.state["bias"], np.float32)


def moments(x):
    """Curves [n] → float32 [n 4]."""
    return np.array([[c.mean(), c.std(), c.min(), c.max()] for c in x], np.float32)


classical = Moments()
