"""What a distillation leaves in its folder beside the model: `distil.json`, and the record of the run that taught."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from ...judge.distilled import ALONE, TAUGHT, TEACHER, sentence
from ...kind._words import percent
from ...modality import noun
from ...runtime import write_json
from ...schema import SCHEMA
from ...strategy import strategy
from ...types import Fitted, Source, to_dict
from ..learnt import FILE as SEEN
from ..saved import BEFORE, DISTILLED
from .steps import Asked, Distillation, Tried


def publish(asked: Asked, made: Distillation) -> dict[str, Any]:
    """Write all; `distil.json` comes last."""
    shutil.copyfile(asked.run.path / SEEN, asked.out / SEEN)
    write_json(asked.out / BEFORE, dict(asked.run.record))
    record = _record(asked, made)
    write_json(asked.out / DISTILLED, record)
    return record


def _record(asked: Asked, made: Distillation) -> dict[str, Any]:
    found, task = made.found, made.task
    values = {name: {"value": v, "interval": list(found.intervals[name])} for name, v in found.values.items()}
    return {
        "schema_version": SCHEMA,
        "run": str(asked.out),
        "sentence": _sentence(made),
        "command": asked.command,
        "seed": asked.seed,
        "data": task.name,
        "modality": task.modality,
        "labels": list(task.labels),
        "n": {**task.n, "unlabelled": made.n_more},
        "teacher": {"run": str(asked.run.path), **_model(made.teacher.fitted, made.teacher.source)},
        "student": _model(made.fitted, made.student),
        "candidates": [_candidate(tried, made) for tried in made.tried],
        "verdict": {
            "metric": found.metric,
            "level": found.level,
            "margin": found.margin,
            "n_test": found.n,
            "test_reads": found.reads,
            **{name: values[name] for name in (TAUGHT, ALONE, TEACHER)},
            "help": to_dict(found.help),
            "loss": to_dict(found.loss),
        },
        "pace": {**to_dict(made.paces), "ratio": made.paces.ratio},
        "warnings": [*made.notes, *_warnings(made)],
        "spend": {**made.clock.spend, "total": made.clock.total()},
    }


def _model(fitted: Fitted, source: Source | None) -> dict[str, Any]:
    """Strategy, source, parameters, and multiply-adds for an example (of a text of 64 tokens), where they are known."""
    return {
        "strategy": fitted.strategy,
        "source": source.key if source else None,
        "params": fitted.total_params,
        "macs": source.macs if source else None,
    }


def _candidate(tried: Tried, made: Distillation) -> dict[str, Any]:
    return {
        "taught": tried.way.taught,
        "strategy": tried.way.strategy,
        "config": dict(tried.fitted.config),
        "accuracy": tried.score.accuracy,
        "log_loss": tried.score.log_loss if np.isfinite(tried.score.log_loss) else None,
        "chosen": tried is made.taught or tried is made.alone,
        "seconds": round(tried.seconds, 2),
    }


def _sentence(made: Distillation) -> str:
    """The verdict, sizes, and speed."""
    task, source, paces = made.task, made.teacher.source, made.paces
    own, other = (strategy(t.way.strategy).title(task.modality, task.kind) for t in (made.taught, made.alone))
    who = f"{made.student.key}, {own}" + (f" (alone {other})" if other != own else "")
    sizes = [(made.fitted.total_params, made.teacher.fitted.total_params, "M parameters")]
    sizes += (
        [(made.student.macs, source.macs, "M multiply-adds")]
        if source and min(source.macs, made.student.macs) > 1e5
        else []
    )
    told = " and ".join(f"{size / 1e6:,.1f} {what}" for size, _, what in sizes)
    parts = " and ".join(percent(size / of) for size, of, _ in sizes)
    quick = f"{paces.ratio:.1f} times as quick" if paces.ratio >= 1 else "not as quick"
    return (
        f"{sentence(made.found)} The student, {who}, has {told}, {parts} of the teacher's, and is {quick} "
        f"({1e3 * paces.student:.0f} ms)."
    )


def _warnings(made: Distillation) -> list[str]:
    what, task, out = noun(made.task.modality), made.task, []
    if made.n_more == 0:
        out.append(f"No unlabelled {what}s were given: the student learnt from what the teacher says of its own. "
                   "More of them (--unlabelled) is where a teacher tells most.")  # fmt: skip
    if made.teacher.source is not None and made.student.macs >= made.teacher.source.macs:
        out.append(f"The student takes no fewer multiply-adds than the teacher's {made.teacher.source.key}.")
    if made.found.help.decision == "hurts":
        out.append(f"The same student alone is better: headstart fit {task.name} --source {made.student.key}.")
    if any(strategy(tried.way.strategy).stochastic for tried in (made.taught, made.alone)):
        out.append("Trained once: what another seed would change is not in the interval.")
    out.append(
        f"The teacher has learnt from the validation {what}s, too, so that they favour its student where its setting "
        "was chosen; the sealed test chose nothing."
    )
    return out
