"""The search: every candidate, rival or not, compares the same number of settings on validation data.

`candidates` lists strategy × source; `contend` runs one candidate and returns a `Contender`; `prefer` chooses among
contenders; `refit` trains the chosen setting on training and validation data together. Knows no strategy by name and
never sees a test picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError, UsageError
from ..family import load, names
from ..kind.classification import accuracy, per_picture_loss, softmax, temperature
from ..runtime import digest
from ..types import Facts, Features, Fitted, Progress, Trial, View, to_dict
from . import keep

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Candidate:
    """A strategy on a view."""

    id: str
    strategy: str
    reuses: bool
    view: View
    prior: int = 0  # its strategy's `PRIOR`: what is preferred when validation cannot tell, lower first


@dataclass(frozen=True)
class Contender:
    """A finished candidate: its trial, the model fitted on training data alone, and notes for a refit."""

    trial: Trial
    fitted: Fitted
    notes: Mapping[str, Any]
    losses: NDArray[np.float64]  # [n] log-loss of each validation picture
    prior: int = 0


@dataclass(frozen=True)
class Score:
    """How a fitted head did on validation data, after temperature scaling."""

    accuracy: float
    losses: NDArray[np.float64]  # [n] log-loss of each picture
    temperature: float

    @property
    def log_loss(self) -> float:
        """Their mean."""
        return float(self.losses.mean())


def candidates(sources: Sequence[str], wanted: Sequence[str], facts: Facts) -> list[Candidate]:
    """Strategy × source, transfer first. `wanted` narrows the camp (transfer, rivals) its members belong to.

    Raises:
        UnknownName: a wanted strategy does not exist.
    """
    modules = {name: load("transfer", name) for name in dict.fromkeys([*names("transfer"), *wanted])}
    out = []
    for camp in (True, False):
        members = [name for name, module in modules.items() if module.REUSES is camp]
        for name in [m for m in members if m in wanted] or members:
            for view in modules[name].views(sources):
                if hasattr(modules[name], "fit_view"):
                    view = modules[name].fit_view(view, facts)
                id_ = f"{name}-{view.source}" if view.source else name
                out.append(Candidate(id_, name, camp, view, modules[name].PRIOR))
    return sorted(out, key=lambda c: (not c.reuses, modules[c.strategy].STOCHASTIC))  # cheap ones first


def contend(
    candidate: Candidate,
    train: Features,
    valid: Features,
    labels: tuple[str, ...],
    facts: Facts,
    *,
    seed: int,
    deadline: float | None = None,
    scratchpad: Path | None = None,
    watch: Watch | None = None,
) -> Contender:
    """Compare the strategy's settings, then run the best one in full.

    Raises:
        BudgetError: `deadline` (as of `time.monotonic()`) passed before the candidate was done.
    """
    strategy, start, k = load("transfer", candidate.strategy), time.perf_counter(), len(labels)
    settings = strategy.settings(facts)
    tried = []
    for at, config in enumerate(settings):
        report = _tell(watch, f"{candidate.id}: setting {at + 1} of {len(settings)}")
        work = strategy.run(train, config, k, seed=seed, valid=valid, share=strategy.RUNG)
        head, curve = _drain(work, deadline, report)
        tried.append((_score(strategy, head.state, config, valid), at, head, curve))
    score, at, head, curve = min(tried, key=lambda t: (t[0].log_loss, t[1]))
    if not np.isfinite(score.log_loss):
        raise ArithmeticError("training diverged under every setting")
    if strategy.RUNG < 1:
        work = strategy.run(train, settings[at], k, seed=seed, valid=valid, scratchpad=_pad(scratchpad, settings[at]))
        head, curve = _drain(work, deadline, _tell(watch, candidate.id))
        score = _score(strategy, head.state, settings[at], valid)
    trial = Trial(
        id=candidate.id,
        strategy=candidate.strategy,
        source=candidate.view.source,
        reuses=candidate.reuses,
        config=asdict(settings[at]),
        tried=len(settings),
        status="finished",
        reason="",
        accuracy=score.accuracy,
        log_loss=score.log_loss,
        seconds=time.perf_counter() - start,
        curve=tuple(curve) if len(curve) > 1 else (),
        seed=seed,
    )
    fitted = Fitted(
        strategy=candidate.strategy,
        view=candidate.view,
        config=asdict(settings[at]),
        labels=labels,
        state=head.state,
        trained_params=head.trained_params,
        total_params=head.trained_params,
        temperature=score.temperature,
    )
    return Contender(trial, fitted, {**head.notes, "n": len(train.y)}, score.losses, candidate.prior)


def refit(
    contender: Contender, both: Features, *, seed: int, scratchpad: Path | None = None, watch: Watch | None = None
) -> Fitted:
    """The chosen setting trained on training and validation pictures; the temperature stays the validated one."""
    strategy = load("transfer", contender.fitted.strategy)
    config = strategy.Config(**contender.fitted.config)
    if hasattr(strategy, "refit"):
        config = strategy.refit(config, contender.notes, contender.notes["n"], len(both.y))
    pad = _pad(scratchpad, config)
    work = strategy.run(both, config, len(contender.fitted.labels), seed=seed, scratchpad=pad)
    head, _ = _drain(work, None, _tell(watch, f"{contender.trial.id}: all training pictures"))
    return replace(contender.fitted, config=asdict(config), state=head.state, trained_params=head.trained_params)


def prefer(camp: Sequence[Contender]) -> Contender:
    """The one to go on with: of those that validation cannot tell from the best, the one that the prior prefers.

    "Cannot tell": its mean log-loss lies within one standard error of the lowest (the error of the paired difference,
    Breiman's rule). With few validation pictures the lowest itself is mostly luck.

    Raises:
        UsageError: there is none.
    """
    if not camp:
        raise UsageError("No candidate finished, so none can be chosen. Give more --budget, or look at journal.jsonl.")
    best = min(camp, key=lambda c: (c.trial.log_loss, c.trial.id))

    def close(other: Contender) -> bool:
        gap = other.losses - best.losses
        return bool(gap.mean() <= gap.std(ddof=1) / len(gap) ** 0.5) if len(gap) > 1 else other is best

    return min((c for c in camp if close(c)), key=lambda c: (c.prior, c.trial.log_loss, c.trial.id))


def crown(transfer: Contender, rival: Contender) -> Contender:
    """The run's model: the more accurate of the two on validation, at a tie the one of lower log-loss."""
    return max(transfer, rival, key=lambda c: (c.trial.accuracy, -c.trial.log_loss))


def explain(trial: Trial, winner: Trial, n_valid: int) -> Trial:
    """The trial with the reason why it won or lost; `winner` is the best of its camp, or the run's."""
    if trial.status != "finished" or trial.reason:
        return trial
    numbers = f"{trial.accuracy:.1%} right, log-loss {trial.log_loss:.3f} on {n_valid} validation pictures"
    if trial.id == winner.id:
        return replace(trial, reason=f"chosen: {numbers}")
    against = f"{winner.accuracy:.1%}, log-loss {winner.log_loss:.3f}"
    if trial.reuses == winner.reuses and trial.log_loss <= winner.log_loss:
        return replace(
            trial, reason=f"not clearly better than {winner.id} ({against}), which is preferred at a tie: {numbers}"
        )
    return replace(trial, reason=f"lost to {winner.id} ({against}): {numbers}")


def join(a: Features, b: Features) -> Features:
    """Training and validation rows together."""
    return Features(np.concatenate([a.x, b.x]), np.concatenate([a.y, b.y]), a.key)


def _score(strategy: ModuleType, state: Mapping[str, Any], config: Any, valid: Features) -> Score:  # noqa: ANN401
    scores = strategy.logits(state, asdict(config), valid.x)
    if not np.isfinite(scores).all():  # training diverged: never chosen
        return Score(0.0, np.full(len(valid.y), np.inf), 1.0)
    t = temperature(scores, valid.y)
    probabilities = softmax(scores, t)
    losses = per_picture_loss(probabilities, valid.y)
    return Score(accuracy(probabilities.argmax(1), valid.y), losses, t)


def _pad(folder: Path | None, config: Any) -> Path | None:  # noqa: ANN401 - a strategy's Config
    """Where a long run keeps its state, by setting: another setting must not go on from it."""
    return folder / f"loop-{digest(asdict(config))}.pt" if folder else None


def _drain(
    work: Generator[Progress, None, Any], deadline: float | None, tell: Callable[[Progress], None]
) -> tuple[Any, list[dict[str, float]]]:
    """Run a strategy to its end; returns its head and its curve."""
    curve: list[dict[str, float]] = []
    while True:
        if deadline is not None and time.monotonic() > deadline:
            work.close()
            raise BudgetError("The time budget ended. Give more with --budget, e.g. --budget 10m.")
        try:
            step = next(work)
        except StopIteration as stop:
            return stop.value, curve
        tell(step)
        curve.append({k: v for k, v in asdict(step).items() if v is not None and k != "steps"})


def _tell(watch: Watch | None, what: str) -> Callable[[Progress], None]:
    return lambda step: watch(what, step.step, step.steps) if watch else None


def remember(folder: Path, contender: Contender) -> None:
    """Keep a finished candidate, so that a killed run need not do it again."""
    extra = {"trial": to_dict(contender.trial), "notes": dict(contender.notes), "losses": contender.losses.tolist()}
    keep.save(folder, contender.fitted, extra | {"prior": contender.prior})


def recall(folder: Path) -> Contender | None:
    """A candidate finished by an earlier attempt."""
    kept = keep.found(folder)
    if kept is None:
        return None
    fitted, extra = kept
    trial = {**extra["trial"], "curve": tuple(extra["trial"]["curve"])}
    return Contender(Trial(**trial), fitted, extra["notes"], np.array(extra["losses"]), extra["prior"])
