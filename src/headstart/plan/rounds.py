"""Which sources to go on with: successive halving on the person's own labelled examples, inside a time limit.

All sources are looked through on some examples, the better half (and what cannot be told from the best) on twice as
many, and so on, until as few are left as the race can train on. Ordered by what a ridge head makes of their frozen
features on examples left out (`evidence.py`). Before each step its cost is predicted: what would not end in time, or
not fit into memory, is not begun. Those that are left must beat their own architecture with random weights, else the
alarm goes off and the next one takes their place. Every decision has its reason in words. Knows nothing of files and
fetching: `Eyes` does that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from ..errors import BudgetError, HeadstartError, SourceError
from ..types import Example, Features, Source, Task
from . import cost, evidence
from .choice import CLOSE
from .evidence import Evidence

FIRST = 128  # examples of the first round, if there are so many; but at least EACH of every class
EACH = 4
MOST = 1024  # examples of the last one: from there on sources differ by less than the race tells apart better
ASKED = 256  # examples of the alarm
FALSE_STARTS = (
    HeadstartError, OSError, RuntimeError, ValueError, ArithmeticError, ImportError, MemoryError, np.linalg.LinAlgError,
)  # fmt: skip
OVER = "the time for choosing ended"


class Eyes(Protocol):
    """What looks through sources."""

    def here(self, source: Source) -> bool:
        """Whether its weights need not be fetched."""

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        """Features of all depths [n d], fetched and computed where they are not yet kept."""

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        """The same of its twin with random weights."""


@dataclass(frozen=True)
class Entry:
    """What became of one source."""

    source: str
    status: str = "waiting"  # "chosen" | "dropped" | "failed" | "waiting" (no time) | "alarmed"
    reason: str = ""
    value: float | None = None  # share right of examples left out; of numbers minus the mean absolute error
    loss: float | None = None  # their mean log-loss
    n: int = 0  # examples behind the two
    seconds: float = 0.0  # spent on it
    predicted: float = 0.0  # seconds for the first round, as told before it
    memory: float = 0.0  # bytes, likewise
    random: float | None = None  # `value` of its twin with random weights, on the first ASKED examples
    margin: float | None = None  # by how many standard errors it lies ahead of that twin (negative: behind)


@dataclass(frozen=True)
class Ranking:
    """All sources, best first; those chosen lead."""

    entries: tuple[Entry, ...]
    stopped: str = ""  # OVER, "interrupted", or nothing
    warnings: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The sources to go on with, best first."""
        return tuple(e.source for e in self.entries if e.status == "chosen")


