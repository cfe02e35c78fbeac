"""The steps of a fit: from a person's data to a saved model with an honest verdict.

read → choose the sources → embed (one pass) → compare candidates on validation data → train the chosen ones on all
labelled training data → open the sealed test split once → report → save, load, compare → run.json. Each step leaves
its result behind, so that a killed run, started again with the same arguments, continues.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..family import load
from ..interrupt import presses
from ..kind import kind_of
from ..runtime import Clock
from ..schema import RunRecord
from ..strategy import strategies, strategy
from ..types import Example, Fitted, Source, Task
from . import budget, depths, forecast
from . import sources as _sources
from .finals import INTERRUPTED, choose
from .job import STOPPED, Job, Plan, Watch
from .lock import locked
from .log import logged
from .race import InVain, Outcome, Race
from .record import publish
from .saved import ADAPTED, DISTILLED, Saved
from .sources import Picked

if TYPE_CHECKING:
    from ..judge.verdict import Judgement


def carry_out(plan: Plan, watch: Watch | None = None) -> Saved:
    """Do what was asked for, or find it done; `plan.budget` is set here, once the examples are counted.

    Raises:
        DataError, SourceError, UsageError, BudgetError: as `headstart.fit` says.
    """
    clock = Clock()
    with presses.heard():
        tell = presses.polling(watch)
        if made := next((file for file in (ADAPTED, DISTILLED) if (plan.out / file).is_file()), None):
            verb = Path(made).stem
            raise UsageError(f"{plan.out} holds a model that `headstart {verb}` made. Name another folder with --out.")
        source_print = _check_names(plan)
        with locked(plan.out, lambda said: tell(said, 0, 0)), logged(plan.log) as log:
            done = _steps(plan, clock, tell, source_print)
            if log:
                log.finished(done)
            return done


def _steps(plan: Plan, clock: Clock, watch: Watch, source_print: str) -> Saved:
    """All steps in order; see the module's first lines."""
    from ..extract.feature_store import FeatureStore
    from ..plan.journal import Journal

    task = _read(plan, clock, watch)
    plan = replace(plan, budget=budget.limit(plan.asked, sum(task.n.values())))
    considered = _sources.considered(plan, task)
    request = plan.request(task, considered, source_print)
    if done := _finished(plan, request):
        return done
    journal = Journal(plan.out / "journal.jsonl")
    journal.note("read", n=task.n, set_aside=len(task.set_aside), request=request)
    store = FeatureStore({}, modality=task.modality, engine=plan.engine, watch=watch)
    deadline = None if plan.budget is None else time.monotonic() + plan.budget - clock.total()
    job = Job(plan, clock, watch, task, store, journal, source_print, deadline)
    job.forecast = forecast.say(job, considered, chosen=False)
    picked = _sources.pick(job, considered, request)
    if not plan.sources:
        job.forecast = forecast.say(job, [*picked.sources.values()], chosen=True)
    outcome, picked = _race(job, picked, considered)
    with clock("judge"):
        judgement = _judge(job, outcome.finalists, outcome.roles)
    return publish(job, judgement, outcome, picked, request)


def _check_names(plan: Plan) -> str:
    """A slip of the pen is told at once, not after thousands of pictures were read; returns the print of source data.

    Raises:
        UsageError: see there.
    """
    from ..extract._extractor import pick_engine

    for name in plan.strategies:
        strategy(name)
    if plan.read.kind is not None:
        kind_of(plan.read.kind)
    if plan.metric is not None:
        load("judge/metric", plan.metric)  # not only when all is trained
    source_print = ""
    if plan.source_data is not None:
        from .source_data import fingerprint

        source_print = fingerprint(plan.source_data)
    if plan.engine != "auto":
        pick_engine(plan.engine)
    if plan.out.exists() and not plan.out.is_dir():
        raise UsageError(f"{plan.out} is a file; a run needs a folder. Name another one with --out.")
    if plan.out.resolve() == Path(plan.data).resolve():
        raise UsageError(f"{plan.out} holds the data. Name another folder for the run with --out.")
    return source_print


