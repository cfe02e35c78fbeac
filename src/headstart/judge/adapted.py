"""Whether adapting helped: the chosen model against the untouched one, on labelled target examples; what it forgot.

In: an `Evaluation` of the target's labelled examples, which nobody else saw; for forgetting, two models and the task
that they learnt from, whose sealed test is opened once more. Nothing is chosen by either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..kind import kind_of, targets
from ..types import Example, Task, to_dict
from . import wording
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
    told = {"decision": seen.decision, "untouched": found.against.value, "difference": seen.difference}
    return {**common, **told, "difference_interval": list(seen.interval), "comparison": to_dict(seen)}, said
