"""Source rows count by how much they look like target rows: the density ratio, by a classifier of the domains.

Ratios (`choice.evidence`) are held between 1 / `most` and `most`, and scaled to a mean of 1: where the domains
can be told apart with ease no source row is like the target's, and all count as much as before.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ..types import Progress
from ._pair import Head, Pair
from .choice.evidence import density_ratio

TITLE = "weights by a classifier of the domains"
PAPER = "Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate Shift"
NEEDS: frozenset[str] = frozenset()
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    most: float = 10.0  # a weight, before scaling


def cost(n: int, m: int, d: int, k: int) -> float:
    """Twenty classifiers of the domains, a head."""
    return 1000.0 * (n + m) * d + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Weigh, fit."""
    weights = np.clip(density_ratio(pair.xs, pair.xt, pair.seed), 1 / config.most, config.most)
    yield Progress(1, 1)
    return pair.fit(pair.xs, pair.ys, (weights / weights.mean()).astype(np.float32))
