"""Deep CORAL: the hidden units of the two domains are made to vary together alike while the network learns."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Progress
from ._pair import Pair
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "deep correlation alignment (Deep CORAL)"
PAPER = "Sun & Saenko 2016, Deep CORAL: Correlation Alignment for Deep Domain Adaptation"
NEEDS = frozenset({"dense"})
DEEP = True


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 100.0  # of the distance; by the paper's rule it ends about as large as the cross-entropy


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=Config.width**2)


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train with the distance of the covariances."""

    def term(seen: Seen) -> Tensor:
        return config.weight * distance(seen.hs, seen.ht)

    return (yield from fit("deepcoral", config, pair, term))


def distance(hs: Tensor, ht: Tensor) -> Tensor:
    """Squared Frobenius distance of the covariances of rows [b h], / 4 h² (the paper's equation 1)."""
    apart = _covariance(hs) - _covariance(ht)
    return (apart**2).sum() / (4 * hs.shape[1] ** 2)


def _covariance(h: Tensor) -> Tensor:
    centred = h - h.mean(0)
    return centred.T @ centred / (len(h) - 1)
