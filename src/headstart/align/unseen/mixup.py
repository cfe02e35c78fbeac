"""Inter-domain mixup: rows between two domains, with the classes of both in the same shares.

Each row is mixed `copies` times with a row of another domain, λ from Beta(α, α): x = λ xᵢ + (1 − λ) xⱼ and
y = λ yᵢ + (1 − λ) yⱼ. As in DomainBed the mixed rows alone are learnt from; there one λ serves a whole batch. The other
domain is drawn evenly, then one of its rows. Where there is one domain alone, rows are mixed within it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...types import IntArray, Progress
from .._pair import Head, Rows
from ._domains import Domains

TITLE = "mixing rows of two domains (mixup)"
PAPER = "Yan et al. 2020, Improve Unsupervised Domain Adaptation with Mixup Training; Zhang et al. 2018"
NEEDS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Config:
    """One setting."""

    alpha: float = 0.2  # of the Beta distribution; DomainBed's default
    copies: int = 2  # mixed rows that each row leads to


def cost(n: int, d: int, k: int) -> float:
    """A logistic head on twice the rows."""
    return 200.0 * n * d * k


def run(config: Config, domains: Domains) -> Generator[Progress, None, Head]:
    """Mix, fit."""
    rng = np.random.default_rng(domains.seed)
    first = np.tile(np.arange(len(domains.ys)), config.copies)
    second = partners(domains, first, rng)
    share = rng.beta(config.alpha, config.alpha, len(first))
    one_hot = np.eye(domains.k)[domains.ys]
    yield Progress(1, 1)
    return domains.fit(
        mixed(domains.xs, first, second, share),
        mixed(one_hot, first, second, share),
        np.full(len(first), 1 / config.copies, np.float32),
    )


def partners(domains: Domains, rows: IntArray, rng: np.random.Generator) -> IntArray:
    """For each of these rows [m] the number of one of another domain [m]."""
    parts, own = domains.parts, domains.domain[rows]
    away = rng.integers(1, max(len(parts), 2), len(rows))  # so many domains further on, in a circle
    picked = (own + away) % len(parts)
    sizes, place = np.array([len(part) for part in parts]), rng.random(len(rows))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.asarray(np.concatenate(parts)[starts[picked] + (place * sizes[picked]).astype(np.int64)])


def mixed(x: Rows, first: IntArray, second: IntArray, share: NDArray[np.float64]) -> Rows:
    """share · x[first] + (1 − share) · x[second], dense or sparse."""
    weight = share[:, None]
    if isinstance(x, np.ndarray):
        return weight * x[first] + (1 - weight) * x[second]
    return (x[first].multiply(weight) + x[second].multiply(1 - weight)).tocsr()
