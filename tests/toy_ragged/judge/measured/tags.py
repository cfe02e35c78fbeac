"""Tags on the sealed split: the share of steps and of whole examples that are right."""

from __future__ import annotations

from dataclasses import dataclass

from ...kind.tags import KIND
from .. import bootstrap
from ..metric import steps_right


@dataclass(frozen=True)
class TagMetrics:
    """How one model did."""

    steps_right: float
    wholly_right: float
    steps_right_interval: tuple[float, float]


def metrics(scores, y, task, fitted, level, groups=None):
    """Of one model."""
    side = steps_right.sums(KIND.answers(scores)[None], y, len(task.labels))
    interval = bootstrap.single(steps_right, side, groups=groups, level=level)
    return TagMetrics(**plain(scores, y, task.labels, fitted, level, groups), steps_right_interval=interval)


def plain(scores, y, labels, fitted, level, groups):
    """Of one model on any examples."""
    side = steps_right.sums(KIND.answers(scores)[None], y, len(labels))
    return {
        "steps_right": float(bootstrap.values(steps_right, side)[0]),
        "wholly_right": float((KIND.gains(scores, y) == 1).mean()),
    }


def caveats(task, y, found, metric):
    """None."""
    return []
