"""The race: candidates against each other on validation data, inside the budget.

Order: see `plan/candidates.py`; last come the long transfer candidates (fine-tuning), on the one source whose cheap
candidates did best. A long one that is behind after its short runs is dropped, and all
are where the cheap ones leave nothing to gain. What follows a race stands in `finals.py` and `depths.py`.
Every decision goes to the journal with its reason. Finished candidates are kept on disk, so that a killed run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BudgetError, DataError, HeadstartError
from ..interrupt import presses
from ..runtime import digest, give_back, one_blas_thread
from ..strategy import strategy
from ..types import Features, FitContext, Fitted, Source, Trial, View
from ..version import __version__
from . import fresh
from .job import STOPPED
from .looks import Looks
from .worth import not_worth

if TYPE_CHECKING:
    from ..plan.candidates import Candidate
    from ..plan.choice import Validated
    from ..plan.remaining import Slow
    from .job import Job

TRAINING = 12  # bytes a parameter of a source: its weights, as they were and as they are, and what AdamW keeps of parts
LAST = 0.05  # of the budget that judging and the pages are left, at least
SLACK = 0.1  # of the budget, that a training begun in time may take more than it was thought to
OVER = "the time budget ended first"
NO_TIME = "no time was left for it beside rivals and last trainings; give more with --budget"


class InVain(BudgetError):
    """Nothing that reuses the sources at hand could be done in time."""


@dataclass
class Outcome:
    """What the race decided."""

    trials: list[Trial] = field(default_factory=list)
    finalists: dict[str, list[Fitted]] = field(default_factory=dict)  # trial id → models, one a training seed
    roles: dict[str, str] = field(default_factory=dict)  # who plays `transfer`, `rival` and `winner`
    layers: dict[str, Any] | None = None  # the transfer curve, see `depths.py`
    forgetting: dict[str, Any] | None = None
    cut: list[str] = field(default_factory=list)  # what was left out for time, in sentences
    reading: float = 0.0  # seconds that the run's model takes for a new example


class Race:
    """One race of a fit."""

    def __init__(self, job: Job, sources: Mapping[str, Source], weights: Mapping[str, Path]) -> None:
        from ..extract.feature_store import median_side
        from ..plan._folds import of_task, units
        from ..plan.candidates import candidates
        from ..types import Facts
        from .mirror import mirrors

        self.job, self.sources, self.weights = job, sources, weights
        task = job.task
        side = median_side(task.modality, task.train)
        if job.mirror is None:  # a second race, with a lighter source, does not ask again
            job.mirror = mirrors(job, sources, side)
        self.facts = Facts(len(task.train), len(task.labels), side, task.modality, task.kind, job.mirror)
        self.candidates = candidates(tuple(sources), job.plan.strategies, self.facts)
        self.done: dict[bool, list[Validated]] = {True: [], False: []}  # by arm: transfer, rivals
        self.folds, self.groups = of_task(job.task, job.plan.seed), units((*task.train, *task.valid))
        self.outcome = Outcome()
        self.proof_cpu = 0.0  # CPU seconds of what serves the verdict alone: rivals, and repeats with other seeds
        self.looks = Looks(job, sources)

    def run(self) -> None:
        """Compare on validation data.

        Raises:
            InVain: no transfer candidate could be done in time, with the sources at hand.
            BudgetError, DataError: an arm has nobody, for want of time or of data.
        """
        self._hold()
        for role, arm in (("transfer", True), ("rival", False)):
            if not self._stands(arm):
                raise self._nothing(role)

    @property
    def stopped(self) -> bool:
        """Whether a person left some out: then what can be shown soonest is wanted."""
        return any(t.reason == STOPPED for t in self.outcome.trials)

    def _hold(self) -> None:
        """Let each run in turn, until a person asks for what there is to show."""
        for at, candidate in enumerate(self.candidates):
            ready = self._stands(True) and self._stands(False)
            if not candidate.reuses and self._in_vain():
                raise InVain(str(self._nothing("transfer")))  # at once: rivals could be compared with nothing
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

        best = [prefer(arm) for arm in self.done.values() if arm]
        who = {c.trial.id: c for c in (*best, *self.done[False]) if c.trial.id not in self.outcome.finalists}
        return self._judging() + sum(map(self.again, who.values()))

    def over(self) -> float | None:
        """By when, as of `time.monotonic()`, judging who is ahead now must begin; None without a budget."""
        ends, budget = self.job.deadline, self.job.plan.budget
        return None if ends is None or budget is None else ends - max(self._judging(), LAST * budget)

    def _judging(self) -> float:
        """Seconds that judging who is ahead now, and the pages, will take."""
        from ..plan import remaining
        from ..plan.choice import prefer

        best = [(prefer(arm), self.job.plan.seeds) for arm in self.done.values() if arm]
        others = [(c, 1) for c in self.done[False] if all(c is not b for b, _ in best)]
        return remaining.judging([*best, *others], len(self.job.task.test))

    def again(self, contender: Validated) -> float:
        """Seconds that training it once more, on training and validation examples, will take."""
        from ..plan import remaining

        return remaining.training(contender, len(self.job.task.train) + len(self.job.task.valid))

    def cut(self, what: str) -> None:
        """Note what is left out for time."""
        self.outcome.cut.append(what)
        self.job.journal.note("left out", what=what)

    def training_view(self, id_: str) -> View:
        """Through which a candidate's training pictures were looked at."""
        return next(c.training_view for c in self.candidates if c.id == id_)

    def _enter(self, candidate: Candidate) -> None:
        """Let a candidate run, or say why not."""
        first_rival = candidate.baseline or (not candidate.reuses and not self._stands(False))
        long = {c.id for c in self.candidates if c.long}
        cheap = [c for c in self.done[True] if c.trial.id not in long]
        if why := not_worth(candidate, cheap, self.job.task, self.folds, self.job.plan.strategies):
            outcome: Validated | Trial = _dropped(candidate, "dropped", why, self.job.plan.seed)
        else:
            outcome = self._contend(candidate, first_rival)
        trial = outcome if isinstance(outcome, Trial) else outcome.trial
        self.job.journal.note("tried", id=trial.id, status=trial.status, reason=trial.reason)
        self.outcome.trials.append(trial)
        self.done[candidate.reuses] += [] if isinstance(outcome, Trial) else [outcome]
        later = {c.training_view for c in self.candidates[self.candidates.index(candidate) + 1 :]}
        if candidate.training_view not in later:  # what was made of its rows may be large, as a long one's maps are
            self.looks.rest(candidate.training_view)
            if candidate.long:
                self.looks.forget(candidate.training_view)
            give_back()

    def _in_vain(self) -> bool:
        """Whether all cheap transfer candidates had to wait: the long ones look through the same sources."""
        tried = [t for t in self.outcome.trials if t.reuses]
        return bool(tried) and not self.done[True] and all(t.status == "waiting" for t in tried)

    def _stands(self, arm: bool) -> bool:
        """Whether an arm has one that learnt from the inputs."""
        floor = {c.id for c in self.candidates if c.baseline}
        return any(c.trial.id not in floor for c in self.done[arm])

    def _ends(self, candidate: Candidate) -> float | None:
        """By when a candidate must be done, as of `time.monotonic()`; None without a budget."""
        from ..plan.cost import due

        ends, begin = self.over(), fresh.begin(self.job)
        if ends is None or begin is None or not candidate.reuses:
            return ends
        if not candidate.long:  # before the rivals one that reuses is enough
            return min(ends, begin) if self._stands(True) and not self._stands(False) else ends
        rivals = sum(map(self.again, self.done[False]))
        own = max(map(self.again, self.done[True]), default=0.0)  # one of these may be chosen
        return min(due(ends, time.monotonic(), rivals, 1), ends - rivals - own)

    def _leave_out(self, rest: Sequence[Candidate]) -> None:
        """A person stopped the race: these had no turn, and the best so far is judged. The same command goes on."""
        self.job.journal.note("interrupted", left_out=[c.id for c in rest])
        self.outcome.trials += [_dropped(c, "waiting", STOPPED, self.job.plan.seed) for c in rest]

    def _contend(self, candidate: Candidate, first_rival: bool) -> Validated | Trial:
        """A candidate's result, from an earlier attempt where there is one; a `Trial` alone where it has none."""
        from ..plan import keep
        from ..plan.remaining import Slow

        job = self.job
        # The first rival, a cheap one, runs past the budget: without any there is no verdict.
        ends, deadline = (None, None) if first_rival else (self.over(), self._ends(candidate))
        late = self._over(candidate) if deadline == ends else NO_TIME
        if ends is not None and time.monotonic() > ends:  # before its examples are looked at
            return _dropped(candidate, "waiting", self._over(candidate), job.plan.seed)
        begun = time.perf_counter()
        try:
            self._room(candidate)
            self.looks.take(self._together(candidate), deadline)
            train, valid = self.looks.of(candidate.training_view, deadline)
        except BudgetError as why:
            return _dropped(candidate, "waiting", str(why) if isinstance(why, Slow) else late, job.plan.seed, begun)
        folder = self.folder(candidate.id, train.key, candidate.view)
        kept = keep.recall(folder)
        if kept and (kept.trial.part == 1 or not self._more(kept)):
            self._shortened(kept)
            job.clock.earlier += kept.trial.seconds
            return kept
        if deadline is not None and time.monotonic() > deadline:
            return _dropped(candidate, "waiting", late, job.plan.seed, begun)
        job.tell(candidate.id, 0, 1)
        context = self.context(candidate, train, valid, folder, job.plan.seed)
        outcome = self._search(candidate, context, deadline)
        if isinstance(outcome, tuple):
            status, reason = outcome
            return _dropped(candidate, status, reason or late, job.plan.seed, begun)
        looking = self.looks.each.get(candidate.view.source, 0.0)
        outcome = replace(outcome, notes={**outcome.notes, "looking": looking, "budget": job.plan.budget})
        self._shortened(outcome)
        keep.remember(folder, outcome)
        return outcome

    def _search(self, candidate: Candidate, context: FitContext, deadline: float | None) -> Validated | tuple[str, str]:
        """What its settings come to; or its status without a result, and why, "" being that time ran out."""
        from ..plan import search
        from ..plan.remaining import Slow

        job, start = self.job, time.process_time()
        arm = self.done[candidate.reuses]
        leader = _best(arm) if candidate.reuses or candidate.gives_up else None
        try:
            with job.clock("race"), one_blas_thread():
                return search.contend(
                    candidate,
                    context,
                    job.task.labels,
                    self.facts,
                    folds=self.folds,
                    groups=self.groups,
                    deadline=deadline,
                    grace=SLACK * (job.plan.budget or 0.0),
                    leader=leader,
                    other=None if candidate.reuses else _best(self.done[True]),
                    watch=job.watch,
                )
        except Slow as why:
            return "waiting", f"{NO_TIME}: {why}" if candidate.reuses else self._over(candidate, why)
        except BudgetError:
            return "waiting", ""
        except search.Behind as why:
            return "dropped", str(why)
        except (HeadstartError, ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError) as error:
            return "failed", str(error)
        finally:
            self.proof_cpu += 0.0 if candidate.reuses else time.process_time() - start

    def _over(self, candidate: Candidate, why: Slow | None = None) -> str:
        """That the budget ended; of the network from scratch, with what budget it would not have."""
        if candidate.reuses or not candidate.long or self.job.plan.budget is None:
            return OVER
        lacking = why.lacking if why and why.lacking else fresh.SEARCH * fresh.training(self.job)
        return OVER + (f": {why}" if why else "") + f"; {fresh.enough(self.job.plan.budget, lacking)} would be enough"

    def _more(self, kept: Validated) -> bool:
        """Whether there is more time than when a rival was cut short."""
        had, has = kept.notes["budget"], self.job.plan.budget
        return had is not None and (has is None or has > had)

    def _shortened(self, contender: Validated) -> None:
        """Tell that a rival was cut short."""
        trial, budget = contender.trial, contender.notes.get("budget")
        if trial.part < 1 and budget is not None:
            self.cut(
                f"The rival '{trial.id}' had {100 * trial.part:.0f} % of its usual steps, all that the budget left: "
                f"reuse may look better than it is; {fresh.enough(budget, contender.notes['lacking'])} would be enough."
            )

    def _room(self, candidate: Candidate) -> None:
        """Raises `Slow` where long training of a source would not fit into memory."""
        if candidate.long and candidate.source:
            size = TRAINING * self.sources[candidate.source].params
            self.job.in_memory(size, f"training {candidate.source}")

    def _together(self, candidate: Candidate) -> list[View]:
        """The views that cheap candidates have of its source, looked through in one pass; of a long one its own."""
        if candidate.long:
            return [candidate.training_view]
        alike = [c for c in self.candidates if c.view.source == candidate.view.source and not c.long]
        return [c.training_view for c in alike]

    def context(
        self, candidate: Candidate, train: Features, valid: Features | None, folder: Path, seed: int
    ) -> FitContext:
        """What a run on this view is given."""
        view, key = candidate.view, candidate.view.source
        way, loose = strategy(candidate.strategy), self.job.task.unlabelled
        return FitContext(
            train=train,
            valid=valid,
            k=len(self.job.task.labels),
            view=view,
            seed=seed,
            checkpoint=folder,
            source=self.sources[key] if key else None,
            weights=self.weights[key] if key else None,
            kind=self.job.task.kind,
            source_rows=rows.x if way.source_data and (rows := self.looks.source(view)) else None,
            unlabelled=self.job.store.extract(loose, [view])[0].x if loose and way.unlabelled else None,
            labels=self.job.task.labels,
            modality=self.job.task.modality,
        )

    def folder(self, name: str, features: str, view: View) -> Path:
        """Where a candidate keeps its state; the key of pictures as they are tells no source, so that is named too."""
        job, folds = self.job, [None if a is None else a.tolist() for a in (self.folds, self.groups)]
        of = self.sources[view.source].identity if view.source else None
        key = digest(__version__, job.task.fingerprint, features, of, job.plan.seed, job.source_print, folds)
        return self.job.plan.out / "trials" / f"{name}-{key[:8]}"

    def _nothing(self, role: str) -> HeadstartError:
        trials = self.outcome.trials
        if waiting := [t for t in trials if t.status == "waiting"]:
            told, budget = "" if waiting[0].reason == OVER else f" ({waiting[0].reason})", self.job.plan.budget
            if budget is None:  # only memory keeps one waiting then
                return BudgetError(f"No {role} candidate could run{told}. Name a smaller source with --source.")
            return BudgetError(
                f"The budget of {budget:g} s ended before any {role} candidate was done{told}, so there is no verdict. "
                "Run the same command with a larger --budget: finished work is kept."
            )
        why = "; ".join(f"{t.id}: {t.reason}" for t in trials if t.status == "failed")
        task = self.job.task
        return DataError(f"No {role} candidate could be fitted to {task.name} ({why}). Add {task.noun}s to each class.")


def _best(arm: Sequence[Validated]) -> Validated | None:
    """Whom an arm prefers, if it has anybody."""
    from ..plan.choice import prefer

    return prefer(arm) if arm else None


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
