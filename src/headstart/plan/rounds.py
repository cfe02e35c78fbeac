"""Which sources to go on with: successive halving on the person's own labelled examples, inside a time limit.

All sources are looked through on some examples, the better half (and what cannot be told from the best) on twice as
many, and so on, until as few are left as the race can train on. Ordered by what a ridge head makes of their frozen
features on examples left out (`evidence.py`), always of equally many examples; where these cannot tell, by the records.
Before each step its cost is predicted: what would not end in time, or not fit into memory, is not begun. Those that are
left must beat their own architecture with random weights, else the alarm goes off and the next one takes their place.
Every decision has its reason in words. Knows nothing of files and fetching: `Eyes` does that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from ..errors import BudgetError, DataError, HeadstartError, SourceError
from ..family import load
from ..runtime import one_blas_thread
from ..types import Example, Features, Source, Task
from . import cost, evidence
from .choice import CLOSE
from .evidence import Evidence
from .ranking import OVER, Entry, Ranking

FIRST = 128  # examples of the first round, if there are so many; but at least EACH of every class
EACH = 4
MOST = 1024  # examples of the last one: from there on sources differ by less than the race tells apart better
ASKED = 256  # examples of the alarm
WHOLE = 0.3  # of the time left to the whole run, what looking at every example through one source may take
FAVOURS = ", whose record (size, published accuracy, domain) promises more"
FALSE_STARTS = (
    HeadstartError, OSError, RuntimeError, ValueError, ArithmeticError, ImportError, MemoryError, np.linalg.LinAlgError,
)  # fmt: skip


class Eyes(Protocol):
    """What looks through sources."""

    def here(self, source: Source) -> bool:
        """Whether its weights need not be fetched."""

    def missing(self, source: Source, examples: Sequence[Example]) -> int:
        """How many of the examples' features are not kept from an earlier look."""

    def opening(self, examples: Sequence[Example]) -> float:
        """Seconds to open one example, whatever looks at it."""

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        """Features of all depths [n d], fetched and computed where they are not yet kept."""

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        """The same of its twin with random weights."""


