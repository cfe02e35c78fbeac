"""The search: a candidate compares its settings on validation data; a rival has as many as any candidate may have.

`contend` runs one candidate and returns a `Validated`; `choice.py` chooses among candidates; `refit` trains the chosen
setting on training and validation data together. Knows no strategy by name and never sees a test picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError
from ..kind import Outputs, kind_of
from ..listening import told
from ..runtime import digest
from ..strategy import TrainResult, strategy
from ..types import Decoder, Facts, Features, FitContext, Fitted, IntArray, Progress, Trial
from ._folds import FOLDS, worth
from .candidates import Candidate
from .choice import CLOSE, UNFINISHED, Validated, behind
from .length import Length, drain, pace
from .reach import behind as outdone
from .reach import out_of_reach
from .remaining import EARLY, SURE, in_time

Watch = Callable[[str, int, int], None]
_Run = tuple["Score", Fitted, TrainResult, list[dict[str, float]]]
FAR = 3.0  # standard errors behind the best rival at which another one is given up after its short runs
HOPELESS = 6.0  # likewise after the first of these: measured in docs/architecture.md, "The rival from scratch"
SOME = 2000  # training rows on which settings of a cheap transfer candidate are compared; the best then sees all
UNMOVED = 99  # the prior of long training that did not better its start: what costs less says the same


class Behind(Exception):
    """A candidate was given up after its short runs; the message says why."""


class _Anew(Exception):
    """A search begins anew, with shorter runs."""


@dataclass(frozen=True)
class Score:
    """How a fitted head did on pictures it had not learnt from, and the decoder that was fitted to these."""

    right: NDArray[Any]  # [n]; of several labels each example's F1, of numbers minus the absolute error
    losses: NDArray[np.float64]  # [n] log-loss of each picture, or squared error
    decoder: Decoder = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """Share that is right."""
        return float(self.right.mean())

    @property
    def log_loss(self) -> float:
        """Their mean."""
        return float(self.losses.mean())


def contend(
    candidate: Candidate,
    context: FitContext,
    labels: tuple[str, ...],
    facts: Facts,
    *,
    folds: IntArray | None = None,
    groups: IntArray | None = None,
    deadline: float | None = None,
    grace: float = 0.0,
    leader: Validated | None = None,
    other: Validated | None = None,
    watch: Watch | None = None,
) -> Validated:
    """Compare the strategy's settings, then run the best one in full.

    Args:
        candidate: what is tried.
        context: the data of its view, `context.valid` included; `context.checkpoint` is a folder.
        labels: class names.
        facts: of the data.
        folds: of training and validation pictures, see `_folds.py`: a candidate that is not long is then compared by
            cross-validation on all of them. Where it is `worth` it, so is a long one: validation chooses its setting
            and how long to train, then heads of the folds name all pictures.
        groups: of the same pictures: those of one group count as one observation.
        deadline: as of `time.monotonic()`. A rival's runs become shorter where they would not fit, see `length.py`.
        grace: seconds after it that a rival's last run may take, whose length was planned to end before.
        leader: whom its arm prefers so far; a long candidate not ahead of it after its short runs is given up (one
            that is preferred at a tie: if behind by `CLOSE` standard errors; a rival, if by `FAR`).
        other: whom the other arm prefers so far: a rival that could not become the run's model beside it stays at its
            short runs here (`reach.py`), with what its training in full will take in the notes.
        watch: told what is going on.

    Raises:
        BudgetError: the deadline passed before the candidate was done, or (`Slow`) would.
        Behind: it was given up.
    """
    way, start = strategy(candidate.strategy), time.perf_counter()
    settings, long, length = way.settings(facts), way.long, None
    if long and not candidate.reuses and deadline is not None:
        length = Length(way.short, len(settings), deadline, leader is not None, grace)
    hopeless = partial(_drop_behind, leader=leader, groups=groups, bar=HOPELESS) if leader and not way.reuses else None
    runs = _Runs(candidate, context, labels, settings, deadline, watch, length, hopeless)
    preferred = leader is None or candidate.prior < leader.prior  # at a tie
    at, crossed, shut = 0, folds is not None and not long, False
    if crossed:
        scores = _crossed(candidate, settings, context, cast(IntArray, folds), labels, deadline=deadline, watch=watch)
        at = _lowest(scores)
        _, fitted, head, curve = runs.attempt(settings[at], context, candidate.id)
        score = scores[at]
    elif not long and candidate.reuses and len(settings) > 1 and len(context.train.y) > SOME:
        n = len(context.train.y)
        some = np.isin(np.arange(n), np.random.default_rng(0).permutation(n)[:SOME])
        fewer = replace(context, train=rows(context.train, some))
        at = _lowest([runs.attempt(config, fewer, candidate.id)[0] for config in settings])
        score, fitted, head, curve = runs.attempt(settings[at], context, candidate.id)
    elif not long or len(settings) > 1 or not preferred:  # else there is nothing that short runs could decide
        tried = runs.short(way.short)
        at = _lowest([score for score, *_ in tried])
        score, fitted, head, curve = tried[at]
        _check(score)
        if long and leader and not (length and length.cut):  # else its runs were too short to give it up
            _drop_behind(score, leader, groups, FAR if not candidate.reuses else CLOSE if preferred else 0.0)
        context = replace(context, share=length.of_last(head.notes["pace"])) if length else context
        shut = long and not candidate.reuses and not (length and length.cut) and out_of_reach(score.right, other)
    if shut:
        head = replace(head, notes=_as_whole(head.notes, way.short))
    elif long:
        cpu, ends = time.process_time(), deadline if length is None else length.deadline + length.grace
        score, fitted, head, curve = runs.attempt(settings[at], context, candidate.id, ends)
        _check(score)
        cpu = time.process_time() - cpu
        aside = not candidate.reuses and outdone(score.right, other)
        if not aside and folds is not None and worth(len(folds), cpu, head.notes["seconds"], deadline):
            each = round((1 - 1 / FOLDS) * len(folds))
            again = way.refit(settings[at], head.notes, len(context.train.y), each)
            with suppress(BudgetError):  # then what validation says must do
                whole = replace(context, share=1.0)  # `again` says how many steps
                (score,) = _crossed(candidate, [again], whole, folds, labels, deadline=deadline, watch=watch)
                crossed = True
    _check(score)
    n = len(score.losses)
    if groups is not None:
        groups = groups[cast(IntArray, folds) >= 0] if crossed else groups[-n:]
    trial = Trial(
        id=candidate.id,
        strategy=candidate.strategy,
        source=candidate.source,
        reuses=candidate.reuses,
        config=asdict(settings[at]),
        tried=len(settings),
        status="finished",
        reason="",
        **kind_of(context.kind).scores(score.right, score.losses),
        seconds=time.perf_counter() - start,
        curve=tuple(curve) if len(curve) > 1 else (),
        seed=context.seed,
        compared_on=n,
        folds=FOLDS if crossed else 0,
        part=length.part if length else 1.0,
    )
    fitted = replace(fitted, decoder=score.decoder)
    prior = candidate.prior if head.notes.get("step") != 0 else UNMOVED
    notes = {**head.notes, "n": len(context.train.y), "lacking": length.lacking if length else 0.0}
    return Validated(trial, fitted, notes, score.losses, score.right, prior, groups)


@dataclass(frozen=True)
class _Runs:
    """Trainings of one search, each with its score on validation data, its model, what `run` returned and its curve."""

    candidate: Candidate
    context: FitContext
    labels: tuple[str, ...]
    settings: Sequence[Any]
    deadline: float | None
    watch: Watch | None
    length: Length | None  # of a rival that has a deadline
    hopeless: Callable[[Score], None] | None  # raises `Behind` where the first short run is enough to give all up

    def attempt(
        self,
        config: Any,  # noqa: ANN401 - the strategy's own Config
        context: FitContext,
        name: str,
        ends: float | None = None,
        *,
        first: bool = False,
    ) -> _Run:
        """One training, which is over at `ends`, or at the deadline; notes tell what it took.

        Raises:
            _Anew: it is the `first`, and its pace tells that all must be shorter.
        """
        passed = [(time.monotonic(), 0)]

        def tell(what: str, done: int, of: int) -> None:
            if self.watch:
                self.watch(what, done, of)
            passed.append((time.monotonic(), done))
            sure = done == of or passed[-1][0] - passed[1][0] > SURE
            if first and self.length and sure and self.length.too_long(of, pace(passed)):
                raise _Anew

        named, ends = replace(self.candidate, id=name), self.deadline if ends is None else ends
        fitted, head, curve = trained(named, config, context, self.labels, deadline=ends, watch=tell)
        done, valid = time.monotonic(), cast(Features, context.valid)
        score = measure(fitted, valid, context)
        reading = (time.monotonic() - done) / max(1, len(valid.y))
        notes = {**head.notes, "seconds": done - passed[0][0], "reading": reading, "pace": pace(passed)}
        return score, fitted, replace(head, notes=notes), curve

    def short(self, share: float) -> list[_Run]:
        """Each setting for that share of its steps; shorter ones of a rival, where the time left is short.

        Raises:
            Slow: settings and long run would not be done in time.
        """
        context = replace(self.context, share=share, checkpoint=None)
        if self.length is None:
            return self._each(context)
        try:
            return self._each(context, first=True)
        except _Anew:
            return self._each(replace(context, share=self.length.part * share))

    def _each(self, context: FitContext, *, first: bool = False) -> list[_Run]:
        tried, many = list[_Run](), len(self.settings)
        for i, config in enumerate(self.settings):
            name = f"{self.candidate.id}: setting {i + 1} of {many}"
            tried.append(self.attempt(config, context, name, first=first and i == 0))
            if self.hopeless and i == 0 and not (self.length and self.length.cut):
                self.hopeless(tried[0][0])
            if context.share < 1 and not self.length:  # what is not long shares its costly part with the first setting
                took = [head.notes["seconds"] for _, _, head, _ in tried]
                best = took[_lowest([score for score, *_ in tried])]
                rest = max(took) * (many - 1 - i) + EARLY * best / context.share
                left = None if self.deadline is None else self.deadline - time.monotonic()
                in_time(rest, left, "its settings and all its steps")
        return tried


def _drop_behind(score: Score, leader: Validated, groups: IntArray | None, bar: float) -> None:
    """Raises `Behind` where short runs leave a candidate so many standard errors behind."""
    if (gap := behind(score.losses, leader.losses, groups)) >= bar:
        theirs = leader.losses[-len(score.losses) :].mean()
        raise Behind(
            f"dropped after its short runs: log-loss {score.log_loss:.3f} on validation, {gap:.1f} standard errors "
            f"behind {leader.trial.id} ({theirs:.3f})"
        )


def _as_whole(notes: Mapping[str, Any], share: float) -> dict[str, Any]:
    """Notes of a run of that share of its steps, with what the whole of it takes: all its steps, as none was best."""
    whole = {name: round(notes[name] / share) for name in ("steps", "seconds")}
    return {**notes, **whole, "step": whole["steps"], UNFINISHED: share}


def _crossed(
    candidate: Candidate,
    settings: Sequence[Any],
    context: FitContext,
    folds: IntArray,
    labels: tuple[str, ...],
    *,
    deadline: float | None,
    watch: Watch | None,
) -> list[Score]:
    """Each setting on all pictures of the folds, named by heads that had not learnt from them."""
    logits = strategy(candidate.strategy).logits
    both = join(context.train, cast(Features, context.valid))
    out: list[list[Outputs]] = [[] for _ in settings]
    for fold in range(FOLDS):
        held = folds == fold
        if not held.any():
            continue
        part = replace(context, train=rows(both, ~held), valid=None)
        new = rows(both, held).x  # once for all settings, which share what is made from it
        named = replace(candidate, id=f"{candidate.id}: fold {fold + 1} of {FOLDS}")
        for config, parts in zip(settings, out, strict=True):
            fitted, *_ = trained(named, config, part, labels, deadline=deadline, watch=watch)
            parts.append(logits(fitted, new, context.source, context.weights))
    seen = folds >= 0
    place = np.argsort(np.argsort(folds[seen], kind="stable"))  # of each row among those of fold 0, fold 1, …
    return [scored(np.concatenate(parts)[place], both.y[seen], context.kind) for parts in out]


def trained(
    candidate: Candidate,
    config: Any,  # noqa: ANN401 - the strategy's Config
    context: FitContext,
    labels: tuple[str, ...],
    *,
    deadline: float | None = None,
    watch: Watch | None = None,
) -> tuple[Fitted, Any, list[dict[str, float]]]:
    """One setting: the fitted head, what `run` returned, its curve. `context.checkpoint` is a folder."""
    context = replace(context, checkpoint=_pad(context.checkpoint, config, context.share))
    run = strategy(candidate.strategy).run(config, context)
    head, curve = drain(run, deadline, _tell(watch, candidate.id, context.kind))
    return _fitted(candidate, config, labels, head, context), head, curve


def refit(
    contender: Validated, context: FitContext, *, deadline: float | None = None, watch: Watch | None = None
) -> Fitted:
    """The chosen setting trained on training and validation pictures; the decoder stays as validated.

    Raises:
        BudgetError: the deadline passed, or would, before it was done.
    """
    way = strategy(contender.fitted.strategy)
    config = way.config(**contender.fitted.config)
    config = way.refit(config, contender.notes, contender.notes["n"], len(context.train.y))
    context = replace(context, checkpoint=_pad(context.checkpoint, config))
    tell = _tell(watch, f"{contender.trial.id}: all training pictures", context.kind)
    head, _ = drain(way.run(config, context), deadline, tell)
    return replace(contender.fitted, config=asdict(config), state=head.state, trained_params=head.trained_params)


def measure(fitted: Fitted, valid: Features, context: FitContext) -> Score:
    """How a head fitted to `context` does on validation data."""
    logits = strategy(fitted.strategy).logits(fitted, valid.x, context.source, context.weights)
    return scored(logits, valid.y, fitted.kind)


def scored(logits: Outputs, y: NDArray[Any], kind: str = "classification") -> Score:
    """Outputs [n …] for examples that were not learnt from, against what is true of them, see `Kind.targets`."""
    of = kind_of(kind)
    if not of.finite(logits):  # training diverged: never chosen
        return Score(np.zeros(len(y), bool), np.full(len(y), np.inf))
    decoder = of.fit_decoder(logits, y)
    return Score(of.gains(logits, y, decoder), of.compared(logits, y)[1], decoder)


def join(a: Features, b: Features) -> Features:
    """Training and validation rows together."""
    return Features(np.concatenate([a.x, b.x]), np.concatenate([a.y, b.y]), a.key)


def rows(features: Features, which: slice | NDArray[np.bool_]) -> Features:
    """Some of the rows, in their order."""
    return Features(features.x[which], features.y[which], features.key)


def _fitted(
    candidate: Candidate,
    config: Any,  # noqa: ANN401 - the strategy's own Config
    labels: tuple[str, ...],
    head: TrainResult,
    context: FitContext,
) -> Fitted:
    return Fitted(
        strategy=candidate.strategy,
        view=candidate.view,
        config=asdict(config),
        labels=labels,
        state=head.state,
        trained_params=head.trained_params,
        total_params=head.trained_params,
        kind=context.kind,
        modality=context.modality,
    )


def _check(score: Score) -> None:
    if not np.isfinite(score.log_loss):
        raise ArithmeticError("training diverged: no setting gave finite scores")


def _lowest(scores: Sequence[Score]) -> int:
    """Which setting has the lowest log-loss; the first at a tie."""
    return min(range(len(scores)), key=lambda i: (scores[i].log_loss, i))


def _pad(folder: Path | None, config: Any, share: float = 1.0) -> Path | None:  # noqa: ANN401 - a strategy's Config
    """Where a long run keeps its state, by setting and length: another must not go on from it."""
    named = digest(asdict(config)) if share == 1.0 else digest(asdict(config), share)
    return folder / f"loop-{named}.pt" if folder else None


def _tell(watch: Watch | None, what: str, kind: str) -> Callable[[Progress], None]:
    """Passes progress on; loss and score, where known, stand behind dots: "scratch · loss 0.412 · 91.0 % right"."""

    def tell(step: Progress) -> None:
        told(what, step)
        known = [f"loss {step.loss:.3f}"] if step.loss is not None else []
        known += [kind_of(kind).told(step.metric)] if step.metric is not None else []
        if watch:
            watch(" · ".join([what, *known]), step.step, step.steps)

    return tell
