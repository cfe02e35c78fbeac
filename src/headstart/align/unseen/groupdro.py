"""Group distributionally robust optimisation: the head whose worst domain is as good as can be.

min over heads of max over domains of the mean loss is a game. In each round the head is fitted anew with the weights
of the domains, and these grow with the loss there: q ← q · exp(η · loss), summing to 1. The mean of the rounds' heads
comes near the game's solution (Freund & Schapire 1999), for the loss is convex in a linear head. Sagawa et al. take
gradient steps in place of whole fits. The loss is that of the rows learnt from.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...kind.classification import softmax
from ...types import FloatArray, Progress
from .._pair import Head
from ._domains import Domains

TITLE = "the worst domain counts most (group DRO)"
PAPER = "Sagawa et al. 2020, Distributionally Robust Neural Networks for Group Shifts"
NEEDS: frozenset[str] = frozenset()
ROUNDS = 10


@dataclass(frozen=True)
class Config:
    """One setting."""

    eta: float = 1.0  # how fast weights move; √(8 ln g / rounds) is best for losses between 0 and 1, 0.94 for 3 domains
    rounds: int = ROUNDS


def cost(n: int, d: int, k: int) -> float:
    """A logistic head in every round."""
    return ROUNDS * 100.0 * n * d * k


def run(config: Config, domains: Domains) -> Generator[Progress, None, Head]:
    """Fit, weigh, and again; the mean of the heads, which notes the mean share of each domain."""
    share = np.full(len(domains.parts), 1 / len(domains.parts))
    heads: list[Head] = []
    shares: list[NDArray[np.float64]] = []
    for step in range(config.rounds):
        shares.append(share)
        heads.append(domains.fit(domains.xs, domains.ys, row_weights(domains, share)))
        share = reweighted(share, losses(heads[-1], domains), config.eta)
        yield Progress(step + 1, config.rounds)
    weight = np.mean([head.weight for head in heads], axis=0)
    bias = np.mean([head.bias for head in heads], axis=0)
    return replace(heads[0], weight=weight, bias=bias, notes={"shares": np.mean(shares, axis=0).tolist()})


def row_weights(domains: Domains, share: NDArray[np.float64]) -> FloatArray:
    """Shares of the domains [g] → weights of the rows [n], whose sum is n."""
    each = share * len(domains.ys) / np.array([len(part) for part in domains.parts])
    return np.asarray(each[domains.domain], np.float32)


def losses(head: Head, domains: Domains) -> NDArray[np.float64]:
    """Mean cross-entropy in each domain [g]."""
    sure = softmax(head(domains.xs))[np.arange(len(domains.ys)), domains.ys]
    each = -np.log(np.maximum(sure, 1e-12))
    return np.array([each[part].mean() for part in domains.parts])


def reweighted(share: NDArray[np.float64], loss: NDArray[np.float64], eta: float) -> NDArray[np.float64]:
    """One exponentiated-gradient step of the shares [g].

    >>> reweighted(np.array([0.5, 0.5]), np.array([0.0, np.log(3)]), 1.0).round(3).tolist()
    [0.25, 0.75]
    """
    grown = share * np.exp(eta * (loss - loss.max()))
    return np.asarray(grown / grown.sum())
