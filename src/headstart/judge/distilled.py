"""Did the teacher help? Its student against the same student without it, and against the teacher, on the sealed test.

In: a task, the three models' scores. Out: values, intervals, paired differences. Nothing is chosen by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..family import load
from ..kind import kind_of, targets
from ..types import Example, Fitted, Task
from . import bootstrap, wording
from .contrasts import Compared, compared
from .verdict import members, scores_of, shown_as

TAUGHT, ALONE, TEACHER = "taught", "alone", "teacher"
Scores = Callable[[Sequence[Example]], Any]  # examples → [n k]


@dataclass(frozen=True)
class Distilled:
    """What was found on the sealed test, in the metric and margin of the teacher's run."""

    metric: str
    level: float
    margin: float
    n: int
    noun: str
    groups: int
    values: Mapping[str, float]  # of TAUGHT, ALONE, TEACHER
    intervals: Mapping[str, tuple[float, float]]
    help: Compared  # the taught student against the one alone
    loss: Compared  # the taught student against the teacher
    reads: int  # how often the test was opened for this; the teacher's run had opened it before


def unseen(task: Task, examples: Sequence[Example]) -> tuple[Example, ...]:
    """Of unlabelled examples those that the sealed test does not hold; it is opened for their names alone."""
    held = {example.digest for example in task.test.open()}
    return tuple(example for example in examples if example.digest not in held)


def judge(
    task: Task,
    sides: Mapping[str, tuple[Fitted, Scores]],
    *,
    metric: str,
    margin: float,
    level: float = 0.95,
    seed: int = 0,
) -> Distilled:
    """Open the sealed test and compare.

    Args:
        task: whose test it is.
        sides: TAUGHT, ALONE and TEACHER: the model, and what gives its scores.
        metric: one of the kind's `metrics`.
        margin: of practical equivalence.
        level: of all intervals.
        seed: of the bootstrap.
    """
    kind, measure, examples = kind_of(task.kind), load("judge/metric", metric), task.test.open()
    y, together = targets(task, examples), members(examples)
    sums, values, intervals = {}, {}, {}
    for name, (fitted, give) in sides.items():
        scores = scores_of(lambda _, some, give=give: give(some), fitted, examples)  # type: ignore[misc]
        sums[name] = measure.sums(kind.answers(scores, fitted.decoder)[None], y, len(task.labels))
        shown = shown_as(measure, fitted, sums[name], together, level)
        values[name], intervals[name] = shown.value, shown.interval

    def against(rival: str) -> Compared:
        a, b = sums[TAUGHT], sums[rival]
        seen = bootstrap.compare(measure, a, b, groups=together, seed=seed)
        return compared(measure, seen.observed, seen.interval(level), a, b, together, margin, level)

    groups = 0 if together is None else int(together.max()) + 1
    found = against(ALONE), against(TEACHER)
    return Distilled(
        metric, level, margin, len(examples), task.noun, groups, values, intervals, *found, task.test.reads
    )


def sentence(found: Distilled) -> str:
    """The verdict in a user's words.

    "The teacher helps: 91.2 % against 88.0 % of the same student alone (+3.2 points, 95 % interval +0.5 to +6.0, 153
    sealed test pictures)."
    """
    unit, seen = wording.units(found.metric), found.help
    begin = {"helps": "The teacher helps", "hurts": "The teacher hurts"}.get(
        seen.decision, "No evidence that the teacher helps"
    )
    low, high = (unit.change(x) for x in seen.interval)
    examples = wording.counted(found.n, f"sealed test {found.noun}", found.groups)
    own, alone = found.values[TAUGHT], found.values[ALONE]
    said = (
        f"{begin}: {unit.named(own)} against {unit.value(alone)} of the same student alone "
        f"({unit.change(seen.difference)}{unit.points}, {100 * found.level:g} % interval {low} to {high}, {examples})."
    )
    if seen.decision == "no_evidence" and seen.needed:
        said += f" About {wording.rounded(seen.needed)} {found.noun}s would be needed to tell."
    low, high = (unit.change(x) for x in found.loss.interval)
    return (
        f"{said} The teacher itself: {unit.value(found.values[TEACHER])} (its student "
        f"{unit.change(found.loss.difference)}{unit.points}, {low} to {high})."
    )
