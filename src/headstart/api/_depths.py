"""After the race: how far each depth of the source transfers, and what tuning made the source forget.

On training and validation pictures alone. In: the race and what it decided. Out: parts of the record for the report,
each None where there is nothing to say (no source took part; no weight of it moved).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..family import load
from ..types import Features, View, to_dict

if TYPE_CHECKING:
    from ..plan.search import Contender
    from ._race import Race

MOST = 1000  # pictures that the curve looks at: more would draw the same curve at a higher price


def curve(race: Race) -> dict[str, Any] | None:
    """The transfer curve of the best transfer candidate's source, see `judge/layers.py`."""
    from ..judge import layers
    from ..source._backbone import load as open_source

    best = next(c for c in race.done[True] if c.trial.id == race.outcome.roles["transfer"])
    key = best.trial.source
    if key is None:
        return None
    depths = open_source(race.sources[key], race.weights[key]).depths
    looks = race.looks([View(key, depth) for depth in depths])
    train = {d: _some(train) for d, (train, _) in zip(depths, looks, strict=True)}
    valid = {d: _some(valid) for d, (_, valid) in zip(depths, looks, strict=True)}
    probed = layers.probe_curve(train, valid, len(race.job.task.labels))
    tuned = _tuned(race, key, depths) if len(looks[0][1].y) <= MOST else {}
    drawn = layers.curve(key, probed, len(next(iter(train.values())).y), tuned)
    race.job.journal.note(
        "layers", source=key, best=drawn.best, why=drawn.why, tail=drawn.tail, tail_why=drawn.tail_why
    )
    return dict(to_dict(drawn))


def forgetting(race: Race) -> dict[str, Any] | None:
    """What the transfer finalist still knows of its source's own task, on the validation pictures."""
    from ..judge.forgetting import measure, sentence

    fitted = race.outcome.finalists[race.outcome.roles["transfer"]][0]
    strategy, key = load("transfer", fitted.strategy), fitted.view.source
    if key is None or not hasattr(strategy, "skill"):
        return None
    _, valid = race.look(race.training_view(race.outcome.roles["transfer"]))
    if len(valid.y) < 4:
        return None
    (top, scores), (top_now, scores_now) = strategy.skill(fitted, valid.x, race.sources[key], race.weights[key])
    found = measure(top, top_now, scores, scores_now, on=f"the {len(valid.y):,} validation pictures")
    race.job.journal.note("forgetting", sentence=sentence(found))
    return {**to_dict(found), "sentence": sentence(found)}


def _tuned(race: Race, key: str, depths: tuple[str, ...]) -> dict[str, tuple[float, Any]]:
    """Depth → accuracy and losses of the best candidate that trained everything above it."""
    out: dict[str, Contender] = {}
    for contender in race.done[True]:
        parts = contender.trial.config.get("parts")
        if contender.trial.source == key and parts and parts < len(depths):
            name = depths[-1 - parts]
            if name not in out or contender.trial.log_loss < out[name].trial.log_loss:
                out[name] = contender
    return {name: (c.trial.accuracy, c.losses) for name, c in out.items()}


def _some(features: Features) -> Features:
    return Features(features.x[:MOST], features.y[:MOST], features.key)
