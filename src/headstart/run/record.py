"""The last steps of a fit: save the model and check it, write the pages, and run.json last of all.

`run.json` is the mark of a finished run: everything else stands when it appears.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..judge.foremost import foremost
from ..kind import counts, kind_of, targets
from ..runtime import write, write_json
from ..schema import SCHEMA, Counts, ModelPart, RankingPart, RunRecord, TaskPart
from ..strategy import strategies
from ..types import Example, Fitted, Task, Trial, to_dict
from ..version import __version__
from . import forecast, learnt, models, particulars
from .saved import MODEL, Saved

if TYPE_CHECKING:
    from ..judge.verdict import Judgement
    from .job import Job
    from .race import Outcome
    from .sources import Picked

READ = 500  # changed examples that are read to explain answers, at most
PACKAGES = ("torch", "numpy", "scikit-learn", "safetensors", "accelerate")  # that every run rests on
WORST = 12  # mistakes shown with their picture


def publish(job: Job, judgement: Judgement, outcome: Outcome, picked: Picked, request: str) -> Saved:
    """Write everything a run leaves and return it.

    Raises:
        HeadstartError: the saved model does not predict what the model in memory predicts.
    """
    from ..judge.unheard import withheld
    from ..report import card, html

    out, own = job.plan.out, particulars.of(job.task.modality)
    engine = own.engine(job.store.engine)
    with job.clock("report"):
        winner = models.save(job, judgement, outcome, picked, engine)
        _predictions(out / "predictions.parquet", job.task, judgement)
        learnt.note(out, job.task)
        environment = _environment(engine, own.packages)
        write_json(out / "environment.json", environment)
        judgement = replace(judgement, verdict=withheld(judgement.verdict, outcome.trials, _titles(job.task)))
        record = _record(job, judgement, outcome, picked, winner)
        record["request"], record["environment"] = request, environment
        shown = [*zip((row["at"] for row in _worst(job.task, judgement)), record["mistakes"], strict=True)]
        told = shown if outcome.reading * READ < job.left() else None
        said = own.explained(out / MODEL, job.task, job.store.engine, judgement, told)
        record.update(cast(RunRecord, {**said}))  # parts that only one kind of data has
        thumbnails = _thumbnails(job.task, record["mistakes"])
    earlier = {"earlier attempts": job.clock.earlier} if job.clock.earlier else {}
    record["resources"] = forecast.taken(job)
    record["spend"] = {**job.clock.spend, **earlier, "predicted": job.forecast["seconds"], "total": job.clock.total()}
    record["sentence"] = _sentence(job, judgement, outcome, picked.ranking)
    write(out / "report.html", html.render(record, thumbnails))
    write(out / "card.md", card.render(record))
    job.journal.note("finished", sentence=record["sentence"])
    write_json(out / "run.json", record)
    return Saved(out)


def _record(job: Job, judgement: Judgement, outcome: Outcome, picked: Picked, winner: Fitted) -> RunRecord:
    """`run.json`, but for what is known only when the pages are written, which is empty here."""
    titles, first = _titles(job.task), _foremost(judgement, outcome, picked)
    verdict = to_dict(judgement.verdict)
    for row in (verdict["rival"], verdict["floor"], *(c["rival"] for c in verdict["against"])):
        row["source"] = None  # it may have a source's architecture, and has nothing that one learnt
    other = models.loser(outcome.roles)
    return {
        "schema_version": SCHEMA,
        "run": str(job.plan.out),
        "sentence": "",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": job.plan.command,
        "data": {"path": os.path.abspath(job.plan.data), "options": job.plan.read.said()},
        "task": _task(job.task),
        "winner": {"id": outcome.roles["winner"], **_model(winner, picked, titles)},
        "other": {"take": other, "id": outcome.roles[other]},
        "metrics": to_dict(judgement.metrics),
        "verdict": verdict,
        "rivals": [{**c["rival"], "title": titles[c["rival"]["strategy"]]} for c in verdict["against"]],
        "trials": [{**_trial(t), "title": titles[t.strategy]} for t in outcome.trials],
        "mistakes": _mistakes(job.task, judgement),
        "foremost": first,
        "warnings": [*first, *job.task.warnings],
        "budget": {"asked": job.plan.asked, "limit": job.plan.budget, "cut": outcome.cut},
        "spend_cpu": {"adapted": job.cpu_adapted, "total": job.clock.cpu()},
        "embedded": {"seconds": job.store.seconds, "computed": job.store.computed, "engine": job.store.engine},
        "layers": outcome.layers,
        "forgetting": outcome.forgetting,
        "ranking": cast(RankingPart, dict(picked.ranking)),
        # Of every source that took part: where its bytes came from (a commit, a package's version) and their digests.
        "origins": {k: {"loader": s.loader, "sha256": s.sha256, **s.origin} for k, s in picked.sources.items()},
        "seed": job.plan.seed,
        "request": "",
        "environment": {},
        "resources": None,
        "spend": {},
    }


def _foremost(judgement: Judgement, outcome: Outcome, picked: Picked) -> list[str]:
    """What stands in the first lines of every output."""
    return foremost(outcome.trials, outcome.cut, picked.warnings, judgement.verdict.decision == "hurts")


def _model(winner: Fitted, picked: Picked, titles: Mapping[str, str]) -> ModelPart:
    """The run's model: what it is, how large, and on whose work it stands."""
    way = strategies()[winner.strategy]
    source = picked.sources[winner.view.source] if winner.view.source and way.reuses else None
    return {
        "source": source.key if source else None,
        "strategy": winner.strategy,
        "title": titles[winner.strategy],
        "reuses": way.reuses,
        "config": dict(winner.config),
        "trained_params": winner.trained_params,
        "total_params": winner.total_params,
        "licence": source.licence if source else None,
        "pretrained_on": source.pretrained_on if source else None,
        "sha256": source.sha256 if source else None,
        "paper": source.paper if source else way.paper,
    }


