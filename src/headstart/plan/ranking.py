"""What a choice among sources leaves: one entry a source, and their order. Values alone; `rounds.py` makes them."""

from __future__ import annotations

from dataclasses import dataclass

OVER = "the time for choosing ended"


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
    predicted: float = 0.0  # seconds for the first round as told before it, were no feature kept
    memory: float = 0.0  # bytes, likewise
    random: float | None = None  # `value` of its twin, on the first examples that the alarm asks about
    margin: float | None = None  # by how many standard errors it lies ahead of that twin (negative: behind)


@dataclass(frozen=True)
class Ranking:
    """All sources, best first; those chosen lead."""

    entries: tuple[Entry, ...]
    stopped: str = ""  # OVER, "interrupted", or nothing
    warnings: tuple[str, ...] = ()
    order: tuple[str, ...] = ()  # those that were looked through, best first, whether an alarm went off or not

    @property
    def chosen(self) -> tuple[str, ...]:
        """The sources to go on with, best first."""
        return tuple(e.source for e in self.entries if e.status == "chosen")
