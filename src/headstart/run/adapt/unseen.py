"""Several labelled domains, and a model for one that nobody has seen: each is left out in turn to choose by.

read all → look at them through the sources of a run on the first (and, of texts, as TF-IDF) → every method of
`align/unseen/` on every representation, each domain left out once → the best supported → fit on all → save.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...align import Head
from ...align.unseen import Domains, Method, methods
from ...align.unseen._choose import Choice, judge_by_leaving_out
from ...errors import DataError, UnknownName, UsageError
from ...extract.feature_store import FeatureStore
from ...kind import kind_of
from ...modality import noun
from ...read import ReadOptions, read
from ...runtime import Clock, one_blas_thread, write_json
from ...schema import SCHEMA
from ...score._axes import signed_root
from ...types import Example, Fitted, Task, View
from .. import learnt, particulars
from ..job import Watch
from ..saved import ADAPTED, BEFORE, MODEL, Saved
from .rows import Representation, dense
from .steps import answers, share_of, sourceless, sources_of

PLAIN = "erm"


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    run: Saved  # fitted on the first domain: tells the sources
    domains: tuple[str, ...]  # labelled data, two or more
    out: Path
    seed: int
    methods: tuple[str, ...]
    engine: str
    read: ReadOptions
    command: str


def carry_out(asked: Asked, watch: Watch) -> dict[str, Any]:
    """Do it; returns `adapt.json`, which lies in `asked.out` with the model.

    Raises:
        UsageError: one domain alone, labels that are no classes, no such method.
        DataError: domains of other modalities, or that share no class.
    """
    from ...extract._extractor import pick_engine

    clock, tried = Clock(), ways(asked.methods)
    with one_blas_thread():
        with clock("read"):
            task, domain = _together(asked, watch)
        sources, weights = sources_of(asked.run)
        store = FeatureStore(sources, modality=task.modality, engine=asked.engine, weights=weights, watch=watch)
        with clock("embed"):
            shown_by = _representations(asked.run, task, store)
        with clock("align"):
            found = []
            for number, at in enumerate(shown_by):
                watch(f"leaving out each domain: {at.name}", number, len(shown_by))
                rows = Domains(at.train, answers(task.train), domain, len(task.labels), at.fit, asked.seed)
                found.append((at, rows, judge_by_leaving_out(rows, tried, [Path(d).name for d in asked.domains])))
        at, rows, choice = max(found, key=lambda one: one[2].expected.value)
        with clock("save"):
            engine = particulars.of(task.modality).engine(pick_engine(asked.engine)) if at.view.source else ""
            _save(asked, task, at, rows, tried[choice.chosen], engine)
    learnt.note(asked.out, task)
    write_json(asked.out / BEFORE, dict(asked.run.record))
    record = _record(asked, task, [(one[0], one[2]) for one in found], at, choice, clock)
    write_json(asked.out / ADAPTED, record)
    return record


def ways(wanted: Sequence[str]) -> dict[str, Method]:
    """The methods that are tried; plain ERM always is.

    Raises:
        UsageError: there is no such method.
    """
    known = methods()
    for name in wanted:
        if name not in known:
            raise UnknownName("method for an unseen domain", name, list(known))
    return {name: way for name, way in known.items() if not wanted or name in (PLAIN, *wanted)}


def _together(asked: Asked, watch: Watch) -> tuple[Task, np.ndarray[Any, Any]]:
    """All labelled examples as the training part of one task, by the names of all classes; and whose each is [n]."""
    tasks = [
        read(d, asked.read, seed=asked.seed, progress=lambda done, of: watch("read", done, of)) for d in asked.domains
    ]
    first = tasks[0]
    for where, task in zip(asked.domains, tasks, strict=True):
        if not kind_of(task.kind).exclusive:
            raise UsageError(f"{where} does {task.kind}; several domains are taken of classification alone.")
        if task.modality != first.modality:
            raise DataError(
                f"{asked.domains[0]} holds {noun(first.modality)}s and {where} {noun(task.modality)}s. Give domains of "
                "one kind."
            )
    labels = tuple(dict.fromkeys(label for task in tasks for label in task.labels))
    seen: dict[str, tuple[int, Example]] = {}
    for number, task in enumerate(tasks):
        for e in (*task.train, *task.valid):
            seen.setdefault(e.digest, (number, replace(e, answer=labels.index(task.labels[e.answer]))))
    domain = np.array([number for number, _ in seen.values()])
    return replace(first, labels=labels, train=tuple(e for _, e in seen.values()), valid=()), domain


def _representations(run: Saved, task: Task, store: FeatureStore) -> list[Representation]:
    found, k = [], len(task.labels)
    for key in store.sources:
        view = View(key, "top")
        x = signed_root(store.extract(task.train, [view])[0].x)
        store.leave(key)
        found.append(dense(key, view, (x, x[:1], x[:1]), answers(task.train), k, share_of(run, key)))
    return [*found, *sourceless(run, task, store, (task.train, task.train[:1], task.train[:1]))]


def _head(way: Method, rows: Domains) -> Head:
    steps = way.run(way.config(), rows)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            head: Head = end.value
            return head


def _save(asked: Asked, task: Task, at: Representation, rows: Domains, way: Method, engine: str) -> None:
    """The method's head on all domains, calibrated on each domain by a head that had not learnt from it."""
    from ...ship import store

    kind, model = kind_of(task.kind), asked.run.model
    scores, truth = [], []
    for left in range(len(asked.domains)):
        others, x, y = rows.without(left)
        scores.append(_head(way, others)(x))
        truth.append(y)
    decoder = kind.fit_decoder(np.concatenate(scores), np.concatenate(truth))
    head = _head(way, rows)
    state = {name: np.ascontiguousarray(x) for name, x in at.state(head).items()}
    sources, weights = sources_of(asked.run)
    source = sources[at.view.source] if at.view.source else None
    many = sum(x.size for x in state.values() if x.dtype == np.float32)
    whole = many + (source.params if source else 0)
    view = replace(at.view, engine=engine)
    fitted = Fitted(
        head.strategy, view, dict(at.config), task.labels, state, many, whole, task.kind, decoder, task.modality
    )
    file = weights[source.key] if source else None
    store.save(asked.out / MODEL, fitted, source, file, model.columns, pixels=model.pixels)


def _record(
    asked: Asked,
    task: Task,
    found: Sequence[tuple[Representation, Choice]],
    at: Representation,
    choice: Choice,
    clock: Clock,
) -> dict[str, Any]:
    names, what = [Path(d).name for d in asked.domains], noun(task.modality)
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
            "status": "chosen"
            if (by is at and one.method == choice.chosen)
            else "lost"
            if one.accuracies
            else "failed",
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
        "warnings": [*choice.notes, choice.expected.note],
        "spend": {**clock.spend, "total": clock.total()},
    }  # fmt: skip
