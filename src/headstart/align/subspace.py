"""Subspace alignment: the source's principal axes are turned towards the target's, and the head is fitted there.

With the principal axes Ps and Pt as columns, source rows become (x − mean) Ps Ps' Pt and target rows (x − mean) Pt,
each less its own domain's mean. There are as many axes as hold `share` of the variance in either domain, at most as
many as both have (the paper takes as many as are stable by a bound, which hundreds of rows seldom fulfil).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..types import Progress
from ._pair import Head, Pair
from ._rows import holding

TITLE = "subspace alignment"
PAPER = "Fernando et al. 2013, Unsupervised Visual Domain Adaptation Using Subspace Alignment"
NEEDS = frozenset({"dense"})
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    share: float = 0.99  # of the variance that the axes must hold; with .95 development pairs lost 2.7 points


def cost(n: int, m: int, d: int, k: int) -> float:
    """Two covariances, or products of rows where these are fewer, and a head."""
    return n * d * min(n, d) + m * d * min(m, d) + 10.0 * (min(n, d) ** 3 + min(m, d) ** 3) + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Find both sets of axes, align, fit.

    Raises:
        DataError: the rows of a domain do not differ.
    """
    of_source, source = _axes(pair.xs, "source")
    of_target, target = _axes(pair.xt, "target")
    wanted = max(holding(of_source, config.share), holding(of_target, config.share))
    p = min(wanted, len(of_source), len(of_target))
    source, target = source[:, :p], target[:, :p]
    yield Progress(1, 1)
    aligned = (pair.xs - pair.xs.mean(0)) @ source @ (source.T @ target)
    return pair.fit(aligned, pair.ys, None).after(target, -pair.xt.mean(0) @ target)


def _axes(x: NDArray[np.float64], domain: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances [r], largest first, and the axes that they lie along [d r]."""
    centred = x - x.mean(0)
    wide = x.shape[1] > len(x)
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    kept = values > 1e-10 * max(float(values[-1]), 1e-10)
    if not kept.any():
        raise DataError(
            f"The {len(x)} {domain} rows do not differ, so there are no axes to align. "
            "Subspace alignment needs two different rows of each domain: give more, or choose another method."
        )
    values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
    return values, centred.T @ vectors / np.sqrt(values) if wide else vectors
