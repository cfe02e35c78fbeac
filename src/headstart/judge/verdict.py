"""The verdict: on the sealed test pictures, did reusing a pre-trained model beat starting fresh?

In: a task, the fitted finalists (each with one or more training seeds) and a function that gives their logits. Out: a
`Judgement`. No other place opens a fit's test split. It chooses nothing: which finalist stands for transfer and which
is the run's model were chosen on validation data before. Every rival is compared with the former, "always the same
answer" among them, and the hardest to beat decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from ..family import load
from ..kind import kind_of, targets
from ..plan._folds import groups
from ..strategy import finished, strategy
from ..types import Decoder, Example, Features, FitContext, Fitted, Rival, Task, Verdict, View
from . import bootstrap
from ._quantiles import Float64
from .bootstrap import Ints, Metric, Sums
from .contrasts import Contrasts
from .wording import caveats, explain, units

Logits = Callable[[Fitted, Sequence[Example]], NDArray[np.floating]]
FLOOR = "constant"  # the strategy that looks at nothing


@dataclass(frozen=True)
class Judgement:
    """All that was learnt from one opening of the test split."""

    verdict: Verdict
    metrics: object  # a dataclass of the kind's file in judge/measured, of the winner's first seed
    shown: Mapping[
        str, Rival
    ]  # by trial id: every finalist in the verdict's metric, mean over seeds, with its interval
    examples: tuple[Example, ...]  # the test pictures, n of them
    probabilities: (
        Float64  # [n k] of the winner's first seed: probabilities after temperature scaling, or numbers [n 1]
    )
    right: NDArray[np.bool_]  # [n] which examples it answers wholly right
    decoder: Decoder = field(default_factory=dict)  # of the winner's first seed


def judge(
    task: Task,
    finalists: Mapping[str, Sequence[Fitted]],
    logits: Logits,
    *,
    transfer: str,
    rival: str,
    winner: str,
    margin: float = 0.01,
    level: float = 0.95,
    seed: int = 0,
    stochastic: Collection[str] = ("scratch",),
    metric: str | None = None,
) -> Judgement:
    """Open the test split once and compare the best transfer candidate with every rival on it.

    Args:
        task: whose test split is opened.
        finalists: trial id → the model fitted with one or more training seeds, the first being the one that ships. All
            whose strategy starts fresh are rivals.
        logits: gives `[n k]` class scores, before decoding.
        transfer: id of the best transfer candidate on validation data.
        rival: id of the best one that starts fresh, on validation data.
        winner: id of the run's model.
        margin: of practical equivalence, in units of the metric; of numbers, a part of the training ones' deviation.
        level: of all intervals.
        seed: of the bootstrap.
        stochastic: strategies whose result depends on the training seed; one seed of these earns a caveat.
        metric: one of the kind's `metrics`; the one that suits the training labels when not given.

    Raises:
        UsageError: an id without a fitted model, or logits of the wrong shape.
        DataError: the test split is empty.
    """
    _check(task, finalists, (transfer, rival, winner))
    kind, measured, name = kind_of(task.kind), load("judge/measured", task.kind), metric_of(task, metric)
    measure, examples = load("judge/metric", name), task.test.open()
    y, together = targets(task, examples), members(examples)
    fitted, scores, floor = _with_floor(task, finalists, logits, examples)
    sides = {
        key: measure.sums(
            np.stack([_answers(s, f) for s, f in zip(scores[key], seeds, strict=True)]), y, len(task.labels)
        )
        for key, seeds in fitted.items()
    }
    shown = {key: shown_as(measure, seeds[0], sides[key], together, level) for key, seeds in fitted.items()}
    contrasts = Contrasts(measure, sides, together, level, seed)
    rivals = [key for key, seeds in fitted.items() if key != transfer and not strategy(seeds[0].strategy).reuses]
    trained = [key for key in rivals if key != floor]
    margin *= kind.unit(targets(task, task.train))
    found, hardest = contrasts.against_all(transfer, rivals, trained, margin)
    learnt = contrasts.any_above(floor, [transfer, *trained])
    groups = 0 if together is None else int(together.max()) + 1
    own = fitted[winner][0]
    metrics = measured.metrics(scores[winner][0], y, task, own, level, together)
    why = explain(found.difference, found.interval, margin, level, found.needed, task.noun, name)
    verdict = Verdict(
        decision=found.decision if learnt else "no_evidence",
        metric=name,
        difference=found.difference,
        interval=found.interval,
        level=level,
        margin=margin,
        transfer=shown[transfer],
        rival=shown[hardest],
        n_test=len(examples),
        test_reads=task.test.reads,
        reason=why if learnt else "No model's interval lies above what always the same answer reaches.",
        needed=found.needed if learnt else None,
        noun=task.noun,
        caveats=caveats(task, examples, [fitted[transfer], fitted[hardest]], groups, stochastic=stochastic)
        + tuple(measured.caveats(task, y, metrics, name))
        + (_no_better(shown[winner], shown[floor], name) if learnt else ())
        + _which(len(fitted[winner]), float(bootstrap.values(measure, sides[winner])[0]), shown[winner].value, name),
        against=tuple(contrasts.shown(transfer, key, shown[key]) for key in rivals),
        learnt=learnt,
        floor=shown[floor],
        groups=groups,
        better=contrasts.better(winner, transfer, rival, margin) if learnt else "",
    )
    outputs = kind.decode(scores[winner][0], own.decoder)
    right = kind.gains(scores[winner][0], y, own.decoder) == 1
    return Judgement(verdict, metrics, shown, examples, outputs, right, own.decoder)


def _with_floor(
    task: Task, finalists: Mapping[str, Sequence[Fitted]], logits: Logits, examples: Sequence[Example]
) -> tuple[dict[str, Sequence[Fitted]], dict[str, list[Float64]], str]:
    """All models and their scores, by id, and which of them always gives the same answer; made where none does."""
    fitted = dict(finalists)
    scores = {key: [scores_of(logits, f, examples) for f in seeds] for key, seeds in fitted.items()}
    for key, seeds in fitted.items():
        if strategy(seeds[0].strategy).baseline:
            return fitted, scores, key
    made = _floor(task)
    blind = np.zeros((len(examples), 0), np.float32)  # it looks at nothing
    fitted[FLOOR], scores[FLOOR] = [made], [np.asarray(strategy(FLOOR).logits(made, blind), np.float64)]
    return fitted, scores, FLOOR


def _answers(scores: Float64, fitted: Fitted) -> NDArray[Any]:
    return kind_of(fitted.kind).answers(scores, fitted.decoder)


def members(examples: Sequence[Example]) -> Ints | None:
    """A number for each example's group `[n]`, 0 …; None where each stands alone, or all are of one group."""
    found = groups(examples)
    return found if 0 < found.max(initial=0) < len(found) - 1 else None


