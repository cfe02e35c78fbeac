"""What time and memory allow while sources are chosen: why a step is not begun, in words.

In: what each source takes (`timed.py`), and when the choice and the whole run must end. Chooses nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...source import _modality
from ...types import Source, to_dict
from .. import cost, remaining
from .timed import Timed

# Of the time left to the whole run, what looking at all examples through those chosen may take. Of texts the first
# dozen tells a fifth too much (every length is new to the kernels), so that it is 0.4 in truth.
WHOLE = 0.5
STARTING = 0.25  # of the time left for choosing, what starting a source that is not likely may take
Refusal = tuple[str, str]  # "time" or "memory", and the reason


@dataclass
class Limits:
    """Those of one choice.

    Attributes:
        timed: what each source takes.
        deadline: of the choice, as of `time.monotonic()`; None where there is none.
        ends: of the whole run, likewise.
        room: bytes that the process may hold; as many as the machine has where not given.
    """

    timed: Timed
    deadline: float | None
    ends: float | None
    room: float | None

    def left(self) -> float:
        """Seconds left for choosing."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    def told(self) -> str:
        """The same in words."""
        return f"and {max(self.left(), 0):.0f} s were left for choosing"

    def opening(self, source: Source, *, likely: bool) -> Refusal | None:
        """Why it is not even timed. A likely one: only because there is no room for it, or no time to fetch it."""
        if refused := self._memory(cost.memory(source, len(self.timed.order), begun=False)):
            return refused
        takes, left = self.timed.fetching(source), self.left()
        if not likely:
            takes, left = takes + self.timed.starting(source), STARTING * left
        if left <= 0 or takes > left:
            what = "starting it" if self.timed.eyes.here(source) else "fetching and starting it"
            return "time", f"{what} would take about {takes:.0f} s of the {max(self.left(), 0):.0f} s left for choosing"
        return None

    def step(self, source: Source, n: int) -> Refusal | None:
        """Why the first `n` examples are not looked at through a source that was timed."""
        if refused := self._memory(cost.memory(source, n, begun=True)):
            return refused
        if why := self.whole(source):
            return "time", why
        takes = self.timed.predict(source, n)
        if self.left() <= 0 or takes > self.left():
            noun = self.timed.task.noun
            return "time", f"looking at {n} {noun}s would take about {takes:.0f} s, {self.told()}"
        return None

    def whole(self, source: Source, beside: Source | None = None) -> str:
        """Why a whole run with it, and with another one, would not end in its time; else nothing."""
        if self.ends is None:
            return ""
        n, left = sum(self.timed.task.n.values()), max(self.ends - time.monotonic(), 0.0)
        look = self.timed.whole(source)
        if look + (self.timed.whole(beside) if beside else 0.0) <= WHOLE * left:
            return ""
        noun = self.timed.task.noun
        return f"looking at all {n} {noun}s would take about {look:.0f} s of the {left:.0f} s that are left"

    def lighter(self, source: Source) -> Iterator[tuple[Source, str]]:
        """Where a whole run with it would not end in its time: what reads less of each example, and why.

        The most first; only those that would fit if all examples were long: what a cut saves is known when it is timed.
        """
        if self.ends is None or not (why := self.whole(source)):
            return
        fits, of = WHOLE * max(self.ends - time.monotonic(), 0.0), _modality.of(source.modality)
        for less, share in of.lighter(source):
            if share * self.timed.whole(source) <= fits:
                read = f"{less.key} reads at most {of.shown(to_dict(less.input))} of each {self.timed.task.noun}"
                yield less, f"{read}: with all that {source.key} can read, {why}."

    def alarm(self, source: Source, sizes: Sequence[int]) -> tuple[int, str]:
        """On how many examples its twin is asked, the first of the sizes that fits; 0, and why, where none does."""
        if refused := self._memory(cost.twin_memory(source)):
            return 0, refused[1]
        takes = {n: self.timed.predict_random(source, n) + self.timed.predict(source, n) for n in sizes}
        for n in sizes:
            if takes[n] <= self.left():
                return n, ""
        return 0, f"it would take about {min(takes.values()):.0f} s, {self.told()}"

    def _memory(self, need: float) -> Refusal | None:
        free = remaining.resident() + cost.free_memory()
        most = free if self.room is None else min(free, self.room)
        if need <= most:
            return None
        return "memory", f"it would need about {need / 1e9:.1f} GB of memory, and {most / 1e9:.1f} GB may be taken"
