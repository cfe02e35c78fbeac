"""Transfer component analysis with a linear kernel: directions in which the domains' means agree and rows differ.

The paper's problem on the kernel K = XX' of all N rows, max W'KHKW where W'(I + μ KLK)W = I, is solved for V = X'W,
whose size is that of the columns: with G = X'X = QgQ' and V = Q √g U it becomes max U'AU where U'(I + μ uu')U = I,
with A = g² − N aa', a = √g Q'mean, u = √g Q'(mean of source − mean of target). The same components, in memory that is
linear in rows. Rows are scaled to a mean square length of 1, components to a variance of 1 (the paper's W'KHKW = I,
times N).
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

TITLE = "transfer component analysis (TCA)"
PAPER = "Pan, Tsang, Kwok & Yang 2011, Domain Adaptation via Transfer Component Analysis"
NEEDS = frozenset({"dense"})
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    mu: float = 1.0  # weight of the distance of the means
    share: float = 0.95  # of the sum of √eigenvalues, which are variances where the means agree, in the components


def cost(n: int, m: int, d: int, k: int) -> float:
    """A product of columns, two eigenproblems, a head."""
    return (n + m) * d**2 + 20.0 * d**3 + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Find the components, fit on them.

    Raises:
        DataError: no column varies.
    """
    matrix = components(pair.xs, pair.xt, config.mu, config.share)
    yield Progress(1, 1)
    return pair.fit(pair.xs @ matrix, pair.ys, None).after(matrix)


def components(xs: NDArray[np.float64], xt: NDArray[np.float64], mu: float, share: float = 1.0) -> NDArray[np.float64]:
    """[n d], [m d] → the matrix [d p] that rows are multiplied by."""
    total = len(xs) + len(xt)
    means = np.stack([xs.mean(0), xt.mean(0)])
    gram = xs.T @ xs + xt.T @ xt
    length = max(float(np.trace(gram)) / total, 1e-12)  # mean square of a row's
    g, q = np.linalg.eigh(gram / length)
    kept = g > 1e-10 * max(float(g[-1]), 1e-10)
    g, q = g[kept], q[:, kept] * np.sqrt(g[kept])
    centre, u = np.array([[len(xs), len(xt)], [total, -total]]) / total @ means @ q / np.sqrt(length)
    tilt = np.outer(u, u) * _shortening(mu, float(u @ u))  # (I + μ uu')^−½ = I − tilt
    a = np.diag(g**2) - total * np.outer(centre, centre)
    half = a - tilt @ a
    values, z = np.linalg.eigh(half - half @ tilt)
    kept = values > 1e-10 * max(float(g.max(initial=0.0)) ** 2, 1e-10)
    if not kept.any():
        raise DataError(
            f"No column varies over the {total} rows of both domains, so there are no components. "
            "Give rows that differ, or choose another method."
        )
    values, z = values[kept][::-1], z[:, kept][:, ::-1]
    p = holding(np.sqrt(values), share)
    found = q @ (z - tilt @ z)[:, :p] / np.sqrt(values[:p] * length / total)
    return np.asarray(found)


def _shortening(mu: float, square: float) -> float:
    return float(1 - 1 / np.sqrt(1 + mu * square)) / max(square, 1e-300)
