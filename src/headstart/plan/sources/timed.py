"""Looking through sources, each timed on a few of the person's own examples before anything is expected of it.

In: a task and something that looks (`SourceProber`). Out: `Evidence` of a source, and before every step what it will
take. What was expected and what it took of every step goes to the journal (`step`). Chooses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np

from ...errors import HeadstartError
from ...runtime import one_blas_thread
from ...types import Example, Features, Source, Task
from .. import cost
from ..cost import Pace
from . import evidence
from .evidence import Evidence

Found = TypeVar("Found")
FALSE_STARTS = (  # what a source may fail by; the others are tried all the same
    HeadstartError, OSError, RuntimeError, ValueError, ArithmeticError, ImportError, MemoryError, np.linalg.LinAlgError,
)  # fmt: skip


class SourceProber(Protocol):
    """What looks through sources."""

    def here(self, source: Source) -> bool:
        """Whether its weights need not be fetched."""

    def fetch(self, source: Source) -> None:
        """Get its weights where they are not here."""

    def missing(self, source: Source, examples: Sequence[Example]) -> list[Example]:
        """Those of the examples whose features are not kept from an earlier look."""

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        """Features of all depths [n d], fetched and computed where they are not yet kept."""

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        """The same of its twin with random weights."""

    def leave(self, source: Source) -> None:
        """Let its network go; its features stay."""

    def kept(self, source: Source) -> Pace | None:
        """How it did on this machine when it was last timed."""

    def keep(self, source: Source, pace: Pace) -> None:
        """Remember that."""


@dataclass
class Timed:
    """SourceProber that know what a look will take.

    Attributes:
        task: its labelled examples are looked at, in the order of `evidence.draw`; its test ones are counted.
        eyes: looks.
        seed: of that order.
        note: told every step: ("step", source, step, n, predicted and taken seconds).
        seen: told what was seen of a source: (source, examples, features).
        spent: seconds by source.
        expected: seconds that were predicted for the same.
    """

    task: Task
    eyes: SourceProber
    seed: int
    note: Callable[..., None]
    seen: Callable[[Source, Sequence[Example], Features], None]
    spent: dict[str, float] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)  # those whose network stands
    _starts: list[float] = field(default_factory=list)  # seconds that starting took, as a part of those guessed
    _per_byte: float = cost.PER_BYTE

    def __post_init__(self) -> None:
        self.order = evidence.draw(self.task, self.seed)

    def fetching(self, source: Source) -> float:
        """Seconds to fetch its weights, supposed; 0 where they are here."""
        return 0.0 if self.eyes.here(source) else cost.fetching(source, self._per_byte)

    def starting(self, source: Source) -> float:
        """Seconds until it is timed, supposed; 0 where all its features are kept; longer where all starts took so."""
        slower = max(min(self._starts, default=1.0), 1.0)
        return slower * cost.guess(source).start if not self.eyes.here(source) or self._new(source) else 0.0

    def open(self, source: Source, n: int) -> None:
        """Fetch it, build its network, and time it on a few of the first `n` examples."""
        if not self.eyes.here(source):
            said = self.fetching(source)
            took = self._step(source, "fetch", 0, said, lambda: self.eyes.fetch(source))[1]
            self._per_byte = max(took, 0.1) / (source.params * cost.BYTES)
        guess, few = cost.guess(source), cost.few(self.eyes.missing(source, self.order[:n]))
        if not few and (kept := self.eyes.kept(source)):  # looked through before, and timed then
            self._paces[source.key] = kept
            return
        if not (few := few or cost.few(self._new(source))):  # nothing is to be looked at, so that nothing can be timed
            self._paces[source.key] = guess
            return
        warm, rest = few[: cost.WARM], few[cost.WARM :]
        start = self._step(source, "start", len(warm), self.starting(source), lambda: self.eyes.look(source, warm))[1]
        self._starts.append(start / guess.start)
        pace = replace(guess, start=start)
        if rest:
            seen = self._step(source, "time", len(rest), guess.look(rest), lambda: self.eyes.look(source, rest))[0]
            pace = _learnt(pace, seen, rest)
        self._paces[source.key] = pace
        self._begun.add(source.key)
        self.eyes.keep(source, pace)

    def predict(self, source: Source, n: int) -> float:
        """Seconds for the evidence of the first `n` examples, through a source that was opened."""
        new, pace = self.eyes.missing(source, self.order[:n]), self._paces[source.key]
        start = pace.start if new and source.key not in self._begun else 0.0
        return start + pace.look(new) + cost.evidence(source, n)

    def predict_random(self, source: Source, n: int) -> float:
        """The same through its twin, whose network must be built, too."""
        pace = self._paces[source.key]
        start = max(pace.start, cost.guess(source).start)
        return start + pace.look(self.order[:n]) + cost.evidence(source, n)

    def whole(self, source: Source) -> float:
        """Seconds for a look at all examples of the task, were no feature kept, through a source that was opened."""
        return self._paces[source.key].look(self.order) * sum(self.task.n.values()) / max(len(self.order), 1)

    def anew(self, source: Source) -> float:
        """The same with what it takes to start; 0 for a source that was not opened."""
        return self._paces[source.key].start + self.whole(source) if source.key in self._paces else 0.0

    def run(self, source: Source) -> float:
        """Seconds of a run with a source that was opened, see `cost.Pace.run`; by its record where it was not."""
        return self._paces.get(source.key, cost.guess(source)).run(self.order)

    def evidence(self, source: Source, n: int) -> Evidence:
        """What the first `n` examples say of it."""
        examples = self.order[:n]
        new = self.eyes.missing(source, examples)

        def work() -> tuple[Features, Evidence]:
            seen = self.eyes.look(source, examples)
            return seen, self._judged(source.key, seen, n)

        seen, found = self._step(source, "look", n, self.predict(source, n), work)[0]
        if len(new) >= cost.FEW and source.key in self._begun:
            self._paces[source.key] = pace = _learnt(self._paces[source.key], seen, new)
            self.eyes.keep(source, pace)
        self._begun |= {source.key} if new else set()
        self.seen(source, examples, seen)
        return found

    def evidence_random(self, source: Source, n: int) -> Evidence:
        """What they say of its twin."""

        def work() -> Evidence:
            return self._judged(source.key, self.eyes.look_random(source, self.order[:n]), n)

        return self._step(source, "alarm", n, self.predict_random(source, n), work)[0]

    def _judged(self, key: str, seen: Features, n: int) -> Evidence:
        with one_blas_thread():
            return evidence.of(key, seen, self.task, self.order[:n])

    def _new(self, source: Source) -> list[Example]:
        return self.eyes.missing(source, self.order)

    def _step(self, source: Source, step: str, n: int, said: float, work: Callable[[], Found]) -> tuple[Found, float]:
        """Do it, and note what was expected and what it took."""
        begun = time.monotonic()
        try:
            found = work()
        finally:
            took = time.monotonic() - begun
            self.spent[source.key] = self.spent.get(source.key, 0.0) + took
            self.expected[source.key] = self.expected.get(source.key, 0.0) + said
        self.note("step", source=source.key, step=step, n=n, predicted=round(said, 3), taken=round(took, 3))
        return found, took


def _learnt(pace: Pace, seen: Features, examples: Sequence[Example]) -> Pace:
    """The pace after these examples were looked at."""
    if not seen.computed:
        return pace
    return replace(pace, each=max(seen.seconds, 1e-6) / sum(map(cost.size, examples)))