def _floor(task: Task) -> Fitted:
    """The best answer that looks at nothing, by the task's training labels."""
    way, y = strategy(FLOOR), targets(task, task.train)
    work = FitContext(Features(np.zeros((len(y), 1), np.float32), y, ""), len(task.labels), View(None), kind=task.kind)
    made = finished(way.run(way.config(), work))
    fitted = Fitted(FLOOR, View(None), {}, task.labels, made.state, made.trained_params, 0)
    return replace(fitted, kind=task.kind, modality=task.modality)


def metric_of(task: Task, asked: str | None = None) -> str:
    """What the verdict on a task is in: as asked for, else what suits its kind and training labels.

    Raises:
        UsageError: the kind cannot be judged by what was asked for.
    """
    kind = kind_of(task.kind)
    if asked not in (None, *kind.metrics):
        raise UsageError(
            f"A verdict on {task.kind} cannot be in '{asked}'; allowed: {', '.join(kind.metrics)}. Name one of these."
        )
    return asked or str(kind.metric(targets(task, task.train)))


def _no_better(model: Rival, floor: Rival, metric: str) -> tuple[str, ...]:
    """That the run's model is not above the answer that looks at nothing, though another one is."""
    unit = units(metric)
    if unit.better * (model.value - floor.value) > 0:
        return ()
    return (
        f"The model of this run ({unit.named(model.value)}) is no better than always the same answer "
        f"({unit.value(floor.value)}).",
    )


def _which(trainings: int, first: float, mean: float, metric: str) -> tuple[str, ...]:
    """Why the run's model and the verdict do not show the same number, where it was trained more than once."""
    if trainings == 1:
        return ()
    return (
        f"The model of this run is the first of {trainings} trainings ({units(metric).named(first)}); "
        f"the verdict compares their mean ({units(metric).value(mean)}).",
    )


def _check(task: Task, finalists: Mapping[str, Sequence[Fitted]], wanted: Sequence[str]) -> None:
    missing = sorted({key for key in wanted if not finalists.get(key)})
    fitted = [key for key, seeds in finalists.items() if seeds]
    if missing:
        raise UsageError(
            f"No fitted model for {', '.join(missing)}; there are models for {', '.join(sorted(fitted)) or 'none'}. "
            "Fit the best transfer candidate, the best rival and the winner before judging."
        )
    if len(task.test) == 0:
        raise DataError(
            f"{task.name} has an empty test split; a verdict needs test {task.noun}s. Give test/ some {task.noun}s, or "
            "leave the splitting to headstart."
        )


def scores_of(logits: Logits, fitted: Fitted, examples: Sequence[Example]) -> Float64:
    """What a model gives for examples, [n …], checked by its kind."""
    k = len(fitted.labels)
    return kind_of(fitted.kind).check(logits(fitted, examples), len(examples), k, fitted.strategy)


def shown_as(measure: Metric, fitted: Fitted, side: Sums, together: Ints | None, level: float) -> Rival:
    """A model with its value, mean over training seeds, and the interval around it."""
    value = float(bootstrap.values(measure, side).mean())
    interval = bootstrap.single(measure, side, groups=together, level=level)
    return Rival(fitted.strategy, value, interval, fitted.view.source)
