"""Minimum class confusion: the network learns not to waver between two classes on target rows."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Progress
from ._pair import Pair
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "minimum class confusion (MCC)"
PAPER = "Jin, Wang, Long & Wang 2020, Minimum Class Confusion for Versatile Domain Adaptation"
NEEDS = frozenset({"dense"})
DEEP = True


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 1.0  # of the confusion
    temperature: float = 2.5  # of the softmax that confusion is read from


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=float(k))


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train with the confusion of target rows."""

    def term(seen: Seen) -> Tensor:
        return config.weight * confusion(seen.pt, config.temperature)

    return (yield from fit("mcc", config, pair, term))


def confusion(scores: Tensor, temperature: float) -> Tensor:
    """Mean part of a class that is shared with others, 0 … 1 − 1/k, of scores [b k].

    Rows that are sure weigh more: 1 + exp(−entropy), b in all.
    """
    from .network.parts import certainty

    p = (scores / temperature).softmax(1)
    shared = (p * certainty(p)[:, None]).T @ p  # [k k]
    shared = shared / shared.sum(1, keepdim=True)
    return 1 - shared.trace() / len(shared)
