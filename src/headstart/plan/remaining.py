"""What a run still has to do when its race is over, and what a candidate will have to: seconds, from this very run.

In: candidates, whose notes say how long their last training took ("seconds"), reading a validation example ("reading")
and looking at a new one through their source ("looking"). Out: seconds. Knows no clock and no limit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ..errors import BudgetError
from .choice import Validated

PAGES = 5.0  # seconds: self-test of the saved model, pages, tables
EARLY = 0.5  # of the steps that are left: early stopping may spare the others
SURE = 1.0  # seconds of training that tell its pace


class Slow(BudgetError):
    """Something was not begun, or given up, as it would not be done in time or not fit; the message says why."""

    def __init__(self, message: str, lacking: float = 0.0) -> None:
        super().__init__(message)
        self.lacking = lacking  # seconds more that would have been enough for all; 0 where that is not known


def training(contender: Validated, n: int) -> float:
    """One more training of it, on `n` examples."""
    return float(contender.notes.get("seconds", contender.trial.seconds)) * n / max(1, int(contender.notes["n"]))


def judging(finalists: Iterable[tuple[Validated, int]], n: int) -> float:
    """Looking at `n` test examples, answering them with every finalist's so many models, and the pages."""
    seconds, seen = PAGES, set()
    for contender, models in finalists:
        view = contender.fitted.view
        if (view.source, view.depth) not in seen:
            seconds += n * float(contender.notes.get("looking", 0.0))
            seen.add((view.source, view.depth))
        seconds += models * n * float(contender.notes.get("reading", 0.0))
    return seconds


def in_time(rest: float, left: float | None, what: str) -> None:
    """Raises `Slow` where `rest` seconds are more than the `left` ones; None: as many as it needs."""
    if left is not None and rest > left:
        raise Slow(f"{what} would take about {rest:.0f} s more, and {max(left, 0.0):.0f} s were left for it")


def resident() -> float:
    """Bytes of memory that this process holds now, or held at most where the system tells no more."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096.0
    except (OSError, ValueError, IndexError):
        return peak()


def peak() -> float:
    """Bytes of memory that this process held at most; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return 0.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most) * (1 if sys.platform == "darwin" else 1024)
