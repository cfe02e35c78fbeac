"""The verdict: on the sealed test pictures, did reusing a pre-trained model beat starting fresh?

In: a task, the fitted finalists (each with one or more training seeds) and a function that gives their logits. Out: a
`Judgement`. This is the only place that opens the test split. It chooses nothing: which finalist stands for transfer,
which for the rivals and which is the run's model were all chosen on validation data before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, UsageError
from ..kind import classification as kind
from ..types import Example, Fitted, Metrics, Rival, Task, Verdict
from .calibration import ece, reliability
from .interval import PSEUDO, Float64, pair_gaps, paired, quantile, results, seed_variance, single
from .wording import caveats, explain, percent, sentence

__all__ = ["Judgement", "decide", "judge", "needed", "sentence"]

Logits = Callable[[Fitted, Sequence[Example]], NDArray[np.floating]]


@dataclass(frozen=True)
class Judgement:
    """All that was learnt from one opening of the test split."""

    verdict: Verdict
    metrics: Metrics  # of the winner, its first seed
    shown: Mapping[str, Rival]  # by trial id: every finalist's accuracy, mean over its seeds, with its interval
    examples: tuple[Example, ...]  # the test pictures, n of them
    probabilities: Float64  # [n k] of the winner's first seed, after temperature scaling


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


def needed(
    candidate: ArrayLike, rival: ArrayLike, margin: float = 0.01, level: float = 0.95, power: float = 0.8
) -> int | None:
    """How many test examples would tell a difference like the observed one from the margin.

    Normal approximation for paired proportions (Connor 1987), with the margin taken off the difference: n = (z_level +
    z_power)² var(gap) / (|difference| − margin)². The gaps' variance is that of the sample as `paired` sees it, three
    quarters of an example won by each side added; the part that training seeds cause does not shrink with n and is
    taken off the right-hand side.

    Args:
        candidate: `[n]` or `[seeds n]`, results between 0 and 1.
        rival: the same for the other side.
        margin: of practical equivalence.
        level: of the interval.
        power: chance that the interval clears the margin.

    Returns:
        A number of examples, or None where no number would do: the observed difference is within the margin, or the
        training seeds alone vary more than that.

    >>> needed([1] * 30 + [0] * 10, [1] * 28 + [0] * 12)
    403
    >>> needed([1, 1, 0, 0], [1, 0, 1, 0]) is None
    True
    """
    a, b = results(candidate), results(rival)
    gaps = pair_gaps(a, b)
    if not 0 < power < 1:
        raise UsageError(f"A power of {power} was given; it must lie between 0 and 1. Pass 0.8 for 80 %.")
    z = quantile(level) + NormalDist().inv_cdf(power)
    beyond = abs(float(gaps.mean())) - margin
    by_seeds = seed_variance(a) / len(a) + seed_variance(b) / len(b)
    room = (beyond / z) ** 2 - by_seeds
    if beyond <= 0 or room <= 0:
        return None
    n = len(gaps) + 2 * PSEUDO
    variance = float((gaps**2).sum() + 2 * PSEUDO) / n - float(gaps.sum() / n) ** 2
    return ceil(variance / room)


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
) -> Judgement:
    """Open the test split once and compare the best transfer candidate with the best rival on it.

    Args:
        task: whose test split is opened.
        finalists: trial id → the model fitted with one or more training seeds, the first being the one that ships.
        logits: gives `[n k]` class scores, before temperature scaling.
        transfer: id of the best transfer candidate on validation data.
        rival: id of the best one that starts fresh.
        winner: id of the run's model.
        margin: of practical equivalence.
        level: of all intervals.
        seed: of the bootstrap.
        stochastic: strategies whose result depends on the training seed; one seed of these earns a caveat.

    Raises:
        UsageError: an id without a fitted model, or logits of the wrong shape.
        DataError: the test split is empty.
    """
    _check(task, finalists, (transfer, rival, winner))
    examples = task.test.open()
    y = np.array([e.label for e in examples])
    scores = {key: [_scores(logits, f, examples) for f in seeds] for key, seeds in finalists.items()}
    right = {key: np.stack([s.argmax(axis=1) == y for s in seeds]) for key, seeds in scores.items()}
    shown = {key: _rival(seeds[0], right[key], level) for key, seeds in finalists.items()}
    metrics = _measure(scores[winner][0], y, task.labels, finalists[winner][0].temperature, level)
    a, b = right[transfer], right[rival]
    difference = float(a.mean() - b.mean())
    low, high = paired(a, b, level=level, seed=seed)
    interval = (min(low, difference), max(high, difference))
    decision = decide(difference, interval, margin)
    number = needed(a, b, margin, level) if decision == "no_evidence" else None
    verdict = Verdict(
        decision=decision,
        metric="accuracy",
        difference=difference,
        interval=interval,
        level=level,
        margin=margin,
        transfer=shown[transfer],
        rival=shown[rival],
        n_test=len(examples),
        test_reads=task.test.reads,
        reason=explain(difference, interval, margin, level, number, task.noun),
        needed=number,
        noun=task.noun,
        caveats=caveats(task, y, metrics.accuracy, [finalists[transfer], finalists[rival]], stochastic=stochastic)
        + _which(len(finalists[winner]), metrics.accuracy, shown[winner].value),
    )
    probabilities = kind.softmax(scores[winner][0], finalists[winner][0].temperature)
    return Judgement(verdict, metrics, shown, examples, probabilities)


def _which(trainings: int, first: float, mean: float) -> tuple[str, ...]:
    """Why the run's model and the verdict do not show the same number, where it was trained more than once."""
    if trainings == 1:
        return ()
    return (
        f"The model of this run is the first of {trainings} trainings ({percent(first)}); "
        f"the verdict compares their mean ({percent(mean)}).",
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


def _scores(logits: Logits, fitted: Fitted, examples: Sequence[Example]) -> Float64:
    given = np.asarray(logits(fitted, examples), dtype=np.float64)
    if given.shape != (len(examples), len(fitted.labels)) or not np.isfinite(given).all():
        raise UsageError(
            f"Strategy '{fitted.strategy}' gave logits of shape {given.shape}; finite values of shape "
            f"({len(examples)}, {len(fitted.labels)}) are needed. Return one row an example, one column a class."
        )
    return given


def _measure(scores: Float64, y: NDArray[np.int64], labels: Sequence[str], t: float, level: float) -> Metrics:
    p, guess = kind.softmax(scores, t), scores.argmax(axis=1)
    return Metrics(
        accuracy=kind.accuracy(guess, y),
        macro_f1=kind.macro_f1(guess, y, len(labels)),
        log_loss=kind.log_loss(p, y),
        ece=ece(p, y),
        ece_before=ece(kind.softmax(scores), y),
        temperature=t,
        accuracy_interval=single(guess == y, level),
        per_class=kind.per_class(guess, y, labels),
        confusion=tuple(tuple(int(c) for c in row) for row in kind.confusion(guess, y, len(labels))),
        reliability=reliability(p, y),
    )


def _rival(fitted: Fitted, right: NDArray[np.bool_], level: float) -> Rival:
    return Rival(fitted.strategy, float(right.mean()), single(right, level), fitted.view.source)
