"""Not to adapt: the plain head of the source rows. Always a candidate, and what the others are held against."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from ..types import Progress
from ._pair import Head, Pair

TITLE = "not adapted"
PAPER = "Gulrajani & Lopez-Paz 2021, In Search of Lost Domain Generalization (on how strong it is)"
NEEDS: frozenset[str] = frozenset()
DEEP = False


@dataclass(frozen=True)
class Config:
    """Nothing to set."""


def cost(n: int, m: int, d: int, k: int) -> float:
    """A logistic head."""
    return 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Fit on the source rows."""
    yield Progress(1, 1)
    return pair.fit(pair.xs, pair.ys, None)
