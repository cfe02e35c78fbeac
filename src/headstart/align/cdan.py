"""Conditional adversarial network: the discriminator sees hidden units and predicted classes together (CDAN+E).

Rows that are sure of their class weigh more. Where the two together are more than `MOST` numbers, they are `RANDOM`
products of fixed random directions in their place, as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Progress
from ._pair import Pair
from .network import UNITS
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "conditional adversarial network (CDAN+E)"
PAPER = "Long, Cao, Wang & Jordan 2018, Conditional Adversarial Domain Adaptation"
NEEDS = frozenset({"dense"})
DEEP = True

MOST, RANDOM = 4096, 1024


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 1.0  # how strongly the discriminator is heard in the end


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=UNITS * min(Config.width * k, MOST))


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train against a discriminator of hidden units and classes."""
    import torch

    from .network.parts import certainty, discriminator, reversed_gradient, strength, telling

    both = together if config.width * pair.k <= MOST else at_random(config.width, pair.k, pair.seed)
    tells = discriminator(min(config.width * pair.k, MOST) if both is together else RANDOM, pair.seed)

    def term(seen: Seen) -> Tensor:
        ps, pt = seen.ps.detach().softmax(1), seen.pt.detach().softmax(1)
        seen_by = both(torch.cat([seen.hs, seen.ht]), torch.cat([ps, pt]))
        heard = reversed_gradient(seen_by, config.weight * strength(seen.done))
        return telling(tells(heard), torch.cat([certainty(ps), certainty(pt)]))

    return (yield from fit("cdan", config, pair, term, tells))


def together(h: Tensor, p: Tensor) -> Tensor:
    """Rows [n h] and probabilities [n k] → all products of the two [n k · h]."""
    return (p[:, :, None] * h[:, None, :]).flatten(1)


def at_random(h: int, k: int, seed: int) -> Callable[[Tensor, Tensor], Tensor]:
    """A map like `together` to `RANDOM` numbers, whose scalar products are those of `together` on average."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    of_h, of_k = (torch.randn(size, RANDOM, generator=draw) for size in (h, k))
    return lambda hidden, p: (hidden @ of_h.to(hidden)) * (p @ of_k.to(p)) / RANDOM**0.5
