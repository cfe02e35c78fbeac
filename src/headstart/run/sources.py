"""Which sources a fit reuses: those that were named, or those that the rounds choose from the catalogue.

In: a job with its task. Out: `Picked`, the sources with their weights, and what was found of every candidate, which is
kept in `ranking.json` so that a killed run does not choose again. Named sources are all used; the alarm is asked of
them too, and told as a warning.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BudgetError, HeadstartError, SourceError, UsageError
from ..interrupt import presses
from ..modality import noun
from ..runtime import cache_dir, digest, write_json
from ..schema import RankingPart
from ..strategy import strategy
from ..types import Example, Features, Source, Task, View
from . import budget, fresh, particulars

if TYPE_CHECKING:
    from ..extract.feature_store import FeatureStore
    from ..plan.cost import Pace
    from ..plan.sources.ranking import Ranking
    from .job import Job, Plan

FILE = "ranking.json"
KEEP = 2  # sources that go on to the race
SHARE, TIME = 0.4, 240.0  # of the budget that the choice may take, and seconds where there is no budget
HURRY = "going on with the best source so far, to what can be shown soonest"
ASKING, MOMENT = 0.1, 60.0  # the same for the alarm of named sources


@dataclass(frozen=True)
class Picked:
    """What the race may reuse."""

    sources: Mapping[str, Source]  # best first
    weights: Mapping[str, Path]
    ranking: Mapping[str, Any] = field(default_factory=dict)  # as JSON, for run.json
    warnings: tuple[str, ...] = ()


class Looking:
    """`plan.timed.SourceProber` on a feature store: fetches a source when it is first looked through."""

    def __init__(self, store: FeatureStore) -> None:
        self.store = store
        self._here: dict[str, bool] = {}  # asked once: to know it whole files are hashed

    def here(self, source: Source) -> bool:
        """Whether its weights need not be fetched."""
        from ..source import _catalogue

        if source.key not in self._here:
            self._here[source.key] = _catalogue.loader(source).pulled(source)
        return self._here[source.key]

    def fetch(self, source: Source) -> None:
        """Get its weights where they are not here."""
        self.take(source)

    def missing(self, source: Source, examples: Sequence[Example]) -> list[Example]:
        """Those whose features are not kept; all, where the weights must be fetched first."""
        if not self.here(source):
            return list(examples)
        self.store.sources.setdefault(source.key, source)
        return self.store.missing(examples, View(source.key, "all"))

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        """Features of all depths."""
        self.take(source)
        return self.store.extract(examples, [View(source.key, "all")])[0]

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        """The same of its twin with random weights; these are gone afterwards, its features are kept."""
        from ..extract.feature_store import FeatureStore
        from ..source import _random

        twin, mine = _random.twin(source), self.store
        with tempfile.TemporaryDirectory(prefix="headstart-random-") as folder:
            weights = {twin.key: _random.drawn(source, Path(folder), self.take(source))}
            beside = FeatureStore({twin.key: twin}, engine=mine.engine, weights=weights, folder=mine.folder)
            return beside.extract(examples, [View(twin.key, "all")])[0]

    def leave(self, source: Source) -> None:
        """Let its network go."""
        self.store.leave(source.key)

    def kept(self, source: Source) -> Pace | None:
        """How it did on this machine when it was last timed."""
        from ..plan.cost import Pace

        try:
            return Pace(**json.loads(self._file(source).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, source: Source, pace: Pace) -> None:
        """Remember that."""
        write_json(self._file(source), asdict(pace))

    def _file(self, source: Source) -> Path:
        return cache_dir() / "paces" / f"{digest(platform.node(), self.store.engine, source.identity)}.json"

    def take(self, source: Source) -> Path:
        """The file of a source's weights, fetched if need be. Raises `SourceError`."""
        from ..source import _catalogue

        if source.key not in self.store.weights:
            self.store.weights[source.key] = _catalogue.fetch(source)
            self.store.sources[source.key], self._here[source.key] = source, True
        return self.store.weights[source.key]


