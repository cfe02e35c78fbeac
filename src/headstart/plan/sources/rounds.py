"""Which sources to go on with: successive halving on the person's own labelled examples, inside a time limit.

Every source is timed on a few examples (`timed.py`), likelier ones first, unless those before it leave it no chance
(`chances.py`). Then all are looked through on some; those far behind are left there, the better half (and what cannot
be told from the best) sees twice as many, and so on. They are ordered by what a ridge head makes of their frozen
features on examples left out (`evidence.py`), always of equally many examples; where these cannot tell, by the records;
but a source much heavier than another leads it, or goes on beside it, only where the evidence is clearly for it. What
would not end in time, or not fit into memory (`limits.py`), is not begun. Those left must beat a twin (`alarm.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import DataError
from ...kind import kind_of, targets
from ...types import Example, Features, Source, Task
from .. import cost
from ..choice import CLOSE
from . import chances
from .alarm import Alarm
from .evidence import Evidence
from .evidence import order as ordered
from .limits import Limits
from .ranking import INTERRUPTED, OVER, Entry, Ranking, arrange, nothing
from .timed import FALSE_STARTS, SourceProber, Timed

FIRST = 64  # examples of the first round, if there are so many; but at least EACH of every class
EACH = 4
HALVES = 128  # examples from which on the worse half is left; on fewer, only who is FAR standard errors behind
FAR = 2.0
MOST = 1024  # examples of the last one: from there on sources differ by less than the race tells apart better
LEAST = 0.01  # difference in value that a heavier source must be ahead by; of numbers, a part of their deviation
FAVOURS = ", whose record (size, published accuracy, domain) promises more"


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
        room: bytes that the process may hold; as many as the machine has where not given.
        note: told every decision and every step: (event, facts).
        tell: told what is going on: (what, done, of).
        seen: told what was seen of a source: (source, examples, features).
        once: above 0, so many examples in the last round, before which only those far behind are left.
        alarm: whether sources are held against random weights.
    """

    task: Task
    sources: Sequence[Source]
    eyes: SourceProber
    seed: int = 0
    keep: int = 2
    deadline: float | None = None
    ends: float | None = None
    room: float | None = None
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
    _cuts: dict[str, list[str]] = field(default_factory=dict)  # why a source reads less of each example than it can

    def run(self) -> Ranking:
        """Round after round.

        Raises:
            SourceError: no source at all could be looked through; says why of each.
            BudgetError: none in the time there was.
            DataError: an example changed or vanished since it was read.
        """
        self._entries = {s.key: Entry(s.key) for s in self.sources}
        self._timed = Timed(self.task, self.eyes, self.seed, self.note, self.seen)
        self._least = LEAST * kind_of(self.task.kind).unit(targets(self.task, self.task.train))
        self._limits = Limits(self._timed, self.deadline, self.ends, self.room)
        self._held = Alarm(self._timed, self._limits, self.eyes.leave, self._sizes()[0], spares=not self.once)
        try:
            self._alarms(self._halving())
        except KeyboardInterrupt:
            if not self._known:
                raise
            self._stopped = INTERRUPTED
            self.tell("interrupted: going on with the best source so far", 0, 1)
            self._choose_rest()
        entries = arrange(self._told(), self._chosen)
        return Ranking(entries, self._stopped, tuple(self._warnings), tuple(self._placed(self._known)))

    def _sizes(self) -> list[int]:
        """How many examples the rounds see: each twice as many as the one before."""
        n, most = len(self._timed.order), self.once or MOST
        if self.once and len(self.sources) <= self.keep:
            return [min(n, most)]
        out = [min(n, max(FIRST, EACH * len(self.task.labels)))]
        while out[-1] < min(n, most):
            out.append(min(n, most, 2 * out[-1]))
        return out if not self.once else [min(x, most) for x in out]

    def _halving(self) -> list[str]:
        """The sources that are left, best first."""
        sizes = self._sizes()
        left, whole = self._first(sizes[0]), True
        for at, n in enumerate(sizes):
            if at:
                left, whole = self._round(left, n)
            last = not whole or at + 1 == len(sizes)
            ranked, left = left, self._cut(left, n, last=last)
            for rank, key in enumerate(ranked, 1):
                if key not in left:
                    why = f"ranked {rank} of {len(ranked)}: {self._behind(key, ranked)}"
                    self._set(key, status="dropped", reason=why)
                    self.eyes.leave(self._source(key))
            told = n >= HALVES and len(left) <= self.keep and all(self._settled(key, left[0]) for key in left[1:])
            if last or (told and not self.once):
                break
        return left

    def _first(self, n: int) -> list[str]:
        """Time every source; look at the first `n` examples at once where that is quick, else when all were timed.

        Through a likely one before others are started, wherever that leaves as much time again.

        Returns:
            Those that were looked through, best first.
        """
        slow: list[Source] = []
        line = [*self.sources[: self.keep], *chances.line(self.sources[self.keep :])]
        for at, source in enumerate(line):
            self.tell(f"choosing a source: {source.key}", at, len(line))
            seen = [of[n] for of in self._known.values() if n in of]
            if not self.once and (why := chances.none(source.key, seen, self.keep, self._heavier)):
                self._leave_out(source.key, chances.NEEDLESS, why)
                continue
            if not self._opened(source, likely=at < self.keep):
                continue
            source = self._fitted(source)
            share = self._limits.left() / (2 if at < self.keep else len(self.sources) - at)
            if self._timed.predict(source, n) <= share and not self._limits.whole(source):
                self._try(source.key, n)
            else:
                slow.append(source)
        for source in sorted(slow, key=lambda s: self._timed.predict(s, n)):
            if (refused := self._limits.step(source, n)) and (self._known or self._limits.left() <= 0):
                self._leave_out(source.key, *refused)  # without any there is nothing: the first one is tried
            else:
                self._try(source.key, n)
        if not self._known:
            raise nothing(self._entries.values())
        self._level = n
        return self._ordered(self._known)

    def _opened(self, source: Source, *, likely: bool) -> bool:
        """Whether it stands ready and timed."""
        need = cost.memory(source, len(self._timed.order), begun=False)
        self._entries[source.key] = replace(self._entries[source.key], memory=need)
        if refused := self._limits.opening(source, likely=likely):
            self._leave_out(source.key, *refused)
            return False
        try:
            self._timed.open(source, self._sizes()[0])
        except DataError:
            raise
        except FALSE_STARTS as problem:
            self._leave_out(source.key, "failed", str(problem))
            return False
        return True

    def _fitted(self, source: Source) -> Source:
        """The source; where a whole run with it would not end in time, one that reads less of each example, if any."""
        for lighter, why in () if self.once else self._limits.lighter(source):
            self._swap(source, lighter)
            if self._opened(lighter, likely=True) and not self._limits.whole(lighter):
                self._cuts[lighter.key], source = [why], lighter
                break
            self._swap(lighter, source)
        return source

    def _swap(self, old: Source, new: Source) -> None:
        self.eyes.leave(old)
        self.sources = [new if s is old else s for s in self.sources]
        self._entries = {s.key: self._entries.get(s.key, Entry(s.key)) for s in self.sources}

    def _cut(self, ranked: list[str], n: int, *, last: bool) -> list[str]:
        """Who goes on, in their order; before the last round also what cannot be told from the best.

        A heavy one only while it is ahead of the lighter ones, and in the end only where it leads.
        """
        if self.once and last:
            return ranked
        best = min(map(self._of, ranked), key=lambda e: e.loss)
        if not last and (self.once or n < HALVES):
            return [k for at, k in enumerate(ranked) if at < self.keep or self._of(k).behind(best) < FAR]
        fit = self.keep if last else max(self.keep, math.ceil(len(ranked) / 2))
        near = [k for at, k in enumerate(ranked) if at < fit or (not last and self._of(k).behind(best) < CLOSE)]
        if last:
            return [k for k in near if not self._heavier(k, near[0])]
        return [k for k in near if not any(self._heavier(k, o) and self._of(o).loss <= self._of(k).loss for o in near)]

    def _heavier(self, key: str, other: str) -> bool:
        return cost.heavier(*(self._timed.run(self._source(k)) for k in (key, other)))

    def _settled(self, key: str, first: str) -> bool:
        """Whether it can go on beside the first, or is clearly told from it; else more examples may tell."""
        apart = abs(self._of(key).behind(self._of(first))) >= CLOSE
        both = apart or not self._limits.whole(self._source(key), beside=self._source(first))
        return both and not self._heavier(key, first)

    def _share(self, key: str, other: str) -> float:
        """What a run with one source takes of the time of a run with another, in per cent."""
        return 100 * self._timed.run(self._source(key)) / self._timed.run(self._source(other))

    def _ordered(self, keys: Collection[str]) -> list[str]:
        """Best first, of equally many examples."""
        known = [self._of(s.key) for s in self.sources if s.key in keys]
        return ordered(known, heavier=self._heavier, least=self._least)

    def _behind(self, key: str, ranked: Sequence[str]) -> str:
        """How far behind the leader it is, or behind the lowest loss, which may be another's."""
        mine, first = self._of(key), {ranked[0], min(ranked, key=lambda k: self._of(k).loss)} - {key}
        best = max(sorted(first), key=lambda k: mine.behind(self._of(k)))
        theirs = self._of(best)
        gap, on = mine.behind(theirs), f"{len(mine.losses)} {self.task.noun}s"
        if gap < CLOSE and self._heavier(key, best):
            how, more = "not clearly ahead of", f", with which a run takes {self._share(best, key):.0f} % of the time"
        else:
            how, more = (f"{gap:.1f} standard errors behind", "") if gap >= 0 else ("not clearly ahead of", FAVOURS)
        return f"{self._said(mine)} on {on}, {how} {best}{more} ({self._said(theirs)})"

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
            if refused := self._limits.step(self._source(key), n):
                self._stopped = OVER if refused[0] == "time" else self._stopped
                done, behind = [*done, key], True
            else:
                done += [key] if self._try(key, n) else []
        if not done:
            raise nothing(self._entries.values())
        self._level = n if not behind else self._level
        return self._ordered(done), not behind

    def _try(self, key: str, n: int) -> bool:
        source = self._source(key)
        try:
            mine = self._timed.evidence(source, n)
        except DataError:
            raise
        except FALSE_STARTS as problem:
            self._known.pop(key, None)
            self._leave_out(key, "failed", str(problem))
            return False
        self._known.setdefault(key, {})[n] = mine
        self._entries[key] = replace(self._entries[key], value=mine.value, loss=mine.loss, n=n)
        self.note("source", source=key, n=n, value=mine.value, loss=mine.loss)
        return True

    def _leave_out(self, key: str, left: str, reason: str) -> None:
        """Go on without it."""
        status = {"time": "waiting", "failed": "failed", INTERRUPTED: "waiting"}.get(left, "dropped")
        self._stopped = OVER if left == "time" else self._stopped
        self._set(key, status=status, reason=reason, left=left, value=None, loss=None)
        self.eyes.leave(self._source(key))

    def _alarms(self, left: Sequence[str]) -> None:
        """Ask whether those left, and where one fails those behind it, beat random weights."""
        behind = [key for key in self._known if self._entries[key].status == "dropped"]
        line, sound = [*left, *self._placed(behind)], 0
        for key in line:
            if sound == self.keep:
                break
            if self._chosen and not self.once and self._too_much_beside(key):
                continue
            if self.alarm and self._fires(key):
                self._warnings.append(self._alarm(key))
                continue
            sound += 1
            self._choose(key)
            self._warnings += self._near_chance(key)
        if not sound:
            self._set(line[0], status="chosen")
            none = "No source did better than random weights of its kind: expect no help from reuse."
            self._warnings = [*(self._warnings if len(line) <= self.keep else ()), none]  # each has its own reason

    def _too_much_beside(self, key: str) -> bool:
        """Whether it is not to go on beside who was chosen: too heavy for that, or both together too slow."""
        first = self._chosen[0]
        why = self._limits.whole(self._source(key), beside=self._source(first))
        if not why and self._heavier(key, first):
            why = f"with {first} a run takes {self._share(first, key):.0f} % of the time"
        if why and self._entries[key].status == "waiting":
            self._set(key, status="dropped", reason=f"not clearly ahead of {first}, and too much beside it: {why}")
        return bool(why)

    def _fires(self, key: str) -> bool:
        """Whether random weights of its architecture do as well; False where that cannot be asked."""
        self.tell(f"choosing a source: {key} against random weights", 0, 1)
        try:
            told = self._held.ask(self._source(key), self._known[key])
        except FALSE_STARTS as problem:
            told = str(problem)
        if isinstance(told, str):
            self.note("alarm", source=key, reason=f"not asked: {told}")
            self._entries[key] = replace(self._entries[key], reason=f"not held against random weights: {told}")
            return False
        ours, theirs = told
        margin = -ours.behind(theirs)
        self._entries[key] = replace(self._entries[key], random=theirs.value, margin=margin)
        n, fired = len(ours.losses), margin <= 0
        self.note("alarm", source=key, fired=fired, n=n, value=ours.value, random=theirs.value, margin=margin)
        return fired

    def _alarm(self, key: str) -> str:
        worse = -(self._entries[key].margin or 0.0) >= CLOSE
        sure = "clearly worse" if worse else "no better, if not clearly worse"
        said = f"{key} does not beat its own architecture with random weights ({self._beside(key)}; {sure})"
        self._set(key, status="alarmed", reason=f"alarm: {said}")
        return f"{'Negative transfer is likely' if worse else 'Reuse may not help'}: {said}."

    def _near_chance(self, key: str) -> list[str]:
        """That a source is ahead of random weights by no more than luck may be, where it is so."""
        told = f"{key} is level with its own architecture with random weights ({self._beside(key)})"
        return [f"Reuse may not help: {told}."] if (self._entries[key].margin or CLOSE) < CLOSE else []

    def _beside(self, key: str) -> str:
        random = kind_of(self.task.kind).told(self._entries[key].random or 0.0)
        return f"{self._said(self._of(key))}; random {random}"

    def _choose(self, key: str, when: str = "") -> None:
        more = f"; {self._entries[key].reason}" if self._entries[key].reason.startswith("not held") else ""
        self._set(key, status="chosen", reason=f"chosen{when}: {self._said(self._of(key))}{more}")
        self._chosen.append(key)
        self._warnings += self._cuts.get(key, [])

    def _choose_rest(self) -> None:
        """After an interruption: the best that is known, and a reason for the others."""
        status = {key: self._entries[key].status for key in self._known}
        able = self._placed([key for key in self._known if status[key] not in ("alarmed", "chosen")])
        free = self.keep - sum(s == "chosen" for s in status.values())
        for key in able[:free]:
            self._choose(key, " when it was interrupted")
        for key in able[free:]:
            if status[key] == "waiting":
                self._set(key, status="dropped", reason=f"behind when it was interrupted: {self._said(self._of(key))}")
        if not any(e.status == "chosen" for e in self._entries.values()):
            self._set(next(iter(self._known)), status="chosen")
        late = [key for key, entry in self._entries.items() if entry.status == "waiting" and not entry.reason]
        for key in late:
            self._leave_out(key, INTERRUPTED, "interrupted before its turn")
        if late:
            self._warnings.append(f"Choosing a source was interrupted; not looked at: {', '.join(late)}.")

    def _placed(self, keys: Collection[str]) -> list[str]:
        """Best first; who has seen more examples stands before who was dropped on fewer."""
        sizes = sorted({self._entries[key].n for key in keys}, reverse=True)
        return [k for n in sizes for k in self._ordered([key for key in keys if self._entries[key].n == n])]

    def _told(self) -> Iterator[Entry]:
        """The entries, with what each source took and would take."""
        for source in self.sources:
            spent, expected = (by.get(source.key, 0.0) for by in (self._timed.spent, self._timed.expected))
            entry = replace(self._entries[source.key], seconds=spent, predicted=expected)
            yield replace(entry, whole=self._timed.anew(source))

    def _of(self, key: str) -> Evidence:
        """What is known of it on as many examples as the others have seen; else on the most that it has."""
        of = self._known[key]
        return of.get(self._level) or of[max(of)]

    def _source(self, key: str) -> Source:
        return next(s for s in self.sources if s.key == key)

    def _set(self, key: str, **what: Any) -> None:  # noqa: ANN401 - fields of Entry
        self._entries[key] = replace(self._entries[key], **what)
        self.note("source", source=key, status=self._entries[key].status, reason=self._entries[key].reason)

    def _said(self, mine: Evidence) -> str:
        return kind_of(self.task.kind).told(mine.value, mine.loss)
