"""After the race: how far each depth of the source transfers, and what tuning made the source forget.

On training and validation pictures alone. In: the race and what it decided. Out: parts of the record for the report,
each None where there is nothing to say (no source took part; no weight of it moved).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BudgetError
from ..runtime import digest
from ..strategy import strategy
from ..types import Features, IntArray, View, to_dict

if TYPE_CHECKING:
    from .race import Race

KEPT = 5  # last parts whose maps at the cut are small enough to keep, up to 60 KB a copy
MOST = 1000  # pictures that the curve looks at: more would draw the same curve at a higher price


def curve(race: Race) -> dict[str, Any] | None:
    """The transfer curve of the best transfer candidate's source, see `judge/layers.py`."""
    from ..judge import layers
    from ..plan._folds import units

    best = next(c for c in race.done[True] if c.trial.id == race.outcome.roles["transfer"])
    key = best.trial.source
    if (
        race.job.task.kind not in layers.KINDS or key is None or len(race.job.task.valid) < 2
    ):  # one picture has no spread, so it tells no depth from another
        return None
    depths = race.sources[key].depths
    looks = race.looks.several([View(key, depth) for depth in depths])
    train = {d: _some(train) for d, (train, _) in zip(depths, looks, strict=True)}
    valid = {d: _some(valid) for d, (_, valid) in zip(depths, looks, strict=True)}
    groups = units(race.job.task.valid)
    groups = None if groups is None else groups[_rows(len(groups))]
    probed = layers.probe_curve(train, valid, len(race.job.task.labels), groups)
    few = max(len(f.y) for f in looks[0]) <= MOST  # else the race trained on more pictures than the probes
    tuned = _tuned(race, key, depths) if few else {}
    if race.job.plan.layers:
        tuned |= _train_all(race, key, depths)
    drawn = layers.curve(key, probed, len(next(iter(train.values())).y), tuned, race.job.task.noun)
    race.job.journal.note(
        "layers", source=key, best=drawn.best, why=drawn.why, tail=drawn.tail, tail_why=drawn.tail_why
    )
    return {**to_dict(drawn), "noun": race.job.task.noun}


def forgetting(race: Race) -> dict[str, Any] | None:
    """What the transfer finalist still knows of its source's own task: on source data where given, else on ours."""
    from ..judge.forgetting import FEWEST, measure, sentence

    id_ = race.outcome.roles["transfer"]
    fitted = race.outcome.finalists[id_][0]
    skill, key = strategy(fitted.strategy).skill, fitted.view.source
    if key is None or skill is None or not race.sources[key].classifies:
        return None  # nothing was tuned, or the source has no task of its own to forget
    if fitted.config.get("steps") == 0:  # training helped nowhere, so the refit moved nothing
        return None
    given = race.looks.source(fitted.view)
    if given is None:  # the finalist has learnt from the validation pictures too, its forerunner has not
        fitted = next(c for c in race.done[True] if c.trial.id == id_).fitted
    rows = given or race.looks.of(race.training_view(id_))[1]
    if len(rows.x) < FEWEST:
        return None
    (top, scores), (top_now, scores_now) = skill(fitted, rows.x, race.sources[key], race.weights[key])
    noun = race.job.task.noun
    what = f"{noun}s of the source's kind" if given else f"validation {noun}s"
    y = rows.y if given else None
    found = measure(top, top_now, scores, scores_now, y, on=f"the {len(rows.x):,} {what}")
    race.job.journal.note("forgetting", sentence=sentence(found))
    return {**to_dict(found), "sentence": sentence(found)}


def _tuned(race: Race, key: str, depths: tuple[str, ...]) -> dict[str, tuple[float, Any]]:
    """Depth → accuracy and losses of the best candidate that trained everything above it."""
    out: dict[str, tuple[float, Any]] = {}
    n = len(race.job.task.valid)  # the last ones, of one compared by cross-validation on all
    for contender in race.done[True]:
        parts, losses = contender.trial.config.get("parts"), contender.losses[-n:]
        if contender.trial.source == key and parts and parts < len(depths):
            name = depths[-1 - parts]
            if name not in out or losses.mean() < out[name][1].mean():
                out[name] = float(contender.right[-n:].mean()), losses
    return out


def _train_all(race: Race, key: str, depths: tuple[str, ...]) -> dict[str, tuple[float, Any]]:
    """Depth → accuracy and losses after fine-tuning everything above it, as the race chose or would begin.

    Late cuts keep their activations; for early ones, whose maps are large, pictures go through the frozen front anew.
    """
    from ..plan import keep
    from ..plan.candidates import Candidate
    from ..plan.search import measure, trained

    labels = race.job.task.labels
    way = strategy("finetune")
    tried = [c.trial.config for c in race.done[True] if c.trial.strategy == "finetune" and c.trial.source == key]
    chosen = way.config(**tried[0]) if tried else way.settings(race.facts)[0]
    out: dict[str, tuple[float, Any]] = {}
    for parts in range(1, len(depths) + 1):
        name = depths[-1 - parts] if parts < len(depths) else "input"
        depth = f"cut:{parts}" if parts <= KEPT and name != "input" else "input"
        view = way.fit_view(View(key, depth), race.facts)
        copies = way.copies(race.facts) if depth != "input" else 1
        candidate = Candidate(f"layers-{name}", "finetune", True, view, long=True, copies=copies)
        whole = parts if name != "input" else len(depths) + 1  # the stem too
        config = replace(chosen, parts=whole)
        train, valid = map(_some, race.looks.of(candidate.training_view))  # the pictures of the probes
        race.looks.forget(candidate.training_view)  # the maps of many depths together would not fit into memory
        folder = race.folder(f"{candidate.id}-{digest(asdict(config))[:8]}", train.key, view)
        context = race.context(candidate, train, valid, folder, race.job.plan.seed)
        if kept := keep.found(folder):
            fitted = kept[0]
        else:
            try:
                fitted, *_ = trained(
                    candidate, config, context, labels, deadline=race.job.deadline, watch=race.job.watch
                )
            except BudgetError:
                race.job.journal.note("layers", stopped_above=name, reason="the time budget ended first")
                return out
            keep.save(folder, fitted)
        score = measure(fitted, valid, context)
        race.job.journal.note("layers", tuned_above=name, accuracy=score.accuracy, log_loss=score.log_loss)
        out[name] = (score.accuracy, score.losses)
    return out


def _some(features: Features) -> Features:
    """At most `MOST` rows, drawn at random (rows come class by class), the same ones at every depth."""
    rows = _rows(len(features.y))
    return Features(features.x[rows], features.y[rows], features.key)


def _rows(n: int) -> IntArray:
    return np.sort(np.random.default_rng(0).permutation(n)[:MOST])
