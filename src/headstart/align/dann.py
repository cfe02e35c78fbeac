"""Domain-adversarial network: a discriminator tells the domains by the hidden units, which learn to give it nothing."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Progress
from ._pair import Pair
from .network import UNITS
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "domain-adversarial network (DANN)"
PAPER = "Ganin et al. 2016, Domain-Adversarial Training of Neural Networks"
NEEDS = frozenset({"dense"})
DEEP = True


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 1.0  # how strongly the discriminator is heard in the end


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=UNITS * Config.width)


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train against a discriminator."""
    import torch

    from .network.parts import discriminator, reversed_gradient, strength, telling

    tells = discriminator(config.width, pair.seed)

    def term(seen: Seen) -> Tensor:
        hidden = torch.cat([seen.hs, seen.ht])
        return telling(tells(reversed_gradient(hidden, config.weight * strength(seen.done))))

    return (yield from fit("dann", config, pair, term, tells))
