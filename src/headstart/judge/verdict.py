"""The verdict: on the sealed test pictures, did reusing a pre-trained model beat starting fresh?

In: a task, the fitted finalists (each with one or more training seeds) and a function that gives their logits. Out: a
`Judgement`. No other place opens a fit's test split. It chooses nothing: which finalist stands for transfer and which
is the run's model were chosen on validation data before. Every rival is compared with the former, "always the same
answer" among them, and the hardest to beat decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from ..family import load
from ..plan._folds import groups
from ..types import Contrast, Decision, Example, Features, Fitted, Metrics, Rival, Task, Verdict, View, Work
from ..types import answers as answers_of
from . import bootstrap
from ._quantiles import Float64, shared
from .bootstrap import Ints, Metric, Sums
from .measured.multilabel import LabelMetrics
from .measured.regression import NumberMetrics
from .wording import caveats, explain, sentence, units

__all__ = ["Judgement", "decide", "judge", "metric_of", "sentence"]

Logits = Callable[[Fitted, Sequence[Example]], NDArray[np.floating]]
FLOOR = "constant"  # the strategy that looks at nothing


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
    """Open the test split once and compare the best transfer candidate with every rival on it.

    Args:
        task: whose test split is opened.
        finalists: trial id → the model fitted with one or more training seeds, the first being the one that ships. All
            whose strategy starts fresh are rivals.
        logits: gives `[n k]` class scores, before temperature scaling.
        transfer: id of the best transfer candidate on validation data.
        rival: id of the best one that starts fresh, on validation data.
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
    kind, measured, name = load("kind", task.kind), load("judge/measured", task.kind), metric_of(task, metric)
    measure, fitted = load("judge/metric", name), dict(finalists)
    examples = task.test.open()
    y, k, together = answers_of(examples), len(task.labels), members(examples)
    scores = {key: [scores_of(logits, f, examples) for f in seeds] for key, seeds in fitted.items()}
    rivals = [key for key, seeds in fitted.items() if key != transfer and not _strategy(seeds[0]).REUSES]
    floors = [key for key in rivals if getattr(_strategy(fitted[key][0]), "BASELINE", False)]
    floor = floors[0] if floors else FLOOR
    if not floors:
        fitted[floor], scores[floor] = (made := [_floor(task)]), [_strategy(made[0]).logits(made[0], examples)]
        rivals.append(floor)
    sides = {
        key: measure.sums(
            np.stack([kind.answers(s, f.temperature, f.threshold) for s, f in zip(given, fitted[key], strict=True)]),
            y,
            k,
        )
        for key, given in scores.items()
    }
    shown = {key: shown_as(measure, seeds[0], sides[key], together, level) for key, seeds in fitted.items()}
    contrasts = _Contrasts(measure, sides, together, level, seed)
    margin *= kind.unit(answers_of(task.train))
    trained = [key for key in rivals if key != floor]
    found, hardest = contrasts.against_all(transfer, rivals, trained, margin)
    learnt = contrasts.any_above(floor, [transfer, *trained])
    decision = found.decision if learnt else "no_evidence"
    many = 0 if together is None else int(together.max()) + 1
    own, metrics = fitted[winner][0], measured.metrics(scores[winner][0], y, task, fitted[winner][0], level, together)
    verdict = Verdict(
        decision=decision,
        metric=name,
        difference=found.difference,
        interval=found.interval,
        level=level,
        margin=margin,
        transfer=shown[transfer],
        rival=shown[hardest],
        n_test=len(examples),
        test_reads=task.test.reads,
        reason=explain(found.difference, found.interval, margin, level, found.needed, task.noun, name),
        needed=found.needed,
        noun=task.noun,
        caveats=caveats(task, examples, [fitted[transfer], fitted[hardest]], many, stochastic=stochastic)
        + tuple(measured.caveats(task, y, metrics, name))
        + _which(len(fitted[winner]), float(bootstrap.values(measure, sides[winner])[0]), shown[winner].value, name),
        against=tuple(contrasts.shown(transfer, key, shown[key]) for key in rivals),
        learnt=learnt,
        floor=shown[floor],
        groups=many,
        better=contrasts.better(winner, transfer, rival, margin) if learnt else "",
    )
    outputs = kind.decode(scores[winner][0], own.temperature)
    return Judgement(verdict, metrics, shown, examples, outputs, own.threshold)


