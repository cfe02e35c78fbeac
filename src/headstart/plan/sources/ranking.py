"""What a choice among sources leaves: one entry a source, and their order. Values alone; `rounds.py` makes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import BudgetError, HeadstartError, SourceError

OVER = "the time for choosing ended"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Entry:
    """What became of one source."""

    source: str
    status: str = "waiting"  # "chosen" | "dropped" | "failed" | "waiting" (no time) | "alarmed"
    reason: str = ""
    value: float | None = None  # share right of examples left out; of numbers minus the mean absolute error
    loss: float | None = None  # their mean log-loss
    n: int = 0  # examples behind the two
    seconds: float = 0.0  # spent on it, its twin with random weights included
    predicted: float = 0.0  # seconds that were expected for the same, step by step
    whole: float = 0.0  # seconds that starting and looking at the whole task take, were no feature kept, as measured
    memory: float = 0.0  # bytes that the process will hold at the peak with all labelled examples, as supposed
    random: float | None = None  # `value` of its twin, on the first examples that the alarm asks about
    margin: float | None = None  # by how many standard errors it lies ahead of that twin (negative: behind)
    left: str = ""  # why nobody looked: "time", "memory", "failed", "interrupted", "needless"


@dataclass(frozen=True)
class Ranking:
    """All sources, best first; those chosen lead."""

    entries: tuple[Entry, ...]
    stopped: str = ""  # OVER, INTERRUPTED, or nothing
    warnings: tuple[str, ...] = ()
    order: tuple[str, ...] = ()  # those that were looked through, best first, whether an alarm went off or not

    @property
    def chosen(self) -> tuple[str, ...]:
        """The sources to go on with, best first."""
        return tuple(e.source for e in self.entries if e.status == "chosen")

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The sources of which examples said something, in the order of the entries."""
        return tuple(e.source for e in self.entries if e.value is not None)

    @property
    def left_out(self) -> tuple[Entry, ...]:
        """Those of which nothing is known."""
        return tuple(e for e in self.entries if e.value is None)


def arrange(entries: Iterable[Entry], chosen: Sequence[str]) -> tuple[Entry, ...]:
    """Those chosen first, in their order; then those looked at, who has seen most first; then the others."""
    ranks = {"chosen": 0, "alarmed": 1, "dropped": 1, "waiting": 2, "failed": 3}

    def place(entry: Entry) -> tuple[float, ...]:
        if entry.source in chosen:
            return ranks[entry.status], chosen.index(entry.source)
        return ranks[entry.status], -entry.n, math.inf if entry.loss is None else entry.loss

    return tuple(sorted(entries, key=place))


def nothing(entries: Iterable[Entry]) -> HeadstartError:
    """That no source at all was looked through, and why of each."""
    told = [e for e in entries if e.reason]
    why = "; ".join(f"{e.source}: {e.reason}" for e in told)
    if all(e.status == "waiting" for e in told):
        return BudgetError(f"The budget ended before any source was looked through ({why}). Give more with --budget.")
    return SourceError(
        f"No source could be used. {why}\nName one that is here with --source, see `headstart sources list`."
    )
