"""A finished run on labelled examples it has not learnt from, alone or against another run on the very same ones.

In: a task of `read/_unseen.py`, one fitted model or two, a function that gives their logits. Out: an `Evaluation`. The
examples are opened once. Metric, margin and the paired comparison are those of a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..family import load
from ..kind import kind_of, targets
from ..schema import SCHEMA
from ..types import Decoder, Example, Fitted, SetAside, Task, to_dict
from . import bootstrap, wording
from ._quantiles import Float64, apart
from .contrasts import Compared, compared
from .measured.classification import listed
from .verdict import Logits, members, scores_of, shown_as


@dataclass(frozen=True)
class Judged:
    """How one run did."""

    name: str
    value: float  # of the metric
    interval: tuple[float, float]
    metrics: Mapping[str, Any]  # what `judge/measured` says of such a task, classes by name included
    outputs: Float64  # [n k] probabilities, or numbers [n 1]
    decoder: Decoder = field(default_factory=dict)  # of the model

    def judged(self, kind: str, y: NDArray[Any], labels: Sequence[str]) -> dict[str, Any]:
        """Columns: truth, answer, probabilities."""
        return kind_of(kind).judged(self.outputs, y, labels, self.decoder)


@dataclass(frozen=True)
class Own:
    """How the same run did on its own sealed test, in the same metric."""

    value: float
    interval: tuple[float, float]
    n: int
    ece: float | None = None  # expected calibration error, where there are probabilities


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
    groups: int = 0  # of the examples, where some belong together
    own: Own | None = None  # the run's own test
    drop: tuple[float, float, float] | None = None  # how much better it did there, and the interval around it

    def record(self) -> dict[str, Any]:
        """All but the single examples, ready for JSON."""
        whole = ("sentence", "data", "metric", "level", "n", "noun", "kind", "modality", "part", "groups", "drop")
        lists = {"warnings": list(self.warnings), "caveats": list(self.caveats)}
        return {
            "schema_version": SCHEMA,
            **{name: getattr(self, name) for name in whole},
            "run": _shown(self.run),
            "against": _shown(self.against) if self.against else None,
            "own": to_dict(self.own) if self.own else None,
            "comparison": to_dict(self.comparison) if self.comparison else None,
            "set_aside": [to_dict(s) for s in self.set_aside],
            **lists,
        }

    def predictions(self) -> dict[str, list[Any]]:
        """Column → values [n]: the example, its truth, what was predicted, probabilities; the other run's answer."""
        y = kind_of(self.kind).targets([e.answer for e in self.examples], len(self.labels))
        shown = [e.path if e.content is None else e.content for e in self.examples]
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
    own: Own | None = None,
) -> Evaluation:
    """Open the examples and judge one model, or two on the same ones.

    Args:
        task: whose sealed test is opened; its other splits may be empty.
        models: (name, model) of the run and, if there is one, of the other run; they know the same labels.
        logits: gives `[n k]` class scores, before decoding.
        metric: one of the kind's `metrics`.
        margin: of practical equivalence, in units of the metric.
        level: of all intervals.
        seed: of the bootstrap.
        caveats: what a careful reader should know beside what is found here.
        own: how the run did on its own sealed test, to stand beside.
    """
    kind, measured, measure = kind_of(task.kind), load("judge/measured", task.kind), load("judge/metric", metric)
    examples = task.test.open()
    y, k, together = targets(task, examples), len(task.labels), members(examples)
    sides, given = [], []
    for name, fitted in models:
        scores = scores_of(logits, fitted, examples)
        given.append(measure.sums(kind.answers(scores, fitted.decoder)[None], y, k))
        shown = shown_as(measure, fitted, given[-1], together, level)
        found = measured.plain(scores, y, task.labels, fitted, level, together)
        outputs = kind.decode(scores, fitted.decoder)
        sides.append(Judged(name, shown.value, shown.interval, found, outputs, fitted.decoder))
    comparison = None
    if len(sides) > 1:
        seen = bootstrap.compare(measure, given[0], given[1], groups=together, seed=seed)
        comparison = compared(measure, seen.observed, seen.interval(level), given[0], given[1], together, margin, level)
    run, against = sides[0], sides[1] if comparison else None
    many = 0 if together is None else int(together.max()) + 1
    drop = None if own is None else _drop(measure.BETTER, own, run)
    return Evaluation(
        sentence=_sentence(task, metric, level, run, against, comparison, many)
        + _beside(task, metric, level, own, drop),
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
        caveats=(*wording.few(task.noun, examples, many), *_missing(task, run, metric), *caveats),
        examples=examples,
        kind=task.kind,
        modality=task.modality,
        labels=task.labels,
        groups=many,
        own=own,
        drop=drop,
    )


def _drop(better: int, own: Own, run: Judged) -> tuple[float, float, float]:
    """How much better the run did on its own test than here, and the interval: the examples are not the same."""
    low, high = sorted(better * end for end in apart((own.value, *own.interval), (run.value, *run.interval)))
    return better * (own.value - run.value), low, high


def _beside(task: Task, metric: str, level: float, own: Own | None, drop: tuple[float, float, float] | None) -> str:
    """The run's own test, in words."""
    if own is None or drop is None:
        return ""
    unit = wording.units(metric)
    change, low, high = (unit.change(-x) for x in (drop[0], drop[2], drop[1]))
    what = unit.points if unit.part else " (below 0: worse)"
    return (
        f" On its own sealed test it had {unit.named(own.value)} ({wording.counted(own.n, task.noun)}): {change}{what} "
        f"here, {100 * level:g} % interval {low} to {high}."
    )


def _sentence(
    task: Task,
    metric: str,
    level: float,
    run: Judged,
    against: Judged | None,
    found: Compared | None,
    groups: int,
) -> str:
    examples = wording.counted(len(task.test), task.noun, groups)
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


def _missing(task: Task, run: Judged, metric: str) -> list[str]:
    """Classes that none of the examples has."""
    missing = [row["label"] for row in run.metrics.get("per_class", ()) if not row["n"]]
    counts = "; in macro-F1 only those that occur count" if metric == "macro_f1" else ""
    return [f"There is no {task.noun} of {listed(missing, len(missing))}{counts}."] if missing else []


def _shown(side: Judged) -> dict[str, Any]:
    return {"run": side.name, "value": side.value, "interval": list(side.interval), "metrics": dict(side.metrics)}
