"""Optimal transport: source rows are moved to where the cheapest plan takes them, and the head is fitted on moved rows.

The plan is entropic (Sinkhorn) with a term for classes: a target row is to get its mass from rows of one class. Costs
are squared distances less the means of their rows and columns, which changes no plan, in units of what is left's
deviation: so no exponential is lost, and `reg` means the same whatever the rows' scale. A source row moves to the
mean of the target rows that it sends its mass to. Of more than `limit` rows of a domain some are drawn, and a source
row that was not moves as far as its nearest that was.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray, Progress
from ._pair import Head, Pair
from ._rows import drawn, nearest, squared

TITLE = "optimal transport"
PAPER = "Courty, Flamary, Tuia & Rakotomamonjy 2017, Optimal Transport for Domain Adaptation"
NEEDS = frozenset({"dense"})
DEEP = False
REQUIRES = ("ot",)
TRIES, UNEVEN = 6, 0.01  # regularisations, each twice the last; part of the mass that a plan may misplace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Config:
    """One setting."""

    reg: float = 0.3  # weight of the entropy; more blurs
    classes: float = 0.1  # weight of the term for classes
    rounds: int = 4  # in which that term is made linear anew
    limit: int = 2000  # rows of a domain between which a plan is made


def cost(n: int, m: int, d: int, k: int) -> float:
    """A plan of a thousand steps among the rows that are drawn, the nearest of the others, a head."""
    a, b = min(n, 2000), min(m, 2000)
    return a * b * (d + 1000.0) + n * a * d + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Plan, move, fit.

    Raises:
        ArithmeticError: there is no plan, however much it is blurred.
    """
    of_source = drawn(len(pair.xs), config.limit, pair.seed)
    xs, xt = pair.xs[of_source], pair.xt[drawn(len(pair.xt), config.limit, pair.seed)]
    costs = _levelled(squared(xs, xt))
    flow, reg = _finite_plan(costs, pair.ys[of_source], config)
    yield Progress(1, 1)
    moved = flow @ xt / flow.sum(1, keepdims=True)
    if len(xs) < len(pair.xs):
        moved = pair.xs + (moved - xs)[nearest(pair.xs, xs)]
    return replace(pair.fit(moved, pair.ys, None), notes={"regularisation": reg})


def _levelled(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Less the means of rows and columns, at a deviation of 1 (or all 0)."""
    level = costs - costs.mean(1, keepdims=True) - costs.mean(0) + costs.mean()
    spread = float(level.std())
    return np.asarray(level / spread if spread > 1e-9 * float(costs.max()) else np.zeros_like(costs))


def _finite_plan(costs: NDArray[np.float64], ys: IntArray, config: Config) -> tuple[NDArray[np.float64], float]:
    """A plan whose mass is all there, blurred more where it has to be, and the regularisation."""
    for reg in (config.reg * 2.0**at for at in range(TRIES)):
        with np.errstate(all="ignore"):  # looked at below
            flow = plan(costs, ys, reg, config.classes, config.rounds)
            misplaced = np.abs(flow.sum(1) - 1 / len(flow)).sum() + np.abs(flow.sum(0) - 1 / flow.shape[1]).sum()
        if np.isfinite(flow).all() and misplaced < UNEVEN:
            return flow, reg
        log.warning("optimal transport found no plan with regularisation %g; it is doubled", reg)
    raise ArithmeticError(
        f"Optimal transport found no plan between {len(costs)} source and {costs.shape[1]} target rows, not even "
        f"with a regularisation of {reg:g}. Leave this method out, or look for values that are far too large."
    )


def plan(
    costs: NDArray[np.float64], ys: IntArray, reg: float, classes: float = 0.0, rounds: int = 1
) -> NDArray[np.float64]:
    """How much mass goes where, [n m], all rows of a domain having as much; `ys` [n] are the source's classes.

    The term for classes is that of the paper, the sum of √(mass that a target row gets from a class), made linear at
    the last plan; masses are counted in parts of what a target row gets.
    """
    import ot

    n, m = costs.shape
    member = (ys[:, None] == np.unique(ys)).astype(np.float64)  # [n k]
    linear, start = np.zeros_like(costs), None
    for _ in range(rounds if classes else 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # POT warns and goes on with what it had; `_finite_plan` looks
            flow, found = ot.sinkhorn(
                np.full(n, 1 / n),
                np.full(m, 1 / m),
                costs + classes * linear,
                reg,
                numItermax=1000,
                stopThr=1e-5,
                warn=False,
                log=True,
                warmstart=start,
            )
        start = np.log(found["u"]), np.log(found["v"])
        linear = member @ (0.5 / np.sqrt(member.T @ flow * m + 0.05))
    return np.asarray(flow)