class _Contrasts:
    """Comparisons of sides on the same examples; each pair is resampled once."""

    def __init__(
        self, measure: Metric, sides: Mapping[str, Sums], together: Ints | None, level: float, seed: int
    ) -> None:
        self.measure, self.sides, self.together, self.level, self.seed = measure, sides, together, level, seed
        self._known: dict[tuple[str, str], bootstrap.Resampled] = {}

    def of(self, a: str, b: str) -> bootstrap.Resampled:
        """How much better `a` is than `b`."""
        if (a, b) not in self._known:
            one, other = self.sides[a], self.sides[b]
            self._known[a, b] = bootstrap.compare(self.measure, one, other, groups=self.together, seed=self.seed)
        return self._known[a, b]

    def shown(self, transfer: str, rival: str, as_: Rival) -> Contrast:
        """The difference to one rival with its own interval."""
        found = self.of(transfer, rival)
        return Contrast(as_, found.observed, found.interval(self.level))

    def against_all(
        self, transfer: str, rivals: Sequence[str], trained: Sequence[str], margin: float
    ) -> tuple[Compared, str]:
        """The difference to the best of all rivals, whichever that is in truth, and the one that it is here.

        The interval's lower end is the lowest of those to each rival: that transfer beats them all is claimed only
        where each comparison claims it, an intersection-union test, for which each may use the full level (Berger
        1982, Multiparameter Hypothesis Testing and Acceptance Sampling). The upper end is the lowest too, of intervals
        at the level that the number of trained rivals asks for (Bonferroni): that reuse hurts is claimed where any one
        rival beats it, and of several one would by luck.
        """
        hardest = min(rivals, key=lambda key: self.of(transfer, key).observed)
        low = min(self.of(transfer, key).interval(self.level)[0] for key in rivals)
        each = shared(self.level, len(trained))
        high = min(self.of(transfer, key).interval(each)[1] for key in trained or rivals)
        found = compared(
            self.measure, self.of(transfer, hardest).observed, (low, high), self.sides[transfer], self.sides[hardest],
            self.together, margin, self.level,
        )  # fmt: skip
        return found, hardest

    def any_above(self, floor: str, models: Sequence[str]) -> bool:
        """Whether any of these is clearly better than always the same answer; of many one would be by luck."""
        each = shared(self.level, len(models))
        return any(self.of(key, floor).interval(each)[0] > 0 for key in models)

    def better(self, winner: str, transfer: str, rival: str, margin: float) -> str:
        """Whose model is clearly better here than the one handed out: "transfer", "rival", or of neither."""
        low, high = self.of(transfer, winner if winner != transfer else rival).interval(self.level)
        if winner == transfer:
            return "rival" if high < -margin else ""
        return "transfer" if low > margin else ""


def compared(
    measure: Metric,
    difference: float,
    interval: tuple[float, float],
    a: Sums,
    b: Sums,
    together: Ints | None,
    margin: float,
    level: float,
) -> Compared:
    """What a difference of two sides and its interval say; where nothing, how many examples would."""
    decision = decide(difference, interval, margin)
    number = bootstrap.needed(measure, a, b, margin, level, groups=together) if decision == "no_evidence" else None
    return Compared(decision, difference, interval, margin, number)


def members(examples: Sequence[Example]) -> Ints | None:
    """A number for each example's group `[n]`, 0 …; None where each stands alone, or all are of one group."""
    found = groups(examples)
    return found if 0 < found.max(initial=0) < len(found) - 1 else None


def _floor(task: Task) -> Fitted:
    """The best answer that looks at nothing, by the task's training labels."""
    strategy, y = load("transfer", FLOOR), answers_of(task.train)
    work = Work(Features(np.zeros((len(y), 1), np.float32), y, ""), len(task.labels), View(None), kind=task.kind)
    steps = strategy.run(strategy.Config(), work)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return Fitted(
                FLOOR, View(None), {}, task.labels, end.value.state, end.value.trained_params, 0, kind=task.kind
            )


def _strategy(fitted: Fitted) -> Any:  # noqa: ANN401 - a module
    return load("transfer", fitted.strategy)


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


def shown_as(measure: Metric, fitted: Fitted, side: Sums, together: Ints | None, level: float) -> Rival:
    """A model with its value, mean over training seeds, and the interval around it."""
    value = float(bootstrap.values(measure, side).mean())
    interval = bootstrap.single(measure, side, groups=together, level=level)
    return Rival(fitted.strategy, value, interval, fitted.view.source)
