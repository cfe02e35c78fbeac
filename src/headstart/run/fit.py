"""fit: from a folder of pictures, or a table of texts, to an adapted classifier with an honest verdict.

read → choose the sources → embed (one pass) → compare candidates on validation data → train the chosen ones on all
training pictures → open the sealed test split once → report → save, load, compare → run.json. Each step leaves its
result behind, so that a killed run, started again with the same arguments, continues.
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..api._run import Run
from ..errors import UsageError
from ..interrupt import presses
from ..read import ReadOptions
from ..runtime import Clock, digest, quiet_threads
from ..types import Example, Fitted, Source, Task
from . import budget as _budget
from . import forecast
from . import sources as _sources
from .finals import INTERRUPTED
from .lock import locked

if TYPE_CHECKING:
    from ..extract.gallery import Gallery
    from ..judge.verdict import Judgement
    from ..plan.journal import Journal
    from .race import Outcome
    from .sources import Picked

Watch = Callable[[str, int, int], None]
STOPPED = "interrupted before it was done"  # why a candidate waits that a person's Ctrl-C left out


@dataclass(frozen=True)
class Plan:
    """What was asked for; its digest tells whether a folder holds the same run."""

    data: str
    out: Path
    seed: int
    seeds: int
    budget: float | None  # seconds, once it is known how many examples there are
    asked: str | float | None  # what a person said of it, see `_budget.py`
    sources: tuple[str, ...]
    strategies: tuple[str, ...]
    engine: str
    read: ReadOptions
    mirror: bool
    metric: str | None
    margin: float
    layers: bool
    source_data: str | None
    command: str

    def request(self, task: Task, sources: Sequence[Source], source_print: str) -> str:
        """A name for this task judged in this way."""
        from .. import __version__

        shas = [s.identity for s in sources]
        asked = [self.strategies, self.seed, self.seeds, self.margin, self.engine, self.layers, source_print]
        asked += [self.read.kind or "auto", self.metric, self.mirror]
        # Who belongs together decides folds and intervals, and is no part of the fingerprint.
        asked += [self.read.group, self.read.duplicates, [e.group for e in (*task.train, *task.valid)]]
        return digest(__version__, task.fingerprint, shas, asked)


def fit(
    data: str | Path,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    seeds: int = 3,
    budget: str | float | None = _budget.AUTO,
    source: str | Sequence[str] | None = None,
    strategy: str | Sequence[str] | None = None,
    engine: str = "auto",
    group: str | None = None,
    text: str | None = None,
    label: str | None = None,
    kind: str = "auto",
    layout: str | None = None,
    crop: str | None = None,
    duplicates: str = "group",
    mirror: bool = True,
    quotes: str | None = None,
    encoding: str | None = None,
    blank: str | None = None,
    split_column: str | None = None,
    metric: str = "auto",
    margin: float = 0.01,
    layers: bool = False,
    source_data: str | Path | None = None,
    watch: Watch | None = None,
    command: str | None = None,
) -> Run:
    """Adapt a pre-trained model to labelled pictures or texts, and judge it against rivals that start fresh.

    Args:
        data: folder of class folders (with or without train/ val/ test/) of pictures or text files, a table with image
            or text and label columns, a folder with one such table or some named train and test, or a data set saved
            by Hugging Face `datasets`.
        out: folder for the run; `runs/<name of the data>` when not given.
        seed: of the split and of all training.
        seeds: trainings of a finalist whose result depends on chance; their spread is part of the verdict's interval.
        budget: seconds, a duration ("90s", "5m", "1h"), None or "none" for no limit, or "auto": four minutes and 3 GB
            for up to 3,000 examples, four minutes for every 3,000 of more. Reading, choosing, looking, training and
            judging are in it; who is not done in time waits, and is said to. The last trainings are left time for, else
            done once instead of `seeds` times, or not at all. Not cut short, and so not held: reading, one download,
            the first rival, the first batch of any step, judging.
        source: keys of the catalogue, folders, names; all are reused. Not given, the two that suit the examples best
            are chosen from the catalogue, see `plan.rounds`.
        strategy: names; narrows the candidates, transfer and rivals separately (rivals always run).
        engine: `auto`, `torch` or `openvino`.
        group: column of the table; pictures of one group never stand on both sides of a split.
        text: column of the table that holds the texts, where it has an unusual name; by comma several, whose texts are
            put together (models that know pairs are given two as a pair).
        label: the same for the classes, or numbers; by comma, or with a star, several columns of 0 and 1, one a label.
        kind: `classification`, `regression` (the labels are numbers to predict), `multilabel` (several labels an
            example, or none; texts are cut at ";" or "|"), or `auto`: multilabel where there are lists or several
            columns; regression where every label is a number, some are no whole ones, and more than 20 differ.
        crop: of pictures far from square: their `centre`, or all of each by `squash` or `letterbox`; chosen by their
            shapes when not given.
        layout: of a folder: its first level names the `classes`, or the `splits`; `nested`: its last one the classes.
            By default the names tell, and what they do not tell is an error.
        duplicates: near ones, `group`: on one side of the split; `keep`: as any other; `drop`: one of each stays.
        quotes: `yes` or `no`: whether quotation marks wrap the cells of a table; found out by default.
        encoding: of a table, by a name that Python knows; found out by default.
        blank: what an empty label means, such as "0" in columns of 0 and 1.
        split_column: column of the table that names the splits, where it is not called split.
        mirror: false: no picture is mirrored in training (else where features say that it changes the class).
        metric: what the verdict is in: `accuracy`, `macro_f1`, or `auto`: macro-F1 where the largest training class is
            more than three times the smallest. Of numbers always `mae`, the mean absolute error; of several labels
            `micro_f1`, or `macro_f1`.
        margin: of practical equivalence, 0.01 being one point of accuracy or macro-F1, or one per cent of the standard
            deviation of the numbers.
        layers: also fine-tune from every depth of the source up, for the whole transfer curve; takes minutes.
        source_data: folder of pictures like those the source learnt from: forgetting is measured on them, and EWC's
            Fisher information taken; in folders named as the source's classes, its accuracy is known too.
        watch: called with (what, done, of) as the work goes on; with (a sentence, 0, 0) where it shall stay on screen.
        command: for the record, how the run was asked for.

    Raises:
        DataError: the data cannot be used. SourceError: a source cannot be had. UsageError: an argument is wrong.
        BudgetError: the budget ended before there was anything to show.
    """
    given = dict(locals())
    quiet_threads()
    if seeds < 1 or margin < 0 or not 0 <= seed < 2**31:
        raise UsageError(
            f"seed={seed}, seeds={seeds}, margin={margin} were given; seed must be 0 to 2147483647, seeds 1 or more "
            "and margin 0 or more."
        )
    clock, data = Clock(), os.fspath(data)
    plan = Plan(
        data=data,
        out=Path(out) if out else _default_out(Path(data)),
        seed=seed,
        seeds=seeds,
        budget=None,
        asked=_budget.asked(budget),
        sources=_several(source),
        strategies=_several(strategy),
        engine=engine,
        read=ReadOptions.of({option.name: given[option.name] for option in fields(ReadOptions)}),
        mirror=mirror,
        metric=None if metric == "auto" else metric,
        margin=margin,
        layers=layers,
        source_data=str(source_data) if source_data else None,
        command=command or f"headstart.fit({_arguments(given)})",
    )
    with presses.heard():
        job = _Job(plan, clock, presses.polling(watch))
        job.check_names()
        with locked(plan.out, lambda said: job.tell(said, 0, 0)):
            return job.work()


def _several(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names, by comma or as a sequence.

    >>> _several("probe, svm"), _several(["probe"]), _several(None)
    (('probe', 'svm'), ('probe',), ())
    """
    return tuple(x.strip() for x in (given.split(",") if isinstance(given, str) else given or ()) if x.strip())