@dataclass
class Rounds:
    """One choice at work.

    Attributes:
        task: the person's data; the test split is not touched.
        sources: candidates; of equal evidence an earlier one leads, so their order is what is known of them before.
        eyes: looks through them.
        keep: how many to go on with.
        deadline: as of `time.monotonic()`.
        note: told every decision: (event, facts).
        tell: told what is going on: (what, done, of).
        seen: told what was seen of a source: (source, examples, features).
        once, alarm: see there.
    """

    task: Task
    sources: Sequence[Source]
    eyes: Eyes
    seed: int = 0
    keep: int = 2
    deadline: float | None = None
    note: Callable[..., None] = lambda *_, **__: None
    tell: Callable[[str, int, int], None] = lambda *_: None
    seen: Callable[[Source, Sequence[Example], Features], None] = lambda *_: None
    once: int = 0  # above 0: one round of so many examples, in which nobody is dropped
    alarm: bool = True
    _entries: dict[str, Entry] = field(default_factory=dict)
    _known: dict[str, Evidence] = field(default_factory=dict)
    _stopped: str = ""
    _pace: cost.Pace = field(default_factory=cost.Pace)

    def run(self) -> Ranking:
        """Round after round.

        Raises:
            SourceError: no source at all could be looked through; says why of each.
            BudgetError: none in the time there was.
        """
        self._entries = {s.key: Entry(s.key) for s in self.sources}
        self._order = evidence.draw(self.task, self.seed)
        self._pace = replace(self._pace, per_example=_per_example(self._order))
        warnings: tuple[str, ...] = ()
        try:
            left = self._halving()
            warnings = self._alarms(left)
        except KeyboardInterrupt:
            if not self._known:
                raise
            self._stopped = "interrupted"
            self.tell("interrupted: going on with the best source so far", 0, 1)
        self._choose_rest()
        return Ranking(self._sorted(), self._stopped, warnings)

    def _sizes(self) -> list[int]:
        """How many examples the rounds see: each twice as many as the one before."""
        n = len(self._order)
        if self.once:
            return [min(n, self.once)]
        out = [min(n, max(FIRST, EACH * len(self.task.labels)))]
        while out[-1] < min(n, MOST):
            out.append(min(n, MOST, 2 * out[-1]))
        return out

    def _halving(self) -> list[str]:
        """The sources that are left, best first."""
        left, sizes = self._by_probe(), self._sizes()
        for at, n in enumerate(sizes):
            left = self._round(left, n)
            over = self.deadline is not None and time.monotonic() > self.deadline
            ranked, left = left, self._cut(left, last=over or at + 1 == len(sizes))
            for rank, key in enumerate(ranked, 1):
                if key not in left:
                    why = f"ranked {rank} of {len(ranked)}: {self._behind(key, ranked[0])}"
                    self._set(key, status="dropped", reason=why)
            if over or len(left) <= self.keep:
                break
        return left

    def _cut(self, ranked: list[str], *, last: bool) -> list[str]:
        """Who goes on, in their order; before the last round also what cannot be told from the best."""
        if self.once:
            return ranked
        fit = self.keep if last else max(self.keep, math.ceil(len(ranked) / 2))
        best = self._known[ranked[0]]
        return [
            key for at, key in enumerate(ranked) if at < fit or (not last and self._known[key].behind(best) < CLOSE)
        ]

    def _behind(self, key: str, best: str) -> str:
        mine, theirs = self._known[key], self._known[best]
        gap, n = max(mine.behind(theirs), 0.0), len(mine.losses)
        return (
            f"{_said(mine, self.task)} on {n} {self.task.noun}s, {gap:.1f} standard errors behind {best} "
            f"({_said(theirs, self.task)})"
        )

    def _by_probe(self) -> list[str]:
        """The candidates' keys, first of all the one that is soonest looked through: it tells this machine's pace."""
        n = self._sizes()[0]
        costs = {s.key: self._pace.predict(s, n, here=self.eyes.here(s)).seconds for s in self.sources}
        first = min(costs, key=lambda key: costs[key])
        return [first, *(key for key in costs if key != first)]

    def _round(self, keys: Sequence[str], n: int) -> list[str]:
        """Look at the first `n` examples through each; those that could be, best first."""
        done: list[str] = []
        for at, key in enumerate(keys):
            self.tell(f"choosing a source: {key}", at, len(keys))
            begun = key in self._known
            if begun and len(self._known[key].losses) >= n:
                done.append(key)
                continue
            if not (refused := self._too_much(key, n, begun, bool(done or self._known))):
                done += [key] if self._try(key, n, begun) else []
                continue
            self._stopped = OVER if refused[0] == "waiting" else self._stopped
            if begun:  # what the round before said of it stands
                done.append(key)
            else:
                self._set(key, status=refused[0], reason=refused[1])
        if not done:
            raise self._nothing()
        place = {s.key: at for at, s in enumerate(self.sources)}
        common = min(len(self._known[key].losses) for key in done)
        return sorted(done, key=lambda key: (float(self._known[key].losses[:common].mean()), place[key]))

    def _too_much(self, key: str, n: int, begun: bool, others: bool) -> tuple[str, str] | None:
        """Why a step is not begun, its time or its memory: the status that it gives, and the reason in words."""
        source = self._of(key)
        known = len(self._known[key].losses) if begun else 0
        said = self._pace.predict(source, n - known, here=self.eyes.here(source), begun=begun)
        if not begun and not self._entries[key].predicted:
            self._entries[key] = replace(self._entries[key], predicted=said.seconds, memory=said.memory)
        if said.memory > (free := cost.free_memory()):
            what = f"it would need about {said.memory / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
            return "dropped", what
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0 or (others and said.seconds > left):  # the first one is tried: without any there is nothing
            what = f"it would take about {said.seconds:.0f} s, and {max(left, 0):.0f} s were left for choosing"
            return "waiting", what
        return None

    def _try(self, key: str, n: int, begun: bool) -> bool:
        source, examples, start = self._of(key), self._order[:n], time.monotonic()
        known = len(self._known[key].losses) if begun else 0
        fetched = not self.eyes.here(source)
        try:
            seen = self.eyes.look(source, examples)
            self._known[key] = evidence.of(key, seen, self.task, examples)
        except FALSE_STARTS as problem:
            self._set(key, status="failed", reason=f"{problem}")
            self.note("source", source=key, status="failed", reason=str(problem))
            self._known.pop(key, None)
            return False
        spent, mine = time.monotonic() - start, self._known[key]
        if seen.computed >= n - known and not fetched:
            self._pace = self._pace.learn(source, n - known, spent, begun=begun)
        self._set(key, value=mine.value, loss=mine.loss, n=n, seconds=self._entries[key].seconds + spent)
        self.note("source", source=key, n=n, value=mine.value, loss=mine.loss, seconds=round(spent, 2))
        self.seen(source, examples, seen)
        return True

    def _alarms(self, left: Sequence[str]) -> tuple[str, ...]:
        """Ask whether those left, and where one fails those behind it, beat random weights; warnings in words."""
        told, sound = [], 0
        waiting = [key for key in self._known if key not in left and self._entries[key].status == "dropped"]
        line = [*left, *sorted(waiting, key=lambda key: self._known[key].loss)]
        for key in line:
            if sound == self.keep:
                break
            if self.alarm and self._fires(key):
                told.append(self._alarm(key))
                continue
            sound += 1
            self._set(key, status="chosen", reason=f"chosen: {_said(self._known[key], self.task)}")
        if not sound:
            self._set(line[0], status="chosen")
            told.append("No source did better than random weights of its own architecture: expect no help from reuse.")
        return tuple(told)

    def _fires(self, key: str) -> bool:
        """Whether random weights of its architecture do as well; False where that cannot be asked (no time)."""
        n = min(ASKED, len(self._known[key].losses))
        if self._too_much(key, n, begun=False, others=True):
            return False
        self.tell(f"choosing a source: {key} against random weights", 0, 1)
        try:
            seen = self.eyes.look_random(self._of(key), self._order[:n])
            theirs = evidence.of(key, seen, self.task, self._order[:n])
        except FALSE_STARTS as problem:
            self.note("alarm", source=key, reason=f"could not be asked: {problem}")
            return False
        mine = self._known[key]
        ours = Evidence(key, mine.losses, mine.right)
        if len(mine.losses) > n:
            whole = self.eyes.look(self._of(key), self._order[:n])
            ours = evidence.of(key, whole, self.task, self._order[:n])
        margin = -ours.behind(theirs)
        self._set(key, random=theirs.value, margin=margin)
        self.note("alarm", source=key, fired=margin <= 0, n=n, value=ours.value, random=theirs.value, margin=margin)
        return margin <= 0

    def _alarm(self, key: str) -> str:
        entry, mine = self._entries[key], self._known[key]
        sure = "clearly" if -(entry.margin or 0.0) >= CLOSE else "no better, if not clearly worse"
        said = (
            f"{key} does not beat its own architecture with random weights "
            f"({_said(mine, self.task)}; random {_value(entry.random or 0.0, self.task)}; {sure})"
        )
        self._set(key, status="alarmed", reason=f"alarm: {said}")
        return f"Negative transfer is likely: {said}."

    def _choose_rest(self) -> None:
        """After an interruption: the best that is known."""
        if any(e.status == "chosen" for e in self._entries.values()):
            return
        able = [k for k in self._known if self._entries[k].status != "alarmed"] or list(self._known)
        able.sort(key=lambda key: (-len(self._known[key].losses), self._known[key].loss))
        for key in able[: self.keep]:
            self._set(key, status="chosen", reason=f"chosen when it stopped: {_said(self._known[key], self.task)}")

    def _sorted(self) -> tuple[Entry, ...]:
        ranks = {"chosen": 0, "alarmed": 1, "dropped": 1, "waiting": 2, "failed": 3}
        return tuple(
            sorted(
                self._entries.values(),
                key=lambda e: (ranks[e.status], -e.n, math.inf if e.loss is None else e.loss),
            )
        )

    def _of(self, key: str) -> Source:
        return next(s for s in self.sources if s.key == key)

    def _set(self, key: str, **what: Any) -> None:  # noqa: ANN401 - fields of Entry
        self._entries[key] = replace(self._entries[key], **what)
        if what.get("status") in ("dropped", "waiting", "chosen", "alarmed"):
            self.note("source", source=key, status=what["status"], reason=self._entries[key].reason)

    def _nothing(self) -> HeadstartError:
        why = "; ".join(f"{e.source}: {e.reason}" for e in self._entries.values() if e.reason)
        if any(e.status == "waiting" and e.reason for e in self._entries.values()):
            return BudgetError(
                f"The budget ended before any source was looked through ({why}). Give more with --budget."
            )
        return SourceError(f"No source could be used. {why}")


def _per_example(examples: Sequence[Example]) -> float:
    """Seconds to open one of them: pictures are timed, a text costs next to nothing."""
    if not examples or examples[0].text is not None:
        return 1e-4
    from pathlib import Path

    from ..read._picture import Unreadable, decode

    start, some = time.perf_counter(), examples[:4]
    for example in some:
        try:
            decode(Path(example.path))
        except (Unreadable, OSError):  # told when it is looked at
            continue
    return (time.perf_counter() - start) / len(some)


def _said(mine: Evidence, task: Task) -> str:
    return f"{_value(mine.value, task)}, {'squared error' if task.kind == 'regression' else 'log-loss'} {mine.loss:.3f}"


def _value(value: float, task: Task) -> str:
    """The share right, or the error.

    For a person: "94.5 % right".
    """
    return f"mean absolute error {-value:.3g}" if task.kind == "regression" else f"{value:.1%} right"