def _read(plan: Plan, clock: Clock, watch: Watch) -> Task:
    """The task, with what it leaves to guess told.

    Raises:
        DataError: the data cannot be used. UsageError: what was asked for does not suit its kind of task.
    """
    from ..judge.layers import KINDS
    from ..judge.verdict import metric_of
    from ..read import read
    from ..source import _catalogue

    [_catalogue.get(key) for key in plan.sources]
    with clock("read"):
        task = read(plan.data, plan.read, seed=plan.seed, progress=lambda done, of: watch("read", done, of))
    for note in task.notes:
        watch(note, 0, 0)
    if plan.metric is not None:
        metric_of(task, plan.metric)
    if plan.layers and task.kind not in KINDS:
        raise UsageError(
            f"--layers draws the transfer curve of {' or '.join(KINDS)}; this task is {task.kind}. Leave it out."
        )
    return task


def _finished(plan: Plan, request: str) -> Saved | None:
    """The run in the folder, if it answers the same request; an error if it answers another."""
    if not (plan.out / "run.json").exists():
        return None
    run = Saved(plan.out)
    if run.record["request"] == request:
        return None if _more(run.record, plan.budget) or _sources.unfinished(plan, request) else run
    raise UsageError(
        f"{plan.out} holds a finished run of other data or settings ({run.record['task']['name']}, seed "
        f"{run.record['seed']}). Name another folder with --out, or remove that one."
    )


def _more(record: RunRecord, limit: float | None) -> bool:
    """Whether a finished run goes on: a person stopped it, or it left something for time and now has more of that."""
    waiting = [t["reason"] for t in record["trials"] if t["status"] == "waiting"]
    spent = record["budget"]  # none in a run of an earlier version
    if not spent or STOPPED in waiting:
        return bool(waiting)
    if any(cut.startswith(INTERRUPTED) for cut in spent["cut"]):
        return True
    had, has = (float("inf") if seconds is None else seconds for seconds in (spent["limit"], limit))
    return has > had and bool(waiting or spent["cut"])


def _race(job: Job, picked: Picked, considered: Sequence[Source]) -> tuple[Outcome, Picked]:
    """Who is judged, and what can be told of how sources transfer; and the sources that took part in the end."""
    race, picked = _held(job, picked, considered)
    choose(race)
    job.cpu_adapted = job.clock.cpu() - race.proof_cpu
    if race.stopped:  # the same command draws the curve when it is done
        return race.outcome, picked
    ends = race.over()
    if ends is not None and time.monotonic() > ends:
        race.cut("The budget left no time for the transfer curve.")
        return race.outcome, picked
    with job.clock("layers"):
        race.outcome.layers, race.outcome.forgetting = depths.curve(race), depths.forgetting(race)
    return race.outcome, picked


def _held(job: Job, picked: Picked, considered: Sequence[Source]) -> tuple[Race, Picked]:
    """The race; where what was chosen proves too slow for all examples, one with the lightest source instead."""
    race = Race(job, picked.sources, picked.weights)
    try:
        race.run()
    except InVain as why:
        light = _sources.lightest(job, considered)
        if job.plan.sources or light.key in picked.sources:
            raise
        job.journal.note("too slow", sources=[*picked.sources], instead=light.key, reason=str(why))
        picked = _sources.instead(job, picked, light)
        race = Race(job, picked.sources, picked.weights)
        race.run()
    return race, picked


def _judge(job: Job, finalists: Mapping[str, list[Fitted]], roles: Mapping[str, str]) -> Judgement:
    """The verdict, on the sealed test split."""
    from ..judge.verdict import judge
    from ..ship.predictor import Predictor

    views = list(dict.fromkeys(f.view for seeds in finalists.values() for f in seeds))

    def logits(fitted: Fitted, examples: Sequence[Example]) -> np.ndarray[Any, Any]:
        job.store.extract(examples, views)  # the first call fills the cache for all finalists in one pass
        for view in views:
            job.store.leave(view.source or "")
        return Predictor(fitted, job.store).logits(examples)

    opened = {"test": job.task.fingerprint, **roles}
    # An earlier opening for other finalists counts; one that was killed and is now repeated tells nothing new.
    before = job.journal.count("sealed test split opened", test=job.task.fingerprint)
    job.task.test.reads += before - job.journal.count("sealed test split opened", **opened)
    job.journal.note("sealed test split opened", **opened)
    return judge(
        job.task,
        finalists,
        logits,
        transfer=roles["transfer"],
        rival=roles["rival"],
        winner=roles["winner"],
        margin=job.plan.margin,
        seed=job.plan.seed,
        stochastic=[name for name, way in strategies().items() if way.stochastic],
        metric=job.plan.metric,
    )
