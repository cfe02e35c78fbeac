"""Networks of the deep methods, and what their adversaries have in common."""

from __future__ import annotations

import math

import torch  # only imported by methods, inside their functions
from torch import Tensor, nn

from . import UNITS


class Both(nn.Module):
    """A network of one hidden layer that shows that layer too: [b d] → [b h + k], hidden units and then scores.

    What learns beside it, and is called by the loss alone, is a part of it so that the loop trains it.
    """

    def __init__(self, net: nn.Sequential, beside: nn.Module | None) -> None:
        super().__init__()
        self.net, self.beside = net, beside

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        inside, head = self.net
        hidden = inside(x)
        return torch.cat([hidden, head(hidden)], 1)


def discriminator(d: int, seed: int) -> nn.Sequential:
    """[b d] → [b 1], the log-odds that a row is the source's."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(d, UNITS), nn.ReLU(), nn.Linear(UNITS, 1))


def reversed_gradient(x: Tensor, by: float) -> Tensor:
    """x as it is, whose gradient goes back −`by` times: what is learnt behind it is unlearnt before it.

    >>> x = torch.ones(1, requires_grad=True)
    >>> reversed_gradient(3 * x, 0.5).sum().backward()
    >>> x.grad.item()
    -1.5
    """
    return (1 + by) * x.detach() - by * x


def strength(done: float) -> float:
    """How strongly an adversary is heard when such a part of the training is over (Ganin et al. 2016): 0 … 1.

    >>> strength(0.0), round(strength(0.5), 3)
    (0.0, 0.987)
    """
    return 2 / (1 + math.exp(-10 * done)) - 1


def entropy(p: Tensor) -> Tensor:
    """Of probabilities [n k] → [n]."""
    return -(p * p.clamp_min(1e-9).log()).sum(1)


def certainty(p: Tensor) -> Tensor:
    """Weights of rows [n] by how sure their probabilities [n k] are, 1 + exp(−entropy), 1 on average; no gradient."""
    found = 1 + torch.exp(-entropy(p.detach()))
    return found / found.mean()


def telling(odds: Tensor, weights: Tensor | None = None) -> Tensor:
    """Loss of a discriminator's log-odds [2b 1] for b source rows, then b target rows; they may be weighted."""
    source = torch.ones_like(odds)
    source[len(odds) // 2 :] = 0
    weight = None if weights is None else weights[:, None]
    return torch.nn.functional.binary_cross_entropy_with_logits(odds, source, weight)
