"""Time for the rivals, without which a run is worth nothing: what they are supposed to take, and what would be enough.

The constants (`run/particulars.py`) are of one idle core, by rough measurement. Once a rival runs its own pace counts,
see `plan/length.py`.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from ..strategy import strategies
from . import particulars

if TYPE_CHECKING:
    from .job import Job

SEARCH = 1.4  # whole trainings that the search of a network from scratch takes
MOST = 0.5  # of the time left, that is kept for rivals at most
CHOICE = 0.4  # of whatever a budget is larger, that the choice of a source may take


def training(job: Job) -> float:
    """Seconds of one whole training of the network from scratch; 0 where none takes part."""
    task, own = job.task, particulars.of(job.task.modality)
    able = {name for name, way in strategies().items() if not way.reuses and way.takes(task.modality, task.kind)}
    long = {name for name in able if strategies()[name].long}
    takes_part = long & ({*job.plan.strategies} & able or able)
    return own.step * own.batches(len(task.train)) if takes_part else 0.0


def begin(job: Job) -> float | None:
    """By when the rivals must begin to have the least that counts, as of `time.monotonic()`; None without a budget."""
    from ..plan._folds import FOLDS
    from ..plan._folds import MOST as CROSSED
    from ..plan.length import LEAST

    if job.deadline is None:
        return None
    n = len(job.task.train) + len(job.task.valid)
    quick = n * particulars.of(job.task.modality).classical / (1 if n <= CROSSED else FOLDS)
    need = quick + LEAST * SEARCH * training(job)
    return job.deadline - min(need, MOST * max(job.deadline - time.monotonic(), 0.0))


def enough(budget: float, lacking: float) -> str:
    """The budget with which so many seconds more would have been there: what is more is not all for rivals.

    >>> enough(180.0, 0.0), enough(180.0, 60.0)
    ('--budget 4m', '--budget 5m')
    """
    return f"--budget {math.floor((budget + max(lacking, 0.0) / (1 - CHOICE)) / 60) + 1}m"