@dataclass
class Rounds:
    """One choice at work.

    Attributes:
        task: the person's data; the test split is not touched, only counted.
        sources: candidates; where the examples do not tell an earlier one leads: their order is what is known before.
        eyes: looks through them.
        keep: how many to go on with.
        deadline: of the choice, as of `time.monotonic()`.
        ends: of the whole run, likewise.
        note: told every decision: (event, facts).
        tell: told what is going on: (what, done, of).
        seen: told what was seen of a source: (source, examples, features).
        once: above 0, one round of so many examples, in which nobody is dropped.
        alarm: whether sources are held against random weights.
    """

    task: Task
    sources: Sequence[Source]
    eyes: Eyes
    seed: int = 0
    keep: int = 2
    deadline: float | None = None
    ends: float | None = None
    note: Callable[..., None] = lambda *_, **__: None
    tell: Callable[[str, int, int], None] = lambda *_: None
    seen: Callable[[Source, Sequence[Example], Features], None] = lambda *_: None
    once: int = 0
    alarm: bool = True
    _entries: dict[str, Entry] = field(default_factory=dict)
    _known: dict[str, dict[int, Evidence]] = field(default_factory=dict)  # by the number of examples
    _level: int = 0  # examples on which those in question are compared
    _warnings: list[str] = field(default_factory=list)
    _stopped: str = ""
    _chosen: list[str] = field(default_factory=list)  # in the order in which they were
    _pace: cost.Pace = field(default_factory=cost.Pace)

    def run(self) -> Ranking:
        """Round after round.

        Raises:
            SourceError: no source at all could be looked through; says why of each.
            BudgetError: none in the time there was.
            DataError: an example changed or vanished since it was read.
        """
        self._entries = {s.key: Entry(s.key) for s in self.sources}
        self._order = evidence.draw(self.task, self.seed)
        self._pace = replace(self._pace, per_example=self.eyes.opening(self._order))
        left: list[str] = []
        try:
            left = self._halving()
            self._alarms(left)
        except KeyboardInterrupt:
            if not self._known:
                raise
            self._stopped = "interrupted"
            self.tell("interrupted: going on with the best source so far", 0, 1)
            self._choose_rest()
        return Ranking(self._sorted(), self._stopped, tuple(self._warnings), tuple(self._placed(self._known)))

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
            left, whole = self._round(left, n)
            last = not whole or at + 1 == len(sizes)
            ranked, left = left, self._cut(left, last=last)
            for rank, key in enumerate(ranked, 1):
                if key not in left:
                    why = f"ranked {rank} of {len(ranked)}: {self._behind(key, ranked)}"
                    self._set(key, status="dropped", reason=why)
            if last or len(left) <= self.keep:
                break
        return left

    def _cut(self, ranked: list[str], *, last: bool) -> list[str]:
        """Who goes on, in their order; before the last round also what cannot be told from the best."""
        if self.once:
            return ranked
        fit = self.keep if last else max(self.keep, math.ceil(len(ranked) / 2))
        best = min(map(self._of, ranked), key=lambda e: e.loss)
        return [k for at, k in enumerate(ranked) if at < fit or (not last and self._of(k).behind(best) < CLOSE)]

    def _behind(self, key: str, ranked: Sequence[str]) -> str:
        """How far behind the leader it is, or behind the lowest loss, which may be another's."""
        mine, first = self._of(key), {ranked[0], min(ranked, key=lambda k: self._of(k).loss)} - {key}
        best = max(sorted(first), key=lambda k: mine.behind(self._of(k)))
        theirs, on = self._of(best), f"{len(mine.losses)} {self.task.noun}s"
        gap = mine.behind(theirs)
        how, more = (f"{gap:.1f} standard errors behind", "") if gap >= 0 else ("not clearly ahead of", FAVOURS)
        return f"{self._said(mine)} on {on}, {how} {best}{more} ({self._said(theirs)})"

    def _by_probe(self) -> list[str]:
        """The candidates' keys, first of all the one that is soonest looked through: it tells this machine's pace."""
        n = self._sizes()[0]
        costs = {s.key: self._cost(s, n).seconds for s in self.sources}
        first = min(costs, key=lambda key: costs[key])
        return [first, *(key for key in costs if key != first)]

    def _round(self, keys: Sequence[str], n: int) -> tuple[list[str], bool]:
        """Look at the first `n` examples through each.

        Returns:
            Those that were looked through, best first; and whether all that went in could see so many. If one that had
            seen fewer could not, all are compared on these.
        """
        done: list[str] = []
        behind = False
        for at, key in enumerate(keys):
            self.tell(f"choosing a source: {key}", at, len(keys))
            refused = self._too_much(key, n, bool(done or self._known))
            if not refused:
                done += [key] if self._try(key, n) else []
                continue
            self._stopped = OVER if refused[0] == "waiting" else self._stopped
            if key in self._known:
                done.append(key)
                behind = True
            else:
                self._set(key, status=refused[0], reason=refused[1])
        if not done:
            raise self._nothing()
        self._level = n if not behind else self._level
        return evidence.order([self._of(s.key) for s in self.sources if s.key in done]), not behind

    def _cost(self, source: Source, n: int) -> cost.Cost:
        """Of looking at the first `n` examples, as far as they are not kept."""
        new = self.eyes.missing(source, self._order[:n])
        return self._pace.predict(source, new, here=self.eyes.here(source), begun=source.key in self._known or not new)

    def _too_much(self, key: str, n: int, others: bool) -> tuple[str, str] | None:
        """Why a step is not begun, its time or its memory: the status that it gives, and the reason in words."""
        source = self._source(key)
        said = self._cost(source, n)
        if not self._entries[key].memory:
            anew = self._pace.predict(source, n, here=self.eyes.here(source))
            self._entries[key] = replace(self._entries[key], predicted=anew.seconds, memory=said.memory)
        if said.memory > (free := cost.free_memory()):
            what = f"it would need about {said.memory / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
            return "dropped", what
        if (why := self._too_slow(source)) and others:
            return "dropped", why
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0 or (others and said.seconds > left):  # the first one is tried: without any there is nothing
            what = f"it would take about {said.seconds:.0f} s, and {max(left, 0):.0f} s were left for choosing"
            return "waiting", what
        return None

    def _too_slow(self, source: Source) -> str:
        """Why a whole run with this source would not end in its budget, or nothing."""
        if self.ends is None:
            return ""
        n, left = sum(self.task.n.values()), max(self.ends - time.monotonic(), 0.0)
        look = self._pace.predict(source, n, here=True).look
        if look <= WHOLE * left:
            return ""
        return f"looking at all {n} {self.task.noun}s would take about {look:.0f} s of the {left:.0f} s that are left"

    def _try(self, key: str, n: int) -> bool:
        source, examples, start = self._source(key), self._order[:n], time.monotonic()
        begun, here = key in self._known, self.eyes.here(source)
        try:
            seen = self.eyes.look(source, examples)
            mine = self._judged(key, seen, n)
        except DataError:
            raise
        except FALSE_STARTS as problem:
            self._set(key, status="failed", reason=str(problem))
            self._known.pop(key, None)
            return False
        spent = time.monotonic() - start
        self._pace = self._pace.learn(source, seen.computed, seen.seconds, begun=begun)
        if not here:
            self._pace = self._pace.fetched(source, spent - seen.seconds)
        self._known.setdefault(key, {})[n] = mine
        spent += self._entries[key].seconds
        self._entries[key] = replace(self._entries[key], value=mine.value, loss=mine.loss, n=n, seconds=spent)
        self.note("source", source=key, n=n, value=mine.value, loss=mine.loss, seconds=round(spent, 2))
        self.seen(source, examples, seen)
        return True

    def _judged(self, key: str, seen: Features, n: int) -> Evidence:
        with one_blas_thread(n):
            return evidence.of(key, seen, self.task, self._order[:n])

    def _alarms(self, left: Sequence[str]) -> None:
        """Ask whether those left, and where one fails those behind it, beat random weights."""
        behind = [key for key in self._known if self._entries[key].status == "dropped"]
        line, sound = [*left, *self._placed(behind)], 0
        for key in line:
            if sound == self.keep:
                break
            if self.alarm and self._fires(key):
                self._warnings.append(self._alarm(key))
                continue
            sound += 1
            self._choose(key)
        if not sound:
            self._set(line[0], status="chosen")
            self._warnings.append(
                "No source did better than random weights of its own architecture: expect no help from reuse."
            )

    def _fires(self, key: str) -> bool:
        """Whether random weights of its architecture do as well; False where that cannot be asked."""
        n, source, start = min(ASKED, max(self._known[key])), self._source(key), time.monotonic()
        took = self._pace.predict(source, n, here=True).seconds  # as long again as the source itself
        if self.deadline is not None and took > (left := self.deadline - time.monotonic()):
            self._unasked(key, f"it would take about {took:.0f} s, and {max(left, 0):.0f} s were left for choosing")
            return False
        self.tell(f"choosing a source: {key} against random weights", 0, 1)
        try:
            theirs = self._judged(key, self.eyes.look_random(source, self._order[:n]), n)
            ours = self._known[key].get(n) or self._judged(key, self.eyes.look(source, self._order[:n]), n)
        except FALSE_STARTS as problem:
            self._unasked(key, str(problem))
            return False
        margin, spent = -ours.behind(theirs), self._entries[key].seconds + time.monotonic() - start
        self._entries[key] = replace(self._entries[key], random=theirs.value, margin=margin, seconds=spent)
        self.note("alarm", source=key, fired=margin <= 0, n=n, value=ours.value, random=theirs.value, margin=margin)
        return margin <= 0

    def _unasked(self, key: str, why: str) -> None:
        self.note("alarm", source=key, reason=f"not asked: {why}")
        self._entries[key] = replace(self._entries[key], reason=f"not held against random weights: {why}")

    def _alarm(self, key: str) -> str:
        entry, mine, told = self._entries[key], self._of(key), load("kind", self.task.kind).told
        worse = -(entry.margin or 0.0) >= CLOSE
        sure = "clearly worse" if worse else "no better, if not clearly worse"
        said = (
            f"{key} does not beat its own architecture with random weights "
            f"({self._said(mine)}; random {told(entry.random or 0.0)}; {sure})"
        )
        self._set(key, status="alarmed", reason=f"alarm: {said}")
        return f"{'Negative transfer is likely' if worse else 'Reuse may not help'}: {said}."

    def _choose(self, key: str, when: str = "") -> None:
        more = f"; {self._entries[key].reason}" if self._entries[key].reason.startswith("not held") else ""
        self._set(key, status="chosen", reason=f"chosen{when}: {self._said(self._of(key))}{more}")
        self._chosen.append(key)

    def _choose_rest(self) -> None:
        """After an interruption: the best that is known, and a reason for the others."""
        status = {key: self._entries[key].status for key in self._known}
        able = self._placed([key for key in self._known if status[key] not in ("alarmed", "chosen")])
        free = self.keep - sum(s == "chosen" for s in status.values())
        for at, key in enumerate(able):
            if at < free:
                self._choose(key, " when it was interrupted")
            elif status[key] == "waiting":
                self._set(key, status="dropped", reason=f"behind when it was interrupted: {self._said(self._of(key))}")
        if not any(e.status == "chosen" for e in self._entries.values()):
            self._set(next(iter(self._known)), status="chosen")
        for key, entry in self._entries.items():
            if entry.status == "waiting" and not entry.reason:
                self._set(key, reason="interrupted before its turn")

    def _placed(self, keys: Collection[str]) -> list[str]:
        """Best first; who has seen more examples stands before who was dropped on fewer."""
        known = [self._of(s.key) for s in self.sources if s.key in keys]
        sizes = sorted({self._entries[e.source].n for e in known}, reverse=True)
        return [key for n in sizes for key in evidence.order([e for e in known if self._entries[e.source].n == n])]

    def _sorted(self) -> tuple[Entry, ...]:
        ranks = {"chosen": 0, "alarmed": 1, "dropped": 1, "waiting": 2, "failed": 3}

        def place(entry: Entry) -> tuple[float, ...]:
            known = entry.source in self._known
            if entry.source in self._chosen:
                return ranks[entry.status], self._chosen.index(entry.source)
            return ranks[entry.status], -entry.n, self._of(entry.source).loss if known else math.inf

        return tuple(sorted(self._entries.values(), key=place))

    def _of(self, key: str) -> Evidence:
        """What is known of it on as many examples as the others have seen; else on the most that it has."""
        of = self._known[key]
        return of.get(self._level) or of[max(of)]

    def _source(self, key: str) -> Source:
        return next(s for s in self.sources if s.key == key)

    def _set(self, key: str, **what: Any) -> None:  # noqa: ANN401 - fields of Entry
        self._entries[key] = replace(self._entries[key], **what)
        self.note("source", source=key, status=self._entries[key].status, reason=self._entries[key].reason)

    def _nothing(self) -> HeadstartError:
        told = [e for e in self._entries.values() if e.reason]
        why = "; ".join(f"{e.source}: {e.reason}" for e in told)
        if all(e.status == "waiting" for e in told):
            return BudgetError(
                f"The budget ended before any source was looked through ({why}). Give more with --budget."
            )
        return SourceError(
            f"No source could be used. {why}\nName one that is here with --source, see `headstart sources list`."
        )

    def _said(self, mine: Evidence) -> str:
        return str(load("kind", self.task.kind).told(mine.value, mine.loss))