def pick(job: Job, considered: Sequence[Source], request: str) -> Picked:
    """The sources of this job.

    Raises:
        SourceError: a named one cannot be had; or none of the catalogue's.
        BudgetError: the budget ended before one was looked through.
    """
    from ..source import _catalogue

    eyes, told = Looking(job.store), bool(job.plan.sources) or len(considered) <= KEEP  # then all are used
    by_key = {s.key: s for s in considered}
    with job.clock("source"):
        if told:
            for at, source in enumerate(considered):
                job.tell(f"source {source.key}", at, len(considered))
                eyes.take(source)
        limit = _limit(job.plan)
        kept = _kept(job.plan.out / FILE, request, limit)
        if kept is None:
            try:
                ranking = _asked(job, considered, eyes) if told else _rounds(job, considered, eyes, KEEP)
            except BudgetError as why:
                if job.left() <= 0:
                    raise
                return _unseen(job, considered, why)
            kept = {"request": request, "limit": limit, **as_json(ranking), "named": told}
            kept["chosen"] = list(by_key) if told else kept["chosen"]
            write_json(job.plan.out / FILE, kept)
        by_key = {key: by_key.get(key) or _catalogue.get(key) for key in kept["chosen"]}
        weights = {key: eyes.take(source) for key, source in by_key.items()}
    own = particulars.of(job.task.modality)
    strange = [said for key, file in weights.items() if (said := own.warning(by_key[key], file, job.task))]
    for said in strange:
        job.tell(said, 0, 0)  # before anything is trained
    shown = {name: value for name, value in kept.items() if name not in ("request", "limit")}
    job.store = job.store.anew(by_key, weights)  # what is not chosen leaves memory
    return Picked(by_key, weights, shown, (*strange, *kept["warnings"]))


def lightest(job: Job, considered: Sequence[Source]) -> Source:
    """The one that a run is supposed to take the least time with."""
    from ..plan import cost

    return min(considered, key=lambda source: cost.guess(source).run(job.task.train))


def _unseen(job: Job, considered: Sequence[Source], why: BudgetError) -> Picked:
    """The lightest, where the time for choosing ended before one was looked through and the run's has not."""
    from ..plan.sources.ranking import OVER

    light = lightest(job, considered)
    job.journal.note("too slow", sources=[], instead=light.key, reason=str(why))
    left = [{"source": s.key, "why": "time", "reason": OVER} for s in considered]
    empty = {"chosen": [], "stopped": OVER, "warnings": [], "looked_at": [], "left_out": left, "sources": []}
    return instead(job, Picked({}, {}, empty), light)


def instead(job: Job, picked: Picked, light: Source) -> Picked:
    """A light source in place of those that were picked and are too slow for all examples. Raises `SourceError`."""
    weights = {light.key: Looking(job.store).take(light)}
    job.store = job.store.anew({light.key: light}, weights)
    slow = " and ".join(picked.sources)
    what = f"Looking at all {job.task.noun}s through {slow} would have taken longer than the budget"
    if not picked.sources:
        what = "The time for choosing a source ended before one was looked through"
    what += f": {light.key}, the lightest, stands in and was not chosen by what it makes of them."
    known = picked.ranking
    ranking = {
        **known,
        "chosen": [light.key],
        "looked_at": [*dict.fromkeys([*known["looked_at"], light.key])],
        "left_out": [row for row in known["left_out"] if row["source"] != light.key],
    }
    return Picked({light.key: light}, weights, ranking, (what, *picked.warnings))


def as_json(ranking: Ranking) -> RankingPart:
    """A ranking as plain values."""
    return {
        "chosen": list(ranking.chosen),
        "stopped": ranking.stopped,
        "warnings": list(ranking.warnings),
        "looked_at": list(ranking.looked_at),
        "left_out": [{"source": e.source, "why": e.left, "reason": e.reason} for e in ranking.left_out],
        "sources": [asdict(entry) for entry in ranking.entries],
    }


