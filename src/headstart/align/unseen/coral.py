"""Correlation alignment between sources: the rows of every domain get one covariance and one mean, then the head.

That covariance is the pooled one (the mean of the domains' own, by rows), the mean that of all rows. Nothing is known
of an unseen domain, so its rows cannot be moved: the head reads them as they are, in the units of the moved rows.

Sun & Saenko penalise unequal covariances of a network's features while it learns; on frozen features that penalty has
this closed form, in which it is zero.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...types import Progress
from .._moments import covariance, root
from .._pair import Head
from ._domains import Domains

TITLE = "one covariance for all domains (CORAL)"
PAPER = "Sun & Saenko 2016, Deep CORAL; between sources as in Gulrajani & Lopez-Paz 2021"
NEEDS = frozenset({"dense"})


@dataclass(frozen=True)
class Config:
    """One setting."""

    shrink: float = 0.1  # part of a covariance that is its diagonal alone


def cost(n: int, d: int, k: int) -> float:
    """A covariance and two roots for each domain, about four, and a head."""
    return n * d**2 + 80.0 * d**3 + 100.0 * n * d * k


def run(config: Config, domains: Domains) -> Generator[Progress, None, Head]:
    """Move the rows of each domain, fit."""
    yield Progress(1, 1)
    return domains.fit(together(domains, config.shrink), domains.ys, None)


def together(domains: Domains, shrink: float) -> NDArray[np.float64]:
    """The rows [n d], each domain's with the pooled (shrunk) covariance and the mean of all."""
    xs, parts = domains.xs, domains.parts
    own = [covariance(xs[part], shrink) for part in parts]
    pooled = np.average(own, axis=0, weights=[len(part) for part in parts])
    target, mean = root(pooled, 0.5), xs.mean(0)
    moved = np.empty(xs.shape)
    for part, one in zip(parts, own, strict=True):
        moved[part] = (xs[part] - xs[part].mean(0)) @ root(one, -0.5) @ target + mean
    return moved
