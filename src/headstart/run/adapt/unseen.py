"""Several labelled domains, and a model for one that nobody has seen: each is left out in turn to choose by.

read all → look at them through the sources of a run on the first (and, of texts, as TF-IDF) → every method of
`align/unseen/` on every representation, each domain left out once → the best supported → fit on all → save.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...align import wanted
from ...align.unseen import Domains, Method, methods
from ...align.unseen._choose import Choice, Judged, judge_by_leaving_out
from ...errors import DataError, UsageError
from ...extract.feature_store import FeatureStore
from ...kind import kind_of, targets
from ...modality import noun
from ...plan._folds import units
from ...read import read
from ...runtime import Clock, one_blas_thread, write_json
from ...schema import SCHEMA
from ...types import Decoder, Example, Task
from .. import learnt
from ..job import Watch
from ..saved import ADAPTED, BEFORE
from .rows import Representation
from .steps import Asked, save
from .views import representations, sources_of

PLAIN = "erm"


def carry_out(asked: Asked, watch: Watch) -> dict[str, Any]:
    """Do it; returns `adapt.json`, which lies in `asked.out` with the model.

    Raises:
        UsageError: one domain alone, labels that are no classes, no such method.
        DataError: domains of other modalities, or that share no class.
    """
    clock, tried = Clock(), ways(asked.methods)
    with one_blas_thread():
        with clock("read"):
            task, domain = _together(asked, watch)
        sources, weights = sources_of(asked.run)
        store = FeatureStore(sources, modality=task.modality, engine=asked.engine, weights=weights, watch=watch)
        with clock("embed"):
            shown_by = representations(asked.run, task, (task.train, task.train[:1], task.train[:1]), store)
        with clock("align"):
            found, group = [], units(task.train)
            for number, at in enumerate(shown_by):
                watch(f"leaving out each domain: {at.name}", number, len(shown_by))
                rows = Domains(at.train, targets(task, task.train), domain, len(task.labels), at.fit, asked.seed, group)
                found.append((at, rows, judge_by_leaving_out(rows, tried, [Path(d).name for d in asked.data])))
        at, rows, choice = max(found, key=lambda one: one[2].expected.value)
        with clock("save"):
            way = tried[choice.chosen]
            save(asked, task, at, way.fit(rows), _decoder(task, rows, way), sources, weights)
    learnt.note(asked.out, task)
    write_json(asked.out / BEFORE, dict(asked.run.record))
    record = _record(asked, task, [(one[0], one[2]) for one in found], at, choice, clock)
    write_json(asked.out / ADAPTED, record)
    return record


def ways(names: Sequence[str]) -> dict[str, Method]:
    """The methods that are tried; plain ERM always is.

    Raises:
        UsageError: there is no such method.
    """
    return wanted(methods(), names, PLAIN, "method for an unseen domain")


def _together(asked: Asked, watch: Watch) -> tuple[Task, np.ndarray[Any, Any]]:
    """All labelled examples as the training part of one task, by the names of all classes; and whose each is [n].

    Given groups keep their names: near-duplicates join none.
    """
    how = (
        replace(asked.read, duplicates="keep") if asked.read.group and asked.read.duplicates == "group" else asked.read
    )
    tasks = [read(d, how, seed=asked.seed, progress=lambda done, of: watch("read", done, of)) for d in asked.data]
    first = tasks[0]
    for where, task in zip(asked.data, tasks, strict=True):
        if not kind_of(task.kind).exclusive:
            raise UsageError(f"{where} does {task.kind}; several domains are taken of classification alone.")
        if task.modality != first.modality:
            raise DataError(
                f"{asked.data[0]} holds {noun(first.modality)}s and {where} {noun(task.modality)}s. Give domains of "
                "one kind."
            )
    labels = tuple(dict.fromkeys(label for task in tasks for label in task.labels))
    seen: dict[str, tuple[int, Example]] = {}
    for number, task in enumerate(tasks):
        for e in (*task.train, *task.valid):
            seen.setdefault(e.digest, (number, replace(e, answer=labels.index(task.labels[e.answer]))))
    domain = np.array([number for number, _ in seen.values()])
    return replace(first, labels=labels, train=tuple(e for _, e in seen.values()), valid=()), domain


def _decoder(task: Task, rows: Domains, way: Method) -> Decoder:
    """The calibration of each domain's answers by a head that had not learnt from it."""
    scores, truth = [], []
    for left in range(len(rows.parts)):
        others, x, y = rows.without(left)
        scores.append(way.fit(others)(x))
        truth.append(y)
    return kind_of(task.kind).fit_decoder(np.concatenate(scores), np.concatenate(truth))


def _hopeful(representations: int) -> list[str]:
    """What makes the figure look better than it is."""
    taken = f"the best of {representations} representations was taken by the same domains, and " * (representations > 1)
    return [f"The figure is a little hopeful: {taken}the head's penalty, and of words the vocabulary, saw all domains."]


def _status(one: Judged, chosen: bool) -> str:
    if chosen:
        return "chosen"
    return "lost" if one.accuracies else "failed"


def _record(
    asked: Asked,
    task: Task,
    found: Sequence[tuple[Representation, Choice]],
    at: Representation,
    choice: Choice,
    clock: Clock,
) -> dict[str, Any]:
    names, what = [Path(d).name for d in asked.data], noun(task.modality)
    known = methods()
    rows: list[Mapping[str, Any]] = [
        {
            "method": one.method,
            "title": known[one.method].title,
            "paper": known[one.method].paper,
            "representation": by.name,
            "evidence": {**dict(zip(names, one.accuracies, strict=False)), "mean": one.mean, "worst": one.worst}
            if one.accuracies
            else {},
            "status": _status(one, by is at and one.method == choice.chosen),
            "reason": one.reason,
            "estimate": {},
            "seconds": 0.0,
            "notes": {},
        }
        for by, said in found
        for one in said.judged
    ]
    value, (low, high) = choice.expected.value, choice.expected.interval
    title = known[choice.chosen].title
    return {
        "schema_version": SCHEMA,
        "run": str(asked.out),
        "sentence": f"For an unseen domain: {title} on {at.name}, {100 * value:.0f} % right on a domain left out "
        f"({100 * low:.0f} to {100 * high:.0f} %, {len(names)} domains, {len(task.train)} {what}s). {choice.reason}",
        "command": asked.command,
        "seed": asked.seed,
        "source": {
            "run": str(asked.run.path), "name": " + ".join(names), "n": {"train": len(task.train)}, "kept": None,
        },
        "target": {"data": "a domain that nobody has seen", "n": 0, "unlike": [], "shown": []},
        "modality": task.modality,
        "labels": list(task.labels),
        "chosen": {"method": choice.chosen, "representation": at.name},
        "untouched": {"method": PLAIN, "representation": at.name},
        "candidates": rows,
        "estimate": {
            "metric": "accuracy", "value": value, "interval": [low, high], "parts": {"left out": value}, "needed": 0,
        },
        "verdict": None,
        "warnings": [*choice.notes, choice.expected.note, *_hopeful(len(found))],
        "spend": {**clock.spend, "total": clock.total()},
    }  # fmt: skip