def _asked(job: Job, named: Sequence[Source], eyes: Looking) -> Ranking:
    """What can be said of named sources before training; they are used whatever it is."""
    from ..plan.sources.ranking import Ranking

    try:
        return _rounds(job, named, eyes, len(named))
    except HeadstartError as problem:  # nothing of it is needed, and what is wrong with the data is told by the race
        job.journal.note("alarm", reason=f"could not be asked: {problem}")
        return Ranking((), "could not be asked")


def _rounds(job: Job, considered: Sequence[Source], eyes: Looking, keep: int) -> Ranking:
    from ..plan.sources import alarm, rounds, shortlist

    now, share = time.monotonic(), ASKING if job.plan.sources else SHARE
    ends = fresh.begin(job)
    most = _limit(job.plan) if ends is None else share * max(ends - now, 0.0)
    at = rounds.Rounds(
        job.task,
        shortlist.order(considered),
        eyes,
        seed=job.plan.seed,
        keep=keep,
        deadline=now + most,
        ends=ends,
        room=budget.MEMORY if job.plan.asked == budget.AUTO else None,
        note=job.journal.note,
        tell=job.tell,
        once=alarm.ASKED if len(considered) <= keep else 0,
        seen=lambda *_: presses.promise(lambda: HURRY, cut=True),  # from the first one on there is something to go by
    )
    try:
        return at.run()
    finally:
        presses.promise(None)


def unfinished(plan: Plan, request: str) -> bool:
    """Whether a choice that the folder holds was cut short, and would now be made again."""
    return (plan.out / FILE).is_file() and not plan.sources and _kept(plan.out / FILE, request, _limit(plan)) is None


def _limit(plan: Plan) -> float:
    """Seconds that the choice, or the alarm of named sources, may take."""
    share, most = (ASKING, MOMENT) if plan.sources else (SHARE, TIME)
    return most if plan.budget is None else share * plan.budget


def _kept(file: Path, request: str, limit: float) -> dict[str, Any] | None:
    """What an earlier attempt chose, if it was asked the same, and nothing stopped it that would not stop it again."""
    from ..plan.sources.ranking import OVER

    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        whole = not kept["stopped"] or (kept["stopped"] == OVER and kept["limit"] >= limit)
        return kept if kept["request"] == request and whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def named(keys: Sequence[str], task: Task) -> list[Source]:
    """The sources of these names.

    Raises:
        UnknownName, SourceError: there is no such source.
        UsageError: one does not read such examples.
    """
    from ..source import _catalogue

    found = [_catalogue.get(key) for key in dict.fromkeys(keys)]
    for source in found:
        if source.modality != task.modality:
            raise UsageError(
                f"The source '{source.key}' reads {noun(source.modality)}s, not {task.noun}s. "
                f"Name one for {task.noun}s."
            )
    return found


def considered(plan: Plan, task: Task) -> list[Source]:
    """The candidates: those named; else all of the catalogue for such examples, or that a named strategy can use.

    Raises:
        SourceError: there are none.
    """
    from ..source import _catalogue

    if plan.sources:
        return named(plan.sources, task)
    wanted = [strategy(name) for name in plan.strategies]
    heads = {way.needs_head for way in wanted if way.takes(task.modality, task.kind)}
    found = _catalogue.usual(task.modality)
    if heads - {""}:  # the cheapest that can do it, and of those that any other strategy can use
        keys = [key for head in sorted(heads) for key in _catalogue.cheap_keys(task.modality, head or None)[: KEEP - 1]]
        found = [_catalogue.get(key) for key in dict.fromkeys(keys)]
    found = [s for s in found if all(way.suits(s) for way in wanted)]
    if not found:
        raise SourceError(f"The catalogue has no source for {task.noun}s. Name one with --source.")
    return found
