"""Correlation alignment: source rows get the target's covariance, and its mean, before the head is fitted.

Covariances are shrunk towards their diagonal by `shrink`, so that more columns than rows are no matter.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from ..types import Progress
from ._moments import covariance, root
from ._pair import Head, Pair

TITLE = "correlation alignment (CORAL)"
PAPER = "Sun, Feng & Saenko 2016, Return of Frustratingly Easy Domain Adaptation"
NEEDS = frozenset({"dense"})
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    shrink: float = 0.1  # part of a covariance that is its diagonal alone


def cost(n: int, m: int, d: int, k: int) -> float:
    """Two covariances, two roots, a head."""
    return (n + m) * d**2 + 20.0 * d**3 + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Whiten the source rows, colour them as the target's, fit."""
    xs, xt = pair.xs, pair.xt
    matrix = root(covariance(xs, config.shrink), -0.5) @ root(covariance(xt, config.shrink), 0.5)
    moved = (xs - xs.mean(0)) @ matrix + xt.mean(0)
    yield Progress(1, 1)
    return pair.fit(moved, pair.ys, None)
