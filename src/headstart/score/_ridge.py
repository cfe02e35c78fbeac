"""What ridge regression makes of each example when it, or its whole group, is left out: exactly, in one decomposition.

Features are the probe's: signed square root, each in units of its own deviation (over all rows: no label is in it).
With H the hat matrix of a penalty (intercept included) and e = y − H y, what is left of the rows g when they are left
out together is (I − H_gg)⁻¹ e_g; of a single row that is e_i / (1 − H_ii). The penalty is the one of fifteen (from
1e-4 to 1e4 of the mean power of an axis) for which the squares of these are least: one number chosen on all rows, for
every source alike.

Where no penalty does better than the mean of all rows, that is the guess: nothing is known. The mean of the *others*,
which a row left out would get, leans away from its own class: 0 % right of two equal classes, each row by the same
little, so that a source that knows nothing looked surely worse than another that knows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..kind import kind_of
from ..types import IntArray
from ._axes import Array, Spectrum, left_out, penalties, signed_root, spectrum, standardise
from ._look import Look, credit

GRID = 15  # penalties


def out_of_sample(
    x: NDArray[np.floating], y: NDArray[Any], k: int, kind: str = "classification", groups: IntArray | None = None
) -> tuple[Array, Array]:
    """Loss of every example, and how well it is answered, from what a ridge head says that has not seen it.

    Args:
        x: [n d] features.
        y: [n …] what is true of them, see `Kind.targets`.
        k: classes of the task; those that do not occur in y take no part.
        kind: of task.
        groups: [n]; rows of the same number are left out together.

    Returns:
        losses [n] (log-loss after one temperature, of several labels the mean over labels; of numbers the squared
        error) and right [n] (1 or 0, a share where classes are level; of several labels F1; of numbers minus the
        absolute error), as `compared` and `gains` in `kind/` have them.

    Raises:
        UsageError: all rows are one group, or have one class.
    """
    look = Look(np.asarray(x, np.float32), y, k, kind)
    member = kind_of(kind)
    exclusive, targets = member.exclusive, member.proxy(y)
    if len(y) < 2 or (exclusive and targets.shape[1] < 2):
        raise UsageError(
            f"{len(y)} examples of {targets.shape[1]} classes were given; a comparison needs two or more of both. "
            "Give examples of another class."
        )
    axes, _ = spectrum(standardise(signed_root(look.x), each=True)[0])
    missed, nothing = least(axes, targets, _blocks(groups, len(y))), targets - targets.mean(0)
    guess = targets - (missed if (missed**2).sum() < (nothing**2).sum() else nothing)
    if exclusive:
        codes = look.classes[0]
        return np.asarray(member.compared(guess, codes)[1]), credit(guess, codes)
    outputs = member.guessed(guess, y)
    return np.asarray(member.compared(outputs, y)[1]), np.asarray(member.gains(outputs, y), np.float64)


def least(axes: Spectrum, targets: Array, blocks: list[IntArray]) -> Array:
    """What is left of targets [n t] at the best penalty; rows in one line of a block [g m] are left out together.

    Labels are weighed alike, whatever their unit: all are 0 and 1, or there is one column of numbers.
    """
    grid = penalties(axes, GRID)
    found = left_out(axes, targets, grid) if not blocks else groups_left_out(axes, targets, grid, blocks)
    return min(found, key=lambda rest: float((rest**2).sum()))


def groups_left_out(axes: Spectrum, targets: Array, grid: Array, blocks: list[IntArray]) -> Iterator[Array]:
    """For every penalty, what is left of targets [n t] when each line of each block is predicted without its rows."""
    centred = targets - targets.mean(0)
    u = axes.z / np.sqrt(axes.power)
    projected = u.T @ centred
    for penalty in grid:
        shrink = axes.power / (axes.power + penalty)
        rest = centred - u @ (shrink[:, None] * projected)
        for rows in blocks:
            mine = u[rows]
            own = np.eye(rows.shape[1]) - (mine * shrink) @ mine.transpose(0, 2, 1) - 1 / len(u)
            rest[rows] = np.linalg.solve(own, rest[rows])
        yield rest


def _blocks(groups: IntArray | None, n: int) -> list[IntArray]:
    """The rows of each group, groups of one size in one array [g m]; none where every row is a group of its own."""
    if groups is None:
        return []
    _, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(codes) != n or len(counts) < 2:
        raise UsageError(
            f"{len(codes)} rows in {len(counts)} groups were given for {n} examples; each needs a group, and there "
            "must be two or more. Leave groups out to leave out row by row."
        )
    if counts.max() == 1:
        return []
    rows = np.split(np.argsort(codes, kind="stable"), counts.cumsum()[:-1])
    return [np.stack([rows[g] for g in np.flatnonzero(counts == size)]) for size in np.unique(counts)]
