"""What an adaptation leaves in its folder: `adapt.json`, the answers of every candidate, and the run it began with.

`adapt/target.safetensors` holds for each candidate, named REPRESENTATION/METHOD, the probabilities [m k] of the target
examples in the order of `adapt.json`.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kind._words import percent
from ...modality import noun
from ...runtime import write, write_json
from ...schema import SCHEMA
from ..learnt import FILE as SEEN
from ..saved import ADAPTED, BEFORE
from .labelled import TargetTrained
from .steps import PLAIN, Adapted, Asked

if TYPE_CHECKING:
    from ...align.choice.estimate import Estimated
    from ...judge.unseen import Evaluation

ANSWERS = "adapt/target.safetensors"


def publish(asked: Asked, found: Adapted) -> dict[str, Any]:
    """Write all but the judge's part; `adapt.json` comes last."""
    from safetensors.numpy import save

    shown = {c.id: np.asarray(c.shown.target, np.float32) for c in found.candidates if c.shown is not None}
    write(asked.out / ANSWERS, save(shown))
    shutil.copyfile(asked.run.path / SEEN, asked.out / SEEN)
    write_json(asked.out / BEFORE, dict(asked.run.record))
    record = _record(asked, found)
    write_json(asked.out / ADAPTED, record)
    return record


def _record(asked: Asked, found: Adapted) -> dict[str, Any]:
    able = iter(found.choice.ruled)
    rows = []
    for c in found.candidates:
        row = {"method": c.method.name, "title": c.method.title, "representation": c.at.name, "paper": c.method.paper}
        if c.shown is None:
            told = {"evidence": {}, "status": "failed", "reason": c.why}
        else:
            said = next(able)
            told = {"evidence": dict(said.evidence), "status": said.status, "reason": said.reason}
        estimate = _estimate(found.estimates.get(c.id))
        notes = {**c.at.notes, **c.notes}
        rows.append({**row, **told, "estimate": estimate, "seconds": round(c.seconds, 2), "notes": notes})
    chosen = found.chosen
    return {
        "schema_version": SCHEMA,
        "run": str(asked.out),
        "sentence": sentence(found),
        "command": asked.command,
        "seed": asked.seed,
        "source": {"run": str(asked.run.path), "name": found.task.name, "n": found.task.n, "kept": None},
        "target": {
            "data": asked.data[0],
            "n": len(found.target.examples),
            "unlike": [found.target.shown[i] for i in found.unlike],
            "shown": list(found.target.shown),
        },
        "modality": found.task.modality,
        "labels": list(found.task.labels),
        "chosen": {"method": chosen.method.name, "representation": chosen.at.name},
        "untouched": {"method": PLAIN, "representation": found.untouched.at.name},
        "candidates": rows,
        "estimate": {"metric": "accuracy", **_estimate(found.estimates[chosen.id])},
        "verdict": None,
        "warnings": [*found.target.notes, *_unlike(found), *_flattered(found)],
        "spend": {**found.clock.spend, "total": found.clock.total()},
    }


def _estimate(known: Estimated | None) -> dict[str, Any]:
    if known is None:
        return {}
    parts = {name: float(value) for name, value in known.parts.items()}
    return {"value": known.value, "interval": [known.low, known.high], "parts": parts, "needed": known.needed}


def sentence(found: Adapted) -> str:
    """What came of it, in a user's words."""
    chosen, untouched, what = found.chosen, found.untouched, noun(found.task.modality)
    tried = len({c.method.name for c in found.candidates} - {PLAIN})
    mine, theirs = (promise(found.estimates[c.id]) for c in (chosen, untouched))
    none = f"none of {tried} methods is" if tried > 1 else "the method tried is not"
    none += " supported by what can be seen without labels"
    on = f"on the {len(found.target.examples):,} unlabelled {what}s"
    if chosen is untouched:
        return f"Do not adapt: {none}. The untouched model: estimated {theirs} right {on}."
    if chosen.method.name == PLAIN:
        return (
            f"Do not adapt: {none}; but another representation, {chosen.at.name}, is: estimated {mine} right {on}, the "
            f"untouched model {theirs}."
        )
    how = f"{chosen.method.title} on {chosen.at.name}"
    return f"Adapt by {how}: estimated {mine} right {on}, the untouched model {theirs}."


def promise(known: Estimated) -> str:
    """An estimate with its interval, which is wider below: "71 % (62 to 76)"."""
    return f"{100 * known.value:.0f} % ({100 * known.low:.0f} to {100 * known.high:.0f})"


def _unlike(found: Adapted) -> list[str]:
    part, what = len(found.unlike) / len(found.target.examples), noun(found.task.modality)
    if part < 0.1:
        return []
    some = ", ".join(found.target.shown[i] for i in found.unlike[:3])
    return [
        f"{percent(part)} of the target {what}s look like none that the model learnt from ({some}, …): they may be of "
        "a class it does not know, and it will name a known one."
    ]


def _flattered(found: Adapted) -> list[str]:
    """That the run's own model, kept as it is, was shown what it had learnt from."""
    if found.untouched.at.train.shape[0]:
        return []
    name, what = found.untouched.at.name, noun(found.task.modality)
    return [
        f"The untouched model ({name}) learnt from its validation {what}s, too, so that what it shows "
        "on them flatters it: it is kept the more easily, and its estimate may be high."
    ]


def kept(out: Path, told: Mapping[str, Any] | None) -> None:
    """Add what the model still knows of its source: of its own sealed test, before and after."""
    record = json.loads((out / ADAPTED).read_text(encoding="utf-8"))
    record["source"]["kept"] = told
    write_json(out / ADAPTED, record)


def judged(out: Path, seen: Evaluation, alone: str = "Not adapted") -> None:
    """Add what the judge found on labelled target examples, and what it set aside of them."""
    from ...judge.adapted import verdict

    record = json.loads((out / ADAPTED).read_text(encoding="utf-8"))
    what = "Adapting" if record["chosen"]["method"] != PLAIN else "The other representation"
    told, said = verdict(seen, alone, what)
    record["verdict"] = {**told, "target_trained": None}
    record["sentence"] = f"{said} {record['sentence']}"
    record["warnings"] += [
        f"{n} of the judge's {seen.noun}s {'was' if n == 1 else 'were'} set aside: {reason.replace('_', ' ')}."
        for reason, n in Counter(s.reason for s in seen.set_aside).most_common()
    ]
    write_json(out / ADAPTED, record)


def beside_labels(out: Path, seen: Evaluation, rival: TargetTrained, margin: float) -> None:
    """Add what a model that learnt from some of the judge's labels says of the others."""
    from ...judge.adapted import beside_labels

    record = json.loads((out / ADAPTED).read_text(encoding="utf-8"))
    told = beside_labels(seen, rival.rest, rival.answers, len(rival.taught), margin)
    shown = {"representation": rival.representation, "tried": dict(rival.tried)}
    record["verdict"]["target_trained"] = {**told, **shown}
    write_json(out / ADAPTED, record)
