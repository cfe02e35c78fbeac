"""Errors of forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Errors:
    """Of a step, and of the last one."""

    step_error: float
    last_step: float


def metrics(scores: Any, y: Any, task: Any, fitted: Any, level: float, groups: Any = None) -> Errors:
    """Of one model."""
    return Errors(**plain(scores, y, task.labels, fitted, level, groups))


def plain(scores: Any, y: Any, labels: Any, fitted: Any, level: float, groups: Any) -> dict[str, float]:
    """The same on any examples."""
    errors = np.abs(scores - y)
    return {"step_error": float(errors.mean()), "last_step": float(errors[:, -1].mean())}


def caveats(task: Any, y: Any, found: Errors, metric: str) -> list[str]:
    """None."""
    return []
