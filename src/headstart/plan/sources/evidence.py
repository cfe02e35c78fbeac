"""What some labelled examples say of a source: how well a ridge head on its frozen features names those left out.

In: features of all depths [n d], and what is true of them. Out: `Evidence`, a loss for each example as that of a head
that had not learnt from it (nor from its group). Losses of two sources are compared pair by pair, example by example.
Says nothing of what fine-tuning would make of a source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kind import kind_of, targets
from ...score._ridge import out_of_sample
from ...types import Example, Features, IntArray, Task
from .._folds import units
from ..choice import CLOSE, behind


@dataclass(frozen=True)
class Evidence:
    """How a source did on examples left out, in the order of `draw`."""

    source: str
    losses: NDArray[np.float64]  # [n] log-loss of each; of numbers the squared error
    right: NDArray[np.float64]  # [n] share of right answers; of numbers minus the absolute error
    groups: IntArray | None = None  # [n] whose examples count as one observation; None: each stands alone

    @property
    def loss(self) -> float:
        """Their mean: what sources are ordered by, lowest first."""
        return float(self.losses.mean())

    @property
    def value(self) -> float:
        """Share right, or of numbers minus the mean absolute error: for people."""
        return float(self.right.mean())

    def behind(self, other: Evidence) -> float:
        """By how many standard errors of the paired difference it lies behind another one; negative: ahead.

        On the examples of both, which are the first ones.
        """
        n = min(len(self.losses), len(other.losses))
        return behind(self.losses[:n], other.losses[:n], None if self.groups is None else self.groups[:n])


def of(source: str, seen: Features, task: Task, examples: Sequence[Example]) -> Evidence:
    """What `examples`, looked at through the source (`seen`), say of it.

    Raises:
        UsageError: fewer than two examples, or all of one class or group.
        ArithmeticError: a loss that is no finite number.
    """
    x = np.asarray(seen.x, np.float32).reshape(len(seen.x), -1)
    members = units(examples)
    losses, right = out_of_sample(x, targets(task, examples), len(task.labels), task.kind, members)
    if not np.isfinite(losses).all():
        raise ArithmeticError(f"what a linear head makes of the features of '{source}' are no finite numbers")
    return Evidence(source, np.asarray(losses, np.float64), np.asarray(right, np.float64), members)


def order(
    known: Sequence[Evidence],
    close: float = CLOSE,
    heavier: Callable[[str, str], bool] = lambda *_: False,
    least: float = 0.0,
) -> list[str]:
    """Sources, best first: the lowest loss leads, but of those that cannot be told from it, whoever stands first here.

    "Cannot be told": as among a run's candidates (`choice.prefer`), within one standard error of the paired difference.
    A heavier source must promise more: it is told from a lighter one only where its value is better by `least`, too,
    and of those that cannot be told it does not lead. The rest is ordered likewise. That one error is enough, and that
    none is worse: benchmarks/choose/halves.py.

    Args:
        known: of the same examples, in the order of what is known of the sources beforehand.
        close: standard errors that cannot be told.
        heavier: whether a run with the first source takes so much longer than one with the second.
        least: difference in value that is of practical weight.
    """

    def clear(ahead: Evidence, other: Evidence) -> bool:
        better = ahead.value - other.value >= least or not heavier(ahead.source, other.source)
        return better and other.behind(ahead) > close

    left, out = list(known), []
    while left:
        best = min(left, key=lambda e: e.loss)
        level = [e for e in left if e is best or not clear(best, e)]
        lead = next(e for e in level if not any(heavier(e.source, other.source) for other in level))
        left = [e for e in left if e is not lead]
        out.append(lead.source)
    return out


def draw(task: Task, seed: int) -> list[Example]:
    """All labelled examples in an order whose every beginning is as even over the classes as can be.

    Shuffled by the seed, then dealt: the first of each class, the second of each class, …; numbers, and examples of
    several labels, by chance alone.
    """
    examples = [*task.train, *task.valid]
    shuffled = [examples[i] for i in np.random.default_rng(seed).permutation(len(examples))]
    if not kind_of(task.kind).exclusive:
        return shuffled
    turn: dict[int, int] = {}
    order = []
    for at, example in enumerate(shuffled):
        turn[example.answer] = turn.get(example.answer, 0) + 1
        order.append((turn[example.answer], at))
    return [shuffled[at] for _, at in sorted(order)]