def _default_out(data: Path) -> Path:
    """`runs/<name>`: the folder's name, or the table's without its suffix."""
    whole = Path(os.path.abspath(data))
    return Path("runs") / ((whole.stem if whole.is_file() else whole.name) or "run")


def _arguments(given: Mapping[str, Any]) -> str:
    """The arguments of `fit` that a person would have to repeat."""
    usual = {name: parameter.default for name, parameter in inspect.signature(fit).parameters.items()}
    told = [name for name in usual if name not in ("data", "out", "watch", "command") and given[name] != usual[name]]
    return ", ".join([repr(str(given["data"])), *(f"{name}={given[name]!r}" for name in told)])


def _more(record: Mapping[str, Any], limit: float | None) -> bool:
    """Whether a finished run goes on: a person stopped it, or it left something for time and now has more of that."""
    waiting = [t["reason"] for t in record["trials"] if t["status"] == "waiting"]
    spent = record.get("budget")  # none in a run of an earlier version
    if not spent or STOPPED in waiting:
        return bool(waiting)
    if any(cut.startswith(INTERRUPTED) for cut in spent["cut"]):
        return True
    had, has = (float("inf") if seconds is None else seconds for seconds in (spent["limit"], limit))
    return has > had and bool(waiting or spent["cut"])


