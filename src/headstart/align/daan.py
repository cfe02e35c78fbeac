"""Dynamic adversarial network: one discriminator for all rows, one for each class, and a weight between the two kinds.

How far apart the domains are as a whole, and class by class, is read from the errors of the discriminators as an
A-distance, 2 (1 − 2 error). The weight of the classes is their part of the two, as in the authors' code and the
paper's text (its equation 9 gives the complement), and is set anew ten times. Departures: errors in the place of
losses, for these are what an A-distance is made of; a class's rows weigh by their probability of it, both domains
alike, or a class that is merely rarer would count as another distribution; and the weight says how strongly the
network hears a discriminator, never how strongly that learns, or it would be deaf to what it is told to leave alone.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..types import Progress
from ._pair import Pair
from .network import UNITS
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "dynamic adversarial network (DAAN)"
PAPER = "Yu, Wang, Chen & Huang 2019, Transfer Learning with Dynamic Adversarial Adaptation Network"
NEEDS = frozenset({"dense"})
DEEP = True


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 1.0  # how strongly the discriminators are heard in the end
    updates: int = 10  # how often the weight between them is set


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=UNITS * Config.width * (k + 1))


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train against all discriminators; `notes["course"]` has the weight and both distances, by step."""
    import torch

    from .network.parts import discriminator, reversed_gradient, strength, telling

    whole, *each = [discriminator(config.width, pair.seed + i) for i in range(pair.k + 1)]
    balance = Balance(pair.k, -(-config.steps // config.updates))

    def term(seen: Seen) -> Tensor:
        hidden, by = torch.cat([seen.hs, seen.ht]), config.weight * strength(seen.done)
        member = shares(seen.ps.detach().softmax(1), seen.pt.detach().softmax(1))
        of_all = whole(reversed_gradient(hidden, by * (1 - balance.weight)))
        heard = reversed_gradient(hidden, by * balance.weight)
        of_each = torch.cat([tells(heard) for tells in each], 1)
        balance.note(round(seen.done * config.steps) + 1, of_all.detach(), of_each.detach(), member)
        return telling(of_all) + by_class(of_each, member)

    model = yield from fit("daan", config, pair, term, torch.nn.ModuleList([whole, *each]))
    return replace(model, notes={"course": balance.course})


def shares(ps: Tensor, pt: Tensor) -> Tensor:
    """Probabilities of b source and b target rows → weights [2b k] of the rows in each class.

    Those of either domain are ½ in all; less where not one whole row belongs to the class.
    """
    import torch

    return torch.cat([p / p.sum(0).clamp_min(1.0) for p in (ps, pt)]) / 2


def by_class(odds: Tensor, member: Tensor) -> Tensor:
    """Mean over classes of the discriminators' losses; log-odds and weights [2b k]."""
    import torch

    source = torch.ones_like(odds)
    source[len(odds) // 2 :] = 0
    loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, source, member, reduction="sum")
    return loss / odds.shape[1]


def classes_part(marginal: float, conditional: float) -> float:
    """Weight of the classes' discriminators, 0 … 1, from the two A-distances; neither is apart: one half.

    >>> classes_part(1.5, 0.5), classes_part(0.0, 0.0)
    (0.25, 0.5)
    """
    return conditional / (marginal + conditional) if marginal + conditional > 0 else 0.5


@dataclass
class Balance:
    """What weight the classes' discriminators have, from the errors since it was last set."""

    k: int
    every: int  # steps between
    weight: float = 0.5
    course: list[dict[str, float]] = field(default_factory=list)  # "step", "weight", "marginal", "conditional"

    def __post_init__(self) -> None:
        self._forget()

    def note(self, step: int, of_all: Tensor, of_each: Tensor, member: Tensor) -> None:
        """Errors of a batch: log-odds [2b 1] of all rows, [2b k] by class, weights [2b k]. The weight is set if due."""
        import torch

        source = torch.arange(len(of_all), device=of_all.device)[:, None] < len(of_all) // 2
        wrong = ((of_each > 0) != source) * member
        self._wrong += np.r_[float(((of_all > 0) != source).float().mean()), wrong.sum(0).cpu().numpy()]
        self._seen += np.r_[1.0, member.sum(0).cpu().numpy()]
        if step % self.every:
            return
        distances = np.maximum(2 * (1 - 2 * self._wrong / self._seen.clip(1e-9)), 0)
        marginal, conditional = float(distances[0]), float(distances[1:].mean())
        self.weight = classes_part(marginal, conditional)
        self.course.append({"step": step, "weight": self.weight, "marginal": marginal, "conditional": conditional})
        self._forget()

    def _forget(self) -> None:
        self._wrong: NDArray[np.float64] = np.zeros(self.k + 1)
        self._seen: NDArray[np.float64] = np.zeros(self.k + 1)