def _titles(task: Task) -> dict[str, str]:
    """Strategy → how it is called for such a task, of those that take it."""
    able = {name: way for name, way in strategies().items() if way.takes(task.modality, task.kind)}
    return {name: way.title(task.modality, task.kind) for name, way in able.items()}


def _trial(trial: Trial) -> dict[str, Any]:
    """A trial; one that was not finished has no scores (0.0 would be the best log-loss there is)."""
    scores = {} if trial.status == "finished" else {"accuracy": None, "log_loss": None}
    return {**to_dict(trial), **scores}


def _task(task: Task) -> TaskPart:
    """How the data was understood."""
    known = [counts(task, part) for part in (task.train, task.valid)]
    classes = list(zip(task.labels, *known, task.test.counts, strict=True)) if known[0] else []
    return {
        "name": task.name,
        "modality": task.modality,
        "kind": task.kind,
        "labels": list(task.labels),
        "n": cast(Counts, task.n | ({"unlabelled": len(task.unlabelled)} if task.unlabelled else {})),
        "set_aside": [to_dict(s) for s in task.set_aside],
        "split_rule": task.split_rule,
        "notes": list(task.notes),
        "fingerprint": task.fingerprint,
        "classes": [{"label": c, "train": a, "valid": b, "test": t} for c, a, b, t in classes],
    }


def _mistakes(task: Task, judgement: Judgement) -> list[dict[str, Any]]:
    """The most confident wrong answers on the sealed pictures, or the largest errors, worst first."""
    shown = [(judgement.examples[row.pop("at")], row) for row in _worst(task, judgement)]
    return [{"path": example.path, "text": example.content, **row} for example, row in shown]


def _worst(task: Task, judgement: Judgement) -> list[dict[str, Any]]:
    """The same with the rows at which they stand."""
    truth, worst = targets(task, judgement.examples), kind_of(task.kind).worst
    return list(worst(judgement.probabilities, truth, task.labels, WORST, judgement.decoder))


def _thumbnails(task: Task, mistakes: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Path → a small JPEG, of those that a page shows by a picture."""
    from ..report import _modality

    shown = _modality.of(task.modality)
    seen = {row["path"]: shown.thumbnail(Path(row["path"]), task.pixels) for row in mistakes}
    return {path: jpeg for path, jpeg in seen.items() if jpeg is not None}


def _predictions(path: Path, task: Task, judgement: Judgement) -> None:
    """The judged predictions: the example, its truth, what was predicted, and one probability column a class."""
    import io

    import pyarrow as pa
    from pyarrow import parquet

    examples: tuple[Example, ...] = judgement.examples
    columns: dict[str, Any] = {
        task.modality: [e.path if e.content is None else e.content for e in examples],
    }
    kind = kind_of(task.kind)
    columns |= kind.judged(judgement.probabilities, targets(task, examples), task.labels, judgement.decoder)
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    write(path, buffer.getvalue())


def _sentence(job: Job, judgement: Judgement, outcome: Outcome, ranking: Mapping[str, Any]) -> str:
    from ..judge import looked
    from ..judge.unheard import shortened
    from ..judge.wording import sentence

    titles = _titles(job.task)
    said = sentence(
        judgement.verdict,
        seconds=job.clock.total(),
        titles=titles,
        fresh=outcome.roles["winner"] == outcome.roles["rival"],
        reusable=looked.reused(ranking),
    )
    first = shortened(judgement.verdict, outcome.trials, titles)
    return f"{first} {said} {looked.missed(ranking)}".strip()


def _environment(engine: str, packages: Sequence[str]) -> dict[str, str]:
    from importlib.metadata import version

    packages = [*PACKAGES, *packages, *(["openvino"] if engine == "openvino" else [])]
    return {
        "headstart": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "engine": engine,
        "system": f"{platform.system()} {platform.machine()}",
        "executable": Path(sys.executable).name,
        "arguments": json.dumps(sys.argv[1:], ensure_ascii=False),
    }
