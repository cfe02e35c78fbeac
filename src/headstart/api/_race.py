"""The race: candidates against each other on validation data, inside the budget; then the chosen ones on all pictures.

Order: cheap transfer on every source, the rivals that start fresh, and last the long transfer candidates (fine-tuning)
on the one source whose cheap candidates did best. A long one that is behind after its short runs is dropped, and all
are where the cheap ones leave nothing to gain.
Every decision goes to the journal with its reason. Finished candidates are kept on disk, so that a killed run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BudgetError, DataError, HeadstartError
from ..family import load
from ..interrupt import presses
from ..runtime import digest, one_blas_thread
from ..types import Example, Features, Fitted, Source, Trial, View, Work, to_dict

if TYPE_CHECKING:
    from ..plan.choice import Contender
    from ..plan.search import Candidate
    from ._fit import _Job

MANY = 40  # where a cheap candidate errs on at most one in so many pictures not learnt from, nothing long is tried
PAGES = 5.0  # seconds of judging, the self-test of the saved model, and the pages
OVER = "the time budget ended first"
NO_TIME = "no time was left for it beside the last trainings; give more with --budget"


@dataclass
class Outcome:
    """What the race decided."""

    trials: list[Trial] = field(default_factory=list)
    finalists: dict[str, list[Fitted]] = field(default_factory=dict)  # trial id → models, one a training seed
    roles: dict[str, str] = field(default_factory=dict)  # who plays `transfer`, `rival` and `winner`
    layers: dict[str, Any] | None = None  # the transfer curve, see `_depths.py`
    forgetting: dict[str, Any] | None = None


class Race:
    """One race of a fit."""

    def __init__(self, job: _Job, sources: Mapping[str, Source], weights: Mapping[str, Path]) -> None:
        from ..extract.gallery import median_side
        from ..plan._folds import of_task
        from ..plan.search import candidates
        from ..types import Facts

        self.job, self.sources, self.weights = job, sources, weights
        task = job.task
        self.facts = Facts(len(task.train), len(task.labels), median_side(task.train), task.modality, task.kind)
        self.candidates = candidates(tuple(sources), job.plan.strategies, self.facts)
        self.done: dict[bool, list[Contender]] = {True: [], False: []}  # by camp: transfer, rivals
        self.folds = of_task(job.task, job.plan.seed)
        self.outcome = Outcome()
        self.proof_cpu = 0.0  # CPU seconds of what serves the verdict alone: rivals, and repeats with other seeds
        self._looks: dict[View, tuple[Features, Features]] = {}
        self._source_examples: dict[str, tuple[Example, ...]] = {}

    def run(self) -> Outcome:
        """Compare on validation data; refit the best transfer candidate and every rival."""
        self._look([c.training_view for c in self.candidates if not c.long or not c.reuses])
        self._hold()
        for role, camp in (("transfer", True), ("rival", False)):
            if not self.done[camp]:
                raise self._nothing(role)
        self._choose()
        self.job.cpu_adapted = time.process_time() - self.job.cpu_start - self.proof_cpu
        if presses.early:  # the same command draws the curve when it is done
            return self.outcome
        from . import _depths

        with self.job.clock("layers"):
            self.outcome.layers, self.outcome.forgetting = _depths.curve(self), _depths.forgetting(self)
        return self.outcome

    def _hold(self) -> None:
        """Let each run in turn, until a person asks for what there is to show."""
        for at, candidate in enumerate(self.candidates):
            ready = bool(self.done[True] and self.done[False])
            try:
                if ready:
                    presses.promise(self._finishing, cut=True)
                    if presses.early:  # asked for while sources were chosen
                        raise KeyboardInterrupt
                self._enter(candidate)
            except KeyboardInterrupt:
                if presses.hard or not ready:
                    raise
                self._leave_out(self.candidates[at:])
                break
        presses.promise(self._finishing)

    def _finishing(self) -> str:
        """What a press of Ctrl-C leads to from here on, and for how long."""
        from ..judge.wording import duration

        return f"finishing the final models, about {duration(self._rest(), rough=True)}"

    def _rest(self) -> float:
        """Seconds that the last trainings and the pages will take, from what was measured."""
        from ..plan.choice import prefer

        best = [prefer(camp) for camp in self.done.values() if camp]
        who = {c.trial.id: c for c in (*best, *self.done[False]) if c.trial.id not in self.outcome.finalists}
        return PAGES + sum(c.trial.seconds / max(1, c.trial.tried) for c in who.values())

    def look(self, view: View, deadline: float | None = None) -> tuple[Features, Features]:
        """Training and validation pictures through a view. Raises `BudgetError` at the deadline, if there is one."""
        self._look([view], deadline)
        return self._looks[view]

    def looks(self, views: Sequence[View]) -> list[tuple[Features, Features]]:
        """The same for several views, in one pass."""
        self._look(views)
        return [self._looks[view] for view in views]

    def source_look(self, view: View) -> Features | None:
        """The caller's pictures of the source's own kind through a view of that source, if any were given."""
        from ._source_data import source_examples

        folder, key = self.job.plan.source_data, view.source
        if folder is None or key is None:
            return None
        if key not in self._source_examples:
            self._source_examples[key] = source_examples(folder, self.sources[key], self.job.gallery, view)
        with self.job.clock("embed"):
            return self.job.gallery.look(self._source_examples[key], [view])[0]

    def forget(self, view: View) -> None:
        """Let the rows of a view go."""
        self._looks.pop(view, None)

    def training_view(self, id_: str) -> View:
        """Through which a candidate's training pictures were looked at."""
        return next(c.training_view for c in self.candidates if c.id == id_)

    def _look(self, views: Sequence[View], deadline: float | None = None) -> None:
        """One pass over training and validation pictures for all views not looked through yet."""
        from ..plan.search import rows

        job, new = self.job, [v for v in dict.fromkeys(views) if v not in self._looks]
        if not new:
            return
        with job.clock("embed"):
            found = job.gallery.look((*job.task.train, *job.task.valid), new, deadline)
        n = len(job.task.train)
        self._looks |= {v: (rows(f, slice(None, n)), rows(f, slice(n, None))) for v, f in zip(new, found, strict=True)}
        job.journal.note("embed", views=[to_dict(v) for v in new], computed=job.gallery.computed)

    def _enter(self, candidate: Candidate) -> None:
        """Let a candidate run, or say why not."""
        first_rival = not candidate.reuses and not self.done[False]
        if why := self._not_worth(candidate):
            outcome: Contender | Trial = _dropped(candidate, "dropped", why, self.job.plan.seed)
        else:
            outcome = self._contend(candidate, first_rival)
        trial = outcome if isinstance(outcome, Trial) else outcome.trial
        self.job.journal.note("tried", id=trial.id, status=trial.status, reason=trial.reason)
        self.outcome.trials.append(trial)
        self.done[candidate.reuses] += [] if isinstance(outcome, Trial) else [outcome]

    def _ends(self, candidate: Candidate) -> float | None:
        """By when a candidate must be done, as of `time.monotonic()`; None without a budget."""
        from ..plan.choice import prefer
        from ..plan.cost import due

        ends, seeds = self.job.deadline, self.job.plan.seeds
        if ends is None or not (candidate.long and candidate.reuses):
            return ends
        again = {c.trial.id: c.trial.seconds for c in self.done[False]}
        if again and load("transfer", (best := prefer(self.done[False])).fitted.strategy).STOCHASTIC:
            again[best.trial.id] *= seeds  # the verdict rests on it
        long = {c.id for c in self.candidates if c.long}
        own = [c.trial.seconds for c in self.done[True] if c.trial.id in long]  # one of these may be chosen
        rivals = sum(again.values())
        return min(due(ends, time.monotonic(), rivals, seeds), ends - rivals - seeds * max(own, default=0.0))

    def _leave_out(self, rest: Sequence[Candidate]) -> None:
        """A person stopped the race: these had no turn, and the best so far is judged. The same command goes on."""
        why = "interrupted before it was done"
        self.job.journal.note("interrupted", left_out=[c.id for c in rest])
        self.outcome.trials += [_dropped(c, "waiting", why, self.job.plan.seed) for c in rest]

    def _not_worth(self, candidate: Candidate) -> str | None:
        """Why a long candidate is not worth its time: nothing left to gain, or another source that serves better.

        What does not suit so many examples is tried where it is asked for by name.
        """
        from ..plan.choice import prefer

        spared = getattr(load("transfer", candidate.strategy), "spared", None)
        if spared and candidate.strategy not in self.job.plan.strategies and (why := spared(self.facts)):
            return str(why)
        long = {c.id for c in self.candidates if c.long}
        cheap = [c for c in self.done[True] if c.trial.id not in long]
        if not (candidate.long and candidate.reuses and cheap):
            return None
        best = prefer(cheap)
        of_all, of_valid = best.right, best.right[-len(self.job.task.valid) :]  # a long one is compared on the latter
        for right, what in ((of_all, "held-out"), (of_valid, "validation")):
            wrong, n = int((right < 1).sum()), len(right)
            if (n >= MANY or (best.trial.folds and right is of_all)) and wrong <= n / MANY:
                return (
                    f"{best.trial.id} errs on {wrong} of {n} {what} {self.job.task.noun}s: no gain could be shown there"
                )
        if best.trial.source == candidate.view.source:
            return None
        return f"long training on the best source alone, which is {best.trial.source} ({best.trial.id} leads)"

    def _contend(self, candidate: Candidate, first_rival: bool) -> Contender | Trial:
        """A candidate's result, from an earlier attempt where there is one; a `Trial` alone when it was dropped."""
        from ..plan import search
        from ..plan.choice import prefer

        job, start = self.job, time.process_time()
        # The first rival, a cheap one, runs past the budget: without any there is no verdict.
        ends, deadline = (None, None) if first_rival else (job.deadline, self._ends(candidate))
        late = OVER if deadline == ends else NO_TIME
        if ends is not None and time.monotonic() > ends:  # before its pictures are looked at
            return _dropped(candidate, "waiting", OVER, job.plan.seed)
        begun = time.perf_counter()
        try:
            train, valid = self.look(candidate.training_view, deadline)
        except BudgetError:
            return _dropped(candidate, "waiting", late, job.plan.seed, begun)
        folder = self.folder(candidate.id, train.key, candidate.view)
        if kept := search.recall(folder):
            job.clock.earlier += kept.trial.seconds
            return kept
        if deadline is not None and time.monotonic() > deadline:
            return _dropped(candidate, "waiting", late, job.plan.seed, begun)
        job.tell(candidate.id, 0, 1)
        work = self.work(candidate, train, valid, folder, job.plan.seed)
        camp = self.done[candidate.reuses]
        # Of pictures every rival runs to its end. A text network from scratch costs minutes and nearly always ends far
        # behind TF-IDF: it is given up where its short runs are.
        leader = prefer(camp) if camp and (candidate.reuses or self.facts.modality == "text") else None
        try:
            with job.clock("race"), one_blas_thread(len(train.y)):
                outcome = search.contend(
                    candidate,
                    work,
                    job.task.labels,
                    self.facts,
                    folds=self.folds,
                    deadline=deadline,
                    leader=leader,
                    watch=job.watch,
                )
        except BudgetError:
            return _dropped(candidate, "waiting", late, job.plan.seed, begun)
        except search.Behind as why:
            return _dropped(candidate, "dropped", str(why), job.plan.seed, begun)
        except (HeadstartError, ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError) as error:
            return _dropped(candidate, "failed", str(error), job.plan.seed, begun)
        finally:
            self.proof_cpu += 0.0 if candidate.reuses else time.process_time() - start
        search.remember(folder, outcome)
        return outcome

    def work(self, candidate: Candidate, train: Features, valid: Features | None, folder: Path, seed: int) -> Work:
        """What a run on this view is given."""
        view, key = candidate.view, candidate.view.source
        strategy = load("transfer", candidate.strategy)
        wants, loose = getattr(strategy, "SOURCE_DATA", False), self.job.task.unlabelled
        return Work(
            train=train,
            valid=valid,
            k=len(self.job.task.labels),
            view=view,
            seed=seed,
            scratchpad=folder,
            source=self.sources[key] if key else None,
            weights=self.weights[key] if key else None,
            kind=self.job.task.kind,
            source_rows=rows.x if wants and (rows := self.source_look(view)) else None,
            unlabelled=self.job.gallery.look(loose, [view])[0].x
            if loose and getattr(strategy, "UNLABELLED", False)
            else None,
            labels=self.job.task.labels,
        )

    def _choose(self) -> None:
        """Who stands for each camp, refitted on all training pictures, and which of the two is the run's model."""
        from ..plan.choice import crown, explain, prefer

        finished = {c.trial.id: c for camp in self.done.values() for c in camp}
        roles = self.outcome.roles
        for role, camp in (("transfer", True), ("rival", False)):
            best = prefer(self.done[camp])
            roles[role] = best.trial.id
            for contender in [best] if camp else self.done[camp]:  # every rival is shown beside the verdict
                # The verdict rests on the best of each camp.
                seeds = self.job.plan.seeds if contender is best else 1
                self.outcome.finalists[contender.trial.id] = self._refit(contender, seeds)
        of_camp = {True: finished[roles["transfer"]], False: finished[roles["rival"]]}
        crossed = [c for c in self.done[True] if c.trial.folds]
        winner = crown(of_camp[True], of_camp[False], prefer(crossed) if crossed else None)
        roles["winner"] = winner.trial.id
        self.outcome.trials = [
            explain(finished[t.id], winner if t.id in roles.values() else of_camp[t.reuses], self.job.task.noun)
            if t.id in finished
            else t
            for t in self.outcome.trials
        ]
        for trial in self.outcome.trials:
            self.job.journal.note("trial", id=trial.id, status=trial.status, reason=trial.reason)
        self.job.journal.note("chosen", **roles)

    def _refit(self, contender: Contender, seeds: int) -> list[Fitted]:
        """The chosen setting on all training pictures, `seeds` times where the training seed matters."""
        from ..plan import keep, search

        job, ready = self.job, time.process_time()
        candidate = next(c for c in self.candidates if c.id == contender.trial.id)
        train, valid = self.look(candidate.training_view)
        both = search.join(train, valid)
        seeds = seeds if load("transfer", contender.fitted.strategy).STOCHASTIC else 1
        out = []
        for extra in range(seeds):
            folder = self.folder(f"{contender.trial.id}-refit{extra}", train.key, candidate.view)
            if kept := keep.found(folder):
                out.append(kept[0])
                continue
            work = self.work(candidate, both, None, folder, job.plan.seed + extra)
            with job.clock("race"), one_blas_thread(len(both.y)):
                fitted = search.refit(contender, work, watch=job.watch)
            keep.save(folder, fitted)
            out.append(fitted)
            if contender.trial.reuses and not extra:
                ready = time.process_time()
        self.proof_cpu += time.process_time() - ready
        return out

    def folder(self, name: str, features: str, view: View) -> Path:
        """Where a candidate keeps its state; the key of pictures as they are tells no source, so that is named too."""
        from .. import __version__

        job, folds = self.job, None if self.folds is None else self.folds.tolist()
        of = self.sources[view.source].identity if view.source else None
        key = digest(__version__, job.task.fingerprint, features, of, job.plan.seed, job.source_print, folds)
        return self.job.plan.out / "trials" / f"{name}-{key[:8]}"

    def _nothing(self, role: str) -> HeadstartError:
        trials = self.outcome.trials
        if any(t.status == "waiting" for t in trials):
            return BudgetError(
                f"The budget of {self.job.plan.budget:g} s ended before any {role} candidate was done, so there is no "
                "verdict. Run the same command with a larger --budget: finished work is kept."
            )
        why = "; ".join(f"{t.id}: {t.reason}" for t in trials if t.status == "failed")
        task = self.job.task
        return DataError(f"No {role} candidate could be fitted to {task.name} ({why}). Add {task.noun}s to each class.")


def _dropped(candidate: Candidate, status: str, reason: str, seed: int, begun: float | None = None) -> Trial:
    """A trial without a result; `begun`, as of `time.perf_counter()`, where it had its turn."""
    return Trial(
        id=candidate.id,
        strategy=candidate.strategy,
        source=candidate.source,
        reuses=candidate.reuses,
        config={},
        tried=0,
        status=status,
        reason=reason,
        seconds=0.0 if begun is None else time.perf_counter() - begun,
        seed=seed,
    )
