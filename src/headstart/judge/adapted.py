"""Whether adapting helped: the chosen model against the untouched one, on labelled target examples; what it forgot.

In: an `Evaluation` of the target's labelled examples, which nobody else saw; what a rival that learnt from some of
these says of the others; for forgetting, two models and the task that they learnt from, whose sealed test is opened
once more. Nothing is chosen by any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..family import load
from ..kind import kind_of, targets
from ..types import Example, IntArray, Task, to_dict
from . import bootstrap, wording
from .contrasts import compared
from .interval import paired
from .verdict import members

if TYPE_CHECKING:
    from .unseen import Evaluation

Answers = Callable[[Sequence[Example]], Any]  # examples → scores [n k]


def kept(task: Task, after: Answers, before: Answers, level: float = 0.95) -> Mapping[str, Any]:
    """Accuracy on the source's own sealed test before adapting and after, and the paired interval of the change."""
    kind, examples = kind_of(task.kind), task.test.open()
    y = targets(task, examples)
    right = [kind.answers(give(examples)) == y for give in (before, after)]
    low, high = paired(right[1], right[0], level=level, groups=members(examples))
    return {
        "n": len(y),
        "before": float(right[0].mean()),
        "after": float(right[1].mean()),
        "change": float(right[1].mean() - right[0].mean()),
        "interval": [float(low), float(high)],
    }


def verdict(found: Evaluation, alone: str = "Not adapted", what: str = "Adapting") -> tuple[Mapping[str, Any], str]:
    """As JSON, and in a sentence.

    Args:
        found: on labelled target examples.
        alone: what the sentence begins with where nothing stands beside: the untouched model was handed out.
        what: was changed.
    """
    value, n, unit = found.run.value, found.n, wording.units(found.metric)
    of = f"{wording.counted(n, found.noun, found.groups)} with labels"
    common = {
        "metric": found.metric,
        "n": n,
        "level": found.level,
        "value": value,
        "interval": list(found.run.interval),
    }
    seen = found.comparison
    if seen is None or found.against is None:
        low, high = (unit.value(x) for x in found.run.interval)
        said = f"{alone}: {unit.named(value)} ({100 * found.level:g} % interval {low} to {high}, {of})."
        return {**common, "decision": "untouched", "untouched": value, "difference": 0.0}, said
    low, high = (unit.change(x) for x in seen.interval)
    word = {"helps": "helps", "hurts": "hurts"}.get(seen.decision)
    begin = f"{what} {word}" if word else f"No evidence that {what[0].lower()}{what[1:]} helps"
    said = (
        f"{begin}: {unit.named(value)} against {unit.named(found.against.value)} of the untouched model "
        f"({unit.change(seen.difference)}{unit.points}, {100 * found.level:g} % interval {low} to {high}, {of})."
    )
    told = {
        "decision": seen.decision,
        "untouched": found.against.value,
        "untouched_interval": list(found.against.interval),
        "difference": seen.difference,
        "difference_interval": list(seen.interval),
        "comparison": to_dict(seen),
    }
    return {**common, **told}, said


def beside_labels(
    found: Evaluation, rest: IntArray, answers: IntArray, taught: int, margin: float
) -> Mapping[str, Any]:
    """The chosen model against one that learnt from labels of the target, as JSON; `sentence` is for people.

    Args:
        found: on all labelled target examples.
        rest: numbers of those that the rival did not learn from; it is compared on these alone [r].
        answers: its classes [r].
        taught: how many it learnt from.
        margin: of practical equivalence.
    """
    measure, level, k = load("judge/metric", found.metric), found.level, len(found.labels)
    examples = [found.examples[i] for i in rest]
    y, together = np.array([e.answer for e in examples], np.int64), members(examples)
    mine, theirs = (measure.sums(x[None], y, k) for x in (found.run.outputs[rest].argmax(1), answers))
    value, rival = (float(bootstrap.values(measure, side)[0]) for side in (mine, theirs))
    drawn = bootstrap.compare(measure, mine, theirs, groups=together)
    seen = compared(measure, drawn.observed, drawn.interval(level), mine, theirs, together, margin, level)
    groups = 0 if together is None else int(together.max()) + 1
    said = wording.compared(
        ("The model handed out", f"one trained on {taught:,} labels of the target"),
        (value, rival),
        seen.decision,
        seen.difference,
        seen.interval,
        level,
        f"the other {wording.counted(len(y), found.noun, groups)}",
        found.metric,
    )
    told = {"labels": taught, "n": len(y), "metric": found.metric, "value": value, "target_trained": rival}
    return {**told, **to_dict(seen), "interval": list(seen.interval), "sentence": said}