class _Job:
    """One fit at work: what its steps share."""

    def __init__(self, plan: Plan, clock: Clock, watch: Watch) -> None:
        self.plan, self.clock, self.watch = plan, clock, watch
        self.begun = time.monotonic()
        self.deadline: float | None = None  # of the whole run, once it is known how many examples there are
        self.source_print = ""  # of --source-data
        self.forecast: dict[str, float] = {}  # what the whole run was thought to take
        self.mirror: bool | None = None  # whether pictures may be mirrored, once that was asked
        self.cpu_adapted = 0.0  # CPU seconds of the process when the adapted model was ready
        self.task: Task
        self.gallery: Gallery
        self.journal: Journal

    def work(self) -> Run:
        """All steps in order; see the module's first lines."""
        from ..plan.journal import Journal
        from ..read import read
        from ..source import _catalogue

        self.cpu_start = time.process_time()
        [_catalogue.get(key) for key in self.plan.sources]
        with self.clock("read"):
            self.task = read(
                self.plan.data,
                self.plan.read,
                seed=self.plan.seed,
                progress=lambda done, of: self.tell("read", done, of),
            )
        for note in self.task.notes:
            self.tell(note, 0, 0)
        self._set_limit()
        if self.plan.metric is not None:
            from ..judge.verdict import metric_of

            metric_of(self.task, self.plan.metric)
        if self.plan.layers:
            from ..judge.layers import KINDS

            if self.task.kind not in KINDS:
                raise UsageError(
                    f"--layers draws the transfer curve of {' or '.join(KINDS)}; this task is {self.task.kind}. Leave "
                    "it out."
                )
        considered = _sources.considered(self)
        request = self.plan.request(self.task, considered, self.source_print)
        if done := self._finished(request):
            return done
        self.journal = Journal(self.plan.out / "journal.jsonl")
        self.journal.note("read", n=self.task.n, set_aside=len(self.task.set_aside), request=request)
        from ..extract.gallery import Gallery

        self.gallery = Gallery({}, engine=self.plan.engine, watch=self.watch)
        self.forecast = forecast.say(self, considered, chosen=False)
        picked = _sources.pick(self, considered, request)
        if not self.plan.sources:
            self.forecast = forecast.say(self, [*picked.sources.values()], chosen=True)
        outcome, picked = self._race(picked, considered)
        with self.clock("judge"):
            judgement = self._judge(outcome.finalists, outcome.roles)
        from .record import publish

        return publish(self, judgement, outcome, picked, request)

    def _race(self, picked: Picked, considered: Sequence[Source]) -> tuple[Outcome, Picked]:
        """The race; where what was chosen proves too slow for all examples, one with the lightest source instead."""
        from ..plan import cost
        from .race import InVain, Race

        try:
            return Race(self, picked.sources, picked.weights).run(), picked
        except InVain as why:
            light = min(considered, key=lambda source: cost.guess(source).run(self.task.train))
            if self.plan.sources or light.key in picked.sources:
                raise
            self.journal.note("too slow", sources=[*picked.sources], instead=light.key, reason=str(why))
            picked = _sources.instead(self, picked, light)
        return Race(self, picked.sources, picked.weights).run(), picked

    def _set_limit(self) -> None:
        """When the run must end, now that its examples are counted."""
        self.plan = replace(self.plan, budget=_budget.limit(self.plan.asked, sum(self.task.n.values())))
        self.deadline = None if self.plan.budget is None else self.begun + self.plan.budget

    def check_names(self) -> None:
        """A slip of the pen is told at once, not after thousands of pictures were read."""
        from .. import family
        from ..extract._lens import pick_engine

        for name in self.plan.strategies:
            family.load("transfer", name)
        if self.plan.read.kind is not None:
            family.load("kind", self.plan.read.kind)
        if self.plan.metric is not None:
            family.load("judge/metric", self.plan.metric)  # not only when all is trained
        if self.plan.source_data is not None:
            from .source_data import fingerprint

            self.source_print = fingerprint(self.plan.source_data)
        if self.plan.engine != "auto":
            pick_engine(self.plan.engine)
        if self.plan.out.exists() and not self.plan.out.is_dir():
            raise UsageError(f"{self.plan.out} is a file; a run needs a folder. Name another one with --out.")
        if self.plan.out.resolve() == Path(self.plan.data).resolve():
            raise UsageError(f"{self.plan.out} holds the data. Name another folder for the run with --out.")

    def tell(self, what: str, done: int, of: int) -> None:
        """What is going on; `of` 0: a line that stays, such as how the data was understood."""
        self.watch(what, done, of)

    def left(self) -> float:
        """Seconds until the run must end."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def in_memory(self, more: float, what: str) -> None:
        """Raises `plan.remaining.Slow` where so many bytes more are not there, or not meant for a fit by default."""
        from ..plan import cost, remaining

        usual = self.plan.asked == _budget.AUTO
        free = min(cost.free_memory(), _budget.MEMORY - remaining.resident() if usual else float("inf"))
        if more > free:
            told = f"{more / 1e9:.1f} GB of memory more, and {max(free, 0.0) / 1e9:.1f} GB are left"
            raise remaining.Slow(f"{what} would take about {told}" + ("; --budget none allows more" if usual else ""))

    def _finished(self, request: str) -> Run | None:
        """The run in the folder, if it answers the same request; an error if it answers another."""
        if not (self.plan.out / "run.json").exists():
            return None
        run = Run(self.plan.out)
        if run.record.get("request") == request:
            return None if _more(run.record, self.plan.budget) or _sources.unfinished(self.plan, request) else run
        raise UsageError(
            f"{self.plan.out} holds a finished run of other data or settings ({run.record['task']['name']}, seed "
            f"{run.record['seed']}). Name another folder with --out, or remove that one."
        )

    def _judge(self, finalists: Mapping[str, list[Fitted]], roles: Mapping[str, str]) -> Judgement:
        from ..family import load, names
        from ..judge.verdict import judge
        from ..ship.store import scores

        views = list(dict.fromkeys(f.view for seeds in finalists.values() for f in seeds))

        def logits(fitted: Fitted, examples: Sequence[Example]) -> np.ndarray[Any, Any]:
            self.gallery.look(examples, views)  # the first call fills the cache for all finalists in one pass
            return scores(fitted, self.gallery, examples)

        opened = {"test": self.task.fingerprint, **roles}
        # An earlier opening for other finalists counts; one that was killed and is now repeated tells nothing new.
        before = self.journal.count("sealed test split opened", test=self.task.fingerprint)
        self.task.test.reads += before - self.journal.count("sealed test split opened", **opened)
        self.journal.note("sealed test split opened", **opened)
        return judge(
            self.task,
            finalists,
            logits,
            transfer=roles["transfer"],
            rival=roles["rival"],
            winner=roles["winner"],
            margin=self.plan.margin,
            seed=self.plan.seed,
            stochastic=[name for name in names("transfer") if load("transfer", name).STOCHASTIC],
            metric=self.plan.metric,
        )
