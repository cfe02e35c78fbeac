"""fit: from a folder of pictures to an adapted classifier with an honest verdict.

read → embed (one pass) → compare candidates on validation data → train the chosen ones on all training pictures →
open the sealed test split once → report → save, load, compare → run.json. Each step leaves its result behind, so that
a killed run, started again with the same arguments, continues.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BudgetError, DataError, HeadstartError, UsageError
from ..runtime import Clock, digest, one_blas_thread, quiet_threads
from ..types import Example, Features, Fitted, Source, Task, Trial, View, to_dict
from ._run import Run

if TYPE_CHECKING:
    from ..embed.gallery import Gallery
    from ..judge.verdict import Judgement
    from ..plan.journal import Journal
    from ..plan.search import Candidate, Contender

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """What was asked for; its digest tells whether a folder holds the same run."""

    data: str
    out: Path
    seed: int
    seeds: int
    budget: float | None
    sources: tuple[str, ...]
    strategies: tuple[str, ...]
    engine: str
    group: str | None
    margin: float
    command: str

    def request(self, task: Task, sources: Sequence[Source]) -> str:
        """A name for this task judged in this way."""
        from .. import __version__

        shas = [(s.sha256, s.architecture, to_dict(s.input)) for s in sources]
        asked = [self.strategies, self.seed, self.seeds, self.margin, self.engine]
        return digest(__version__, task.fingerprint, shas, asked)


def fit(
    data: str | Path,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    seeds: int = 3,
    budget: float | None = None,
    source: str | Sequence[str] = (),
    strategy: str | Sequence[str] = (),
    engine: str = "auto",
    group: str | None = None,
    margin: float = 0.01,
    watch: Watch | None = None,
    command: str | None = None,
) -> Run:
    """Adapt a pre-trained model to labelled pictures, and judge it against rivals that start fresh.

    Args:
        data: folder of class folders (with or without train/ val/ test/), a table with image and label columns, or a
            data set saved by Hugging Face `datasets`.
        out: folder for the run; `runs/<name of the data>` when not given.
        seed: of the split and of all training.
        seeds: trainings of a finalist whose result depends on chance; their spread is part of the verdict's interval.
        budget: seconds; a candidate that is not done by then is dropped, and said to be. Looked at between slices of
            training: reading, embedding and the last training are not cut short.
        source: keys of the catalogue to reuse; two cheap ones when not given.
        strategy: names; narrows the candidates, transfer and rivals separately (rivals always run).
        engine: `auto`, `torch` or `openvino`.
        group: column of the table; pictures of one group never stand on both sides of a split.
        margin: of practical equivalence, 0.01 being one point of accuracy.
        watch: called with (what, done, of) as the work goes on.
        command: for the record, how the run was asked for.

    Raises:
        DataError: the data cannot be used. SourceError: a source cannot be had. UsageError: an argument is wrong.
        BudgetError: the budget ended before there was anything to show.
    """
    quiet_threads()
    if seeds < 1 or margin < 0 or not 0 <= seed < 2**31 or (budget is not None and budget <= 0):
        raise UsageError(
            f"seed={seed}, seeds={seeds}, margin={margin}, budget={budget} were given; seed must be 0 to 2147483647, "
            "seeds 1 or more, margin 0 or more and budget above 0 seconds."
        )
    clock, data = Clock(), str(data)
    plan = Plan(
        data=data,
        out=Path(out) if out else _default_out(Path(data)),
        seed=seed,
        seeds=seeds,
        budget=budget,
        sources=_several(source),
        strategies=_several(strategy),
        engine=engine,
        group=group,
        margin=margin,
        command=command or f"headstart.fit({data!r}, {_arguments(locals())})",
    )
    return _Job(plan, clock, watch).work()


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    """Names, by comma or as a sequence."""
    return tuple(x.strip() for x in (given.split(",") if isinstance(given, str) else given) if x.strip())


def _default_out(data: Path) -> Path:
    """`runs/<name>`: the folder's name, or the table's without its suffix."""
    whole = Path(os.path.abspath(data))
    return Path("runs") / ((whole.stem if whole.is_file() else whole.name) or "run")


def _arguments(given: Mapping[str, Any]) -> str:
    """The arguments of `fit` that a person would have to repeat."""
    said = ("seed", "seeds", "source", "strategy", "engine", "group", "margin", "budget")
    return ", ".join(f"{name}={given[name]!r}" for name in said if given[name])


class _Job:
    """One fit at work: what its steps share."""

    def __init__(self, plan: Plan, clock: Clock, watch: Watch | None) -> None:
        self.plan, self.clock, self.watch = plan, clock, watch
        self.deadline = None if plan.budget is None else time.monotonic() + plan.budget
        self.cpu_adapted = 0.0  # CPU seconds of the process when the adapted model was ready
        self.task: Task
        self.gallery: Gallery
        self.journal: Journal

    def work(self) -> Run:
        """All steps in order; see the module's first lines."""
        from ..plan.journal import Journal
        from ..read.image import read
        from ..source import _catalogue

        self.cpu_start = time.process_time()
        records = [_catalogue.get(key) for key in self.plan.sources or _catalogue.default_keys()]
        self._check_names()
        with self.clock("read"):
            progress = (lambda done, of: self._tell("read", done, of)) if self.watch else None
            self.task = read(self.plan.data, seed=self.plan.seed, group=self.plan.group, progress=progress)
        request = self.plan.request(self.task, records)
        if done := self._finished(request):
            return done
        self.journal = Journal(self.plan.out / "journal.jsonl")
        self.journal.note("read", n=self.task.n, set_aside=len(self.task.set_aside), request=request)
        weights = self._weights(records)
        from ..embed.gallery import Gallery

        sources = {s.key: s for s in records}
        self.gallery = Gallery(sources, engine=self.plan.engine, weights=weights, watch=self.watch)
        candidates, looks = self._embed(sources)
        trials, finalists, roles = self._race(candidates, looks)
        with self.clock("judge"):
            judgement = self._judge(finalists, roles)
        from ._record import publish

        return publish(self, judgement, trials, finalists, roles, sources, weights, request)

    def _check_names(self) -> None:
        """A slip of the pen is told at once, not after thousands of pictures were read."""
        from .. import family
        from ..embed._lens import pick_engine

        for name in self.plan.strategies:
            family.load("transfer", name)
        if self.plan.engine != "auto":
            pick_engine(self.plan.engine)
        if self.plan.out.exists() and not self.plan.out.is_dir():
            raise UsageError(f"{self.plan.out} is a file; a run needs a folder. Name another one with --out.")

    def _tell(self, what: str, done: int, of: int) -> None:
        if self.watch:
            self.watch(what, done, of)

    def _finished(self, request: str) -> Run | None:
        """The run in the folder, if it answers the same request; an error if it answers another."""
        if not (self.plan.out / "run.json").exists():
            return None
        run = Run(self.plan.out)
        if run.record.get("request") == request:
            dropped = any(t["status"] == "dropped" for t in run.record["trials"])
            return None if dropped else run  # with dropped candidates there is more to do, if the budget allows
        raise UsageError(
            f"{self.plan.out} holds a finished run of other data or settings ({run.record['task']['name']}, seed "
            f"{run.record['seed']}). Name another folder with --out, or remove that one."
        )

    def _weights(self, records: Sequence[Source]) -> dict[str, Path]:
        from ..source import _catalogue

        out = {}
        with self.clock("source"):
            for at, record in enumerate(records):
                self._tell(f"source {record.key}", at, len(records))
                out[record.key] = _catalogue.fetch(record)
        return out

    def _embed(self, sources: Mapping[str, Source]) -> tuple[list[Candidate], dict[View, tuple[Features, Features]]]:
        """One pass over training and validation pictures for all that any candidate looks at."""
        from ..embed.gallery import median_side
        from ..plan.search import candidates
        from ..types import Facts

        train, valid = self.task.train, self.task.valid
        self.facts = Facts(len(train), len(self.task.labels), median_side(train))
        found = candidates(tuple(sources), self.plan.strategies, self.facts)
        views = list(dict.fromkeys(c.view for c in found))
        with self.clock("embed"):
            looks = self.gallery.look((*train, *valid), views)
        n = len(train)
        halves = {v: (_rows(f, slice(None, n)), _rows(f, slice(n, None))) for v, f in zip(views, looks, strict=True)}
        self.journal.note("embed", views=[to_dict(v) for v in views], computed=self.gallery.computed)
        return found, halves

    def _race(
        self, candidates: Sequence[Candidate], looks: Mapping[View, tuple[Features, Features]]
    ) -> tuple[list[Trial], dict[str, list[Fitted]], dict[str, str]]:
        """Compare on validation data; refit the best transfer candidate and every rival.

        Returns:
            trials, trial id → models by seed, and who plays `transfer`, `rival` and `winner`.
        """
        from ..plan.search import crown, explain, prefer

        finished: dict[str, Contender] = {}
        trials: list[Trial] = []
        finalists: dict[str, list[Fitted]] = {}
        roles: dict[str, str] = {}
        with self.clock("race"):
            for role, camp in (("transfer", True), ("rival", False)):
                done: list[Contender] = []
                for at, candidate in enumerate(c for c in candidates if c.reuses is camp):
                    # The first rival, a cheap one, runs past the budget: without any there is no verdict.
                    deadline = None if not camp and at == 0 else self.deadline
                    outcome = self._contend(candidate, *looks[candidate.view], deadline)
                    trial = outcome if isinstance(outcome, Trial) else outcome.trial
                    self.journal.note("tried", id=trial.id, status=trial.status, reason=trial.reason)
                    trials.append(trial)
                    done += [] if isinstance(outcome, Trial) else [outcome]
                if not done:
                    raise self._nothing(role, trials)
                best = prefer(done)
                finished |= {c.trial.id: c for c in done}
                roles[role] = best.trial.id
                for contender in [best] if camp else done:  # every rival is shown beside the verdict
                    seeds = self.plan.seeds if contender is best else 1  # the verdict rests on the best of each camp
                    finalists[contender.trial.id] = self._refit(contender, *looks[contender.fitted.view], seeds)
                if camp:
                    self.cpu_adapted = time.process_time() - self.cpu_start
        winner = crown(finished[roles["transfer"]], finished[roles["rival"]]).trial
        roles["winner"] = winner.id
        of_camp = {True: finished[roles["transfer"]].trial, False: finished[roles["rival"]].trial}
        judges = {t.id: winner if t.id in roles.values() else of_camp[t.reuses] for t in trials}
        trials = [explain(t, judges[t.id], len(self.task.valid)) for t in trials]
        for trial in trials:
            self.journal.note("trial", id=trial.id, status=trial.status, reason=trial.reason)
        self.journal.note("chosen", **roles)
        return trials, finalists, roles

    def _nothing(self, role: str, trials: Sequence[Trial]) -> HeadstartError:
        if any(t.status == "dropped" for t in trials):
            return BudgetError(
                f"The budget of {self.plan.budget:g} s ended before any {role} candidate was done, so there is no "
                "verdict. Run the same command with a larger --budget: finished work is kept."
            )
        why = "; ".join(f"{t.id}: {t.reason}" for t in trials if t.status == "failed")
        return DataError(
            f"No {role} candidate could be fitted to {self.task.name} ({why}). Add pictures to each class."
        )

    def _contend(
        self, candidate: Candidate, train: Features, valid: Features, deadline: float | None
    ) -> Contender | Trial:
        """A candidate's result, from an earlier attempt where there is one; a `Trial` alone when it was dropped."""
        from ..plan import search

        folder = self._folder(candidate.id, train.key)
        if kept := search.recall(folder):
            self.clock.earlier += kept.trial.seconds
            return kept
        self._tell(candidate.id, 0, 1)
        try:
            with one_blas_thread(len(train.y)):
                outcome = search.contend(
                    candidate,
                    train,
                    valid,
                    self.task.labels,
                    self.facts,
                    seed=self.plan.seed,
                    deadline=deadline,
                    scratchpad=folder,
                    watch=self.watch,
                )
        except BudgetError:
            return _dropped(candidate, "dropped", "the time budget ended first", self.plan.seed)
        except (HeadstartError, ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError) as error:
            return _dropped(candidate, "failed", str(error), self.plan.seed)
        search.remember(folder, outcome)
        return outcome

    def _refit(self, contender: Contender, train: Features, valid: Features, seeds: int) -> list[Fitted]:
        """The chosen setting on all training pictures, `seeds` times where the training seed matters."""
        from ..family import load
        from ..plan import keep, search

        both = search.join(train, valid)
        seeds = seeds if load("transfer", contender.fitted.strategy).STOCHASTIC else 1
        out = []
        for extra in range(seeds):
            folder = self._folder(f"{contender.trial.id}-refit{extra}", train.key)
            if kept := keep.found(folder):
                out.append(kept[0])
                continue
            with one_blas_thread(len(both.y)):
                fitted = search.refit(contender, both, seed=self.plan.seed + extra, scratchpad=folder, watch=self.watch)
            keep.save(folder, fitted)
            out.append(fitted)
        return out

    def _folder(self, name: str, view_key: str) -> Path:
        from .. import __version__

        key = digest(__version__, self.task.fingerprint, view_key, self.plan.seed)
        return self.plan.out / "trials" / f"{name}-{key[:8]}"

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
        )


def _rows(features: Features, rows: slice) -> Features:
    return replace(features, x=features.x[rows], y=features.y[rows], logits=None)


def _dropped(candidate: Candidate, status: str, reason: str, seed: int) -> Trial:
    return Trial(
        id=candidate.id,
        strategy=candidate.strategy,
        source=candidate.view.source,
        reuses=candidate.reuses,
        config={},
        tried=0,
        status=status,
        reason=reason,
        seed=seed,
    )
