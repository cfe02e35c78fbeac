"""A finished run on labelled examples it has not learnt from, alone or against another run on the very same ones.

In: a task of `read/_unseen.py`, one fitted model or two, a function that gives their logits. Out: an `Evaluation`. The
examples are opened once. Metric, margin and the paired comparison are those of a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..family import load
from ..types import Example, Fitted, SetAside, Task, answers, to_dict
from . import wording
from .interval import Float64
from .measured.classification import listed
from .verdict import Compared, Logits, compared, scores_of


@dataclass(frozen=True)
class Judged:
    """How one run did."""

    name: str
    value: float  # of the metric
    interval: tuple[float, float]
    metrics: Mapping[str, Any]  # what `judge/measured` says of such a task, classes by name included
    outputs: Float64  # [n k] probabilities, or numbers [n 1]
    threshold: float = 0.5  # of several labels, the probability from which on one is given

    def judged(self, kind: str, y: NDArray[Any], labels: Sequence[str]) -> dict[str, Any]:
        """Columns: truth, answer, probabilities."""
        found: dict[str, Any] = load("kind", kind).judged(self.outputs, y, labels, self.threshold)
        return found


@dataclass(frozen=True)
class Evaluation:
    """What was found out about a run, and of another one on the same examples, if one was given."""

    sentence: str
    data: str
    metric: str
    level: float  # of all intervals
    n: int
    noun: str  # what one example is called
    run: Judged
    against: Judged | None
    comparison: Compared | None
    part: str  # what part of the data was judged, if not all
    set_aside: tuple[SetAside, ...]
    warnings: tuple[str, ...]
    caveats: tuple[str, ...]
    examples: tuple[Example, ...]
    kind: str
    modality: str
    labels: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """All but the single examples, ready for JSON."""
        whole = ("sentence", "data", "metric", "level", "n", "noun", "kind", "modality", "part")
        lists = {"warnings": list(self.warnings), "caveats": list(self.caveats)}
        return {
            **{name: getattr(self, name) for name in whole},
            "run": _shown(self.run),
            "against": _shown(self.against) if self.against else None,
            "comparison": to_dict(self.comparison) if self.comparison else None,
            "set_aside": [to_dict(s) for s in self.set_aside],
            **lists,
        }

    def predictions(self) -> dict[str, list[Any]]:
        """Column → values [n]: the example, its truth, what was predicted, probabilities; the other run's answer."""
        y = answers(self.examples)
        shown = [e.path if e.text is None else e.text for e in self.examples]
        columns = {self.modality: shown, **self.run.judged(self.kind, y, self.labels)}
        if self.against:
            columns["against"] = self.against.judged(self.kind, y, self.labels)["predicted"]
        return {name: list(values) for name, values in columns.items()}


def evaluate(
    task: Task,
    models: Sequence[tuple[str, Fitted]],
    logits: Logits,
    *,
    metric: str,
    margin: float,
    level: float = 0.95,
    seed: int = 0,
    caveats: Sequence[str] = (),
) -> Evaluation:
    """Open the examples and judge one model, or two on the same ones.

    Args:
        task: whose sealed test is opened; its other splits may be empty.
        models: (name, model) of the run and, if there is one, of the other run; they know the same labels.
        logits: gives `[n k]` class scores, before temperature scaling.
        metric: one of the kind's `METRICS`.
        margin: of practical equivalence, in units of the metric.
        level: of all intervals.
        seed: of the bootstrap.
        caveats: what a careful reader should know beside what is found here.
    """
    kind, measured, measure = load("kind", task.kind), load("judge/measured", task.kind), load("judge/metric", metric)
    examples = task.test.open()
    y, k = answers(examples), len(task.labels)
    sides, given = [], []
    for name, fitted in models:
        scores = scores_of(logits, fitted, examples)
        given.append(kind.answers(scores, fitted.temperature, fitted.threshold)[None])
        value, interval = float(measure.values(given[-1], y, k).mean()), measure.single(given[-1], y, k, level=level)
        found = measured.plain(scores, y, task.labels, fitted)
        outputs = kind.decode(scores, fitted.temperature)
        sides.append(Judged(name, value, interval, found, outputs, fitted.threshold))
    comparison = None
    if len(sides) > 1:
        comparison = compared(measure, given[0], given[1], y, k, margin, level, seed)
    run, against = sides[0], sides[1] if comparison else None
    return Evaluation(
        sentence=_sentence(task, metric, level, run, against, comparison),
        data=task.name,
        metric=metric,
        level=level,
        n=len(examples),
        noun=task.noun,
        run=run,
        against=against,
        comparison=comparison,
        part=task.split_rule,
        set_aside=task.set_aside,
        warnings=task.warnings,
        caveats=(*_few(task, run, metric), *caveats),
        examples=examples,
        kind=task.kind,
        modality=task.modality,
        labels=task.labels,
    )


def _sentence(
    task: Task, metric: str, level: float, run: Judged, against: Judged | None, found: Compared | None
) -> str:
    examples = f"{len(task.test):,} {task.noun}{'s' if len(task.test) > 1 else ''}"
    if against is None or found is None:
        return wording.alone(run.name, run.value, run.interval, level, examples, metric)
    names, values = (run.name, against.name), (run.value, against.value)
    said = wording.compared(names, values, found.decision, found.difference, found.interval, level, examples, metric)
    if found.decision == "no_evidence":
        if -found.margin <= found.interval[0] and found.interval[1] <= found.margin:
            said += f" The two are equivalent, within ±{wording.units(metric).size(found.margin)}."
        elif found.needed:
            said += f" About {wording.rounded(found.needed)} {task.noun}s would be needed to tell."
    return said


def _few(task: Task, run: Judged, metric: str) -> list[str]:
    """What is due to few examples, or none of a class."""
    n, out = len(task.test), []
    if n < wording.FEW:
        out.append(f"Only {n} {task.noun}s: the intervals are wide, and only a large difference can show.")
    missing = [row["label"] for row in run.metrics.get("per_class", ()) if not row["n"]]
    if missing:
        counts = "; in macro-F1 such a class counts 0" if metric == "macro_f1" else ""
        out.append(f"There is no {task.noun} of {listed(missing)}{counts}.")
    return out


def _shown(side: Judged) -> dict[str, Any]:
    return {"run": side.name, "value": side.value, "interval": list(side.interval), "metrics": dict(side.metrics)}
