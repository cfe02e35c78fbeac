"""The verdict: on the sealed test pictures, did reusing a pre-trained model beat starting fresh?

In: a task, the fitted finalists (each with one or more training seeds) and a function that gives their logits. Out: a
`Judgement`. No other place opens a fit's test split. It chooses nothing: which finalist stands for transfer,
which for the rivals and which is the run's model were all chosen on validation data before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from ..family import load
from ..types import Decision, Example, Fitted, Metrics, Rival, Task, Verdict
from ..types import answers as answers_of
from .interval import Float64, needed
from .measured.multilabel import LabelMetrics
from .measured.regression import NumberMetrics
from .wording import caveats, explain, sentence, units

__all__ = ["Judgement", "decide", "judge", "metric_of", "needed", "sentence"]

Logits = Callable[[Fitted, Sequence[Example]], NDArray[np.floating]]


@dataclass(frozen=True)
class Compared:
    """Is the first of two sides better on the same examples? `helps` says better, `hurts` worse."""

    decision: Decision
    difference: float  # above 0: the first is better
    interval: tuple[float, float]
    margin: float
    needed: int | None  # examples that would be needed to tell, when these are too few


@dataclass(frozen=True)
class Judgement:
    """All that was learnt from one opening of the test split."""

    verdict: Verdict
    metrics: Metrics | NumberMetrics | LabelMetrics  # of the winner, its first seed
    shown: Mapping[
        str, Rival
    ]  # by trial id: every finalist in the verdict's metric, mean over seeds, with its interval
    examples: tuple[Example, ...]  # the test pictures, n of them
    probabilities: (
        Float64  # [n k] of the winner's first seed: probabilities after temperature scaling, or numbers [n 1]
    )
    threshold: float = 0.5  # of these, from which on a label is given where an example may have several


def decide(difference: float, interval: tuple[float, float], margin: float = 0.01) -> str:
    """Hold an interval against the region of practical equivalence, ±margin (Kruschke 2018).

    Args:
        difference: observed, transfer − rival.
        interval: (low, high) around it, in the same units.
        margin: differences smaller than this are of no practical weight.

    Returns:
        `"helps"` if the whole interval lies above +margin, `"hurts"` if wholly below −margin, else `"no_evidence"`.

    Raises:
        UsageError: a negative margin, or an interval that does not hold the difference.

    >>> decide(0.236, (0.163, 0.307)), decide(0.02, (0.005, 0.04)), decide(-0.1, (-0.15, -0.05))
    ('helps', 'no_evidence', 'hurts')
    """
    low, high = interval
    if margin < 0 or not low <= difference <= high:
        raise UsageError(
            f"Difference {difference:g}, interval {low:g} to {high:g} and margin {margin:g} were given; the interval "
            "must hold the difference and the margin be 0 or more. Take all three from the same comparison."
        )
    if low > margin:
        return "helps"
    return "hurts" if high < -margin else "no_evidence"


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
    """Open the test split once and compare the best transfer candidate with the best rival on it.

    Args:
        task: whose test split is opened.
        finalists: trial id → the model fitted with one or more training seeds, the first being the one that ships.
        logits: gives `[n k]` class scores, before temperature scaling.
        transfer: id of the best transfer candidate on validation data.
        rival: id of the best one that starts fresh.
        winner: id of the run's model.
        margin: of practical equivalence, in units of the metric; of numbers, a part of the training ones' deviation.
        level: of all intervals.
        seed: of the bootstrap.
        stochastic: strategies whose result depends on the training seed; one seed of these earns a caveat.
        metric: one of the kind's `METRICS`; the one that suits the training labels when not given.

    Raises:
        UsageError: an id without a fitted model, or logits of the wrong shape.
        DataError: the test split is empty.
    """
    _check(task, finalists, (transfer, rival, winner))
    kind, measured = load("kind", task.kind), load("judge/measured", task.kind)
    name = metric_of(task, metric)
    measure = load("judge/metric", name)
    examples = task.test.open()
    y, k = answers_of(examples), len(task.labels)
    scores = {key: [scores_of(logits, f, examples) for f in seeds] for key, seeds in finalists.items()}
    answers = {
        key: np.stack([kind.answers(s, f.temperature, f.threshold) for s, f in zip(seeds, finalists[key], strict=True)])
        for key, seeds in scores.items()
    }
    shown = {key: _rival(measure, seeds[0], answers[key], y, k, level) for key, seeds in finalists.items()}
    own = finalists[winner][0]
    metrics = measured.metrics(scores[winner][0], y, task, own, level)
    a, b = answers[transfer], answers[rival]
    margin *= kind.unit(answers_of(task.train))
    found = compared(measure, a, b, y, k, margin, level, seed)
    first = float(measure.values(answers[winner][:1], y, k)[0])
    verdict = Verdict(
        decision=found.decision,
        metric=name,
        difference=found.difference,
        interval=found.interval,
        level=level,
        margin=margin,
        transfer=shown[transfer],
        rival=shown[rival],
        n_test=len(examples),
        test_reads=task.test.reads,
        reason=explain(found.difference, found.interval, margin, level, found.needed, task.noun, name),
        needed=found.needed,
        noun=task.noun,
        caveats=caveats(task, y, [finalists[transfer], finalists[rival]], stochastic=stochastic)
        + tuple(measured.caveats(task, y, metrics, name))
        + _which(len(finalists[winner]), first, shown[winner].value, name),
    )
    outputs = kind.decode(scores[winner][0], own.temperature)
    return Judgement(verdict, metrics, shown, examples, outputs, own.threshold)


def compared(
    measure: Any,  # noqa: ANN401 - a module of judge/metric
    a: NDArray[Any],
    b: NDArray[Any],
    y: NDArray[Any],
    k: int,
    margin: float,
    level: float,
    seed: int,
) -> Compared:
    """Answers of two sides, each with its seeds, on the same examples with labels `y`, in the metric `measure`."""
    difference = float(measure.BETTER * (measure.values(a, y, k).mean() - measure.values(b, y, k).mean()))
    low, high = measure.paired(a, b, y, k, level=level, seed=seed)
    interval = (min(low, difference), max(high, difference))
    decision = decide(difference, interval, margin)
    number = measure.needed(a, b, y, k, margin, level) if decision == "no_evidence" else None
    return Compared(decision, difference, interval, margin, number)


def metric_of(task: Task, asked: str | None = None) -> str:
    """What the verdict on a task is in: as asked for, else what suits its kind and training labels.

    Raises:
        UsageError: the kind cannot be judged by what was asked for.
    """
    kind = load("kind", task.kind)
    if asked not in (None, *kind.METRICS):
        raise UsageError(
            f"A verdict on {task.kind} cannot be in '{asked}'; allowed: {', '.join(kind.METRICS)}. Name one of these."
        )
    return asked or str(kind.metric(answers_of(task.train)))


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
    """Class scores [n k] of a model, checked."""
    given = np.asarray(logits(fitted, examples), dtype=np.float64)
    if given.shape != (len(examples), len(fitted.labels)) or not np.isfinite(given).all():
        raise UsageError(
            f"Strategy '{fitted.strategy}' gave logits of shape {given.shape}; finite values of shape "
            f"({len(examples)}, {len(fitted.labels)}) are needed. Return one row an example, one column a class."
        )
    return given


def _rival(
    measure: Any,  # noqa: ANN401 - a module
    fitted: Fitted,
    answers: NDArray[Any],
    y: NDArray[Any],
    k: int,
    level: float,
) -> Rival:
    value = float(measure.values(answers, y, k).mean())
    return Rival(fitted.strategy, value, measure.single(answers, y, k, level=level), fitted.view.source)
