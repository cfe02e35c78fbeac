"""The person's own texts first: the source's language task goes on with them, then fine-tuning (ULMFiT, DAPT).

In: tokens of the training texts and of texts without a label, never of validation or test texts. The parts that learn
go on with masked words or the next one (language_task.py), then are fine-tuned, at once or one by one. Out: what
both moved, and the head. It is meant for a thousand unlabelled texts or more, unlike what the source has read.

minilm-l6, trec_questions, 32 a class, 3,843 unlabelled, one draw, right on 1,346 others: thawed one by one 71.5 %, with
the language task 75.3; at once without it 80.2 (400 of another draw: 80.8 without, 80.8 with at a rate of 5e-5, 78.5 at
3e-4). So of a sentence encoder no gain has been seen over plain fine-tuning; other sources were not measured.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import UsageError
from ..runtime import device, digest, write
from ..strategy import TrainResult
from ..types import Facts, FitContext, Progress, Source, View
from . import gradual
from .modality import of, open_tail
from .training import tune
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views
from .training.tuned import logits, module, predictor

if TYPE_CHECKING:
    from .training.tail import Tail

T = TypeVar("T")
__all__ = ["copies", "fit_view", "logits", "module", "predictor", "refit", "views"]

TITLE = "language model of the domain, then fine-tuning"
PAPER = "Howard & Ruder 2018, ULMFiT; Gururangan et al. 2020, Don't Stop Pretraining"
NEEDS = frozenset({"tail", "language"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")
UNLABELLED = True  # uses `context.unlabelled` where there are any


@dataclass(frozen=True)
class Config(gradual.Config):
    """As for gradual unfreezing, and how the language task goes on."""

    thaw: str = "epoch"  # or "stall", see gradual.py; or "none": plain fine-tuning
    lm_lr: float = 1e-4  # peak rate of the last part
    lm_epochs: float = 3
    lm_most: int = 300  # steps
    lm_batch: int = 16  # pieces of texts
    lm_length: int = 128  # tokens of a piece at most


def settings(facts: Facts) -> list[Config]:
    """All parts at once, and thawed one by one; with few texts, of which validation chooses nothing, the first."""
    suited = of(facts.modality).suited
    known = [suited(Config(thaw="none", schedule="one-cycle"), facts), suited(Config(), facts, decay=Config.decay)]
    return known[:1] if facts.n < FEW else known


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """The language task, then fine-tuning; a killed run goes on in either.

    Raises:
        UsageError: no source, or one without a language task, or a setting that does not exist.
    """
    if context.source is None or config.parts < 1 or config.thaw not in ("epoch", "stall", "none"):
        raise UsageError(
            f"'intermediate' was given source {context.source and context.source.key}, {config.parts} parts and thaw "
            f"'{config.thaw}'; it needs a source, one part or more, and thaw epoch, stall or none."
        )
    _, whole, share = tune.lengths(config, len(context.train.y), context.share)
    after = max(1, round(whole * share)) + 1
    kept = context.checkpoint and context.checkpoint.with_suffix(".language.safetensors")
    if (learnt := _found(kept)) is None:
        learnt = yield from speak(config, context, after)
        if kept:
            from safetensors.numpy import save

            write(kept, save({name: np.ascontiguousarray(value) for name, value in learnt.items()}))
    steps = _steps(config, context) + 1
    changed = digest(
        asdict(config), context.seed, context.share, 0 if context.unlabelled is None else len(context.unlabelled)
    )

    def opened(source: Source, weights: Path | None, view: View, k: int) -> Tail:
        from .training.tail import put

        tail = open_tail(source, weights, view, k)
        put(tail, learnt)
        tail.changed = changed
        return tail

    tuned = tune.tune(config, context, opened=opened) if config.thaw == "none" else gradual.run(config, context, opened)
    head = yield from _within(tuned, steps, 0)
    if kept:
        kept.unlink(missing_ok=True)
    return TrainResult({**learnt, **head.state}, head.trained_params, {**head.notes, "language_steps": steps - 1})


def _steps(config: Config, context: FitContext) -> int:
    """Of the language task: its epochs over all pieces, at most `lm_most`, of a short run the same share."""
    rows = [*context.train.x, *(() if context.unlabelled is None else context.unlabelled)]
    count = sum(max(1, -(-len(row) // config.lm_length)) for row in rows)
    return max(1, round(min(config.lm_most, config.lm_epochs * -(-count // config.lm_batch)) * context.share))


def speak(config: Config, context: FitContext, after: int = 0) -> Generator[Progress, None, Mapping[str, Any]]:
    """Go on with the language task; returns what it moved of the source. `after` steps are still to come.

    Raises:
        UsageError: the source has no language task.
    """
    import torch

    from .training import language_task as task
    from .training.freeze import freeze, groups
    from .training.loop import Recipe, train
    from .training.tail import moved

    assert context.source is not None
    torch.manual_seed(context.seed)
    rows = task.pieces(
        [*context.train.x, *(() if context.unlabelled is None else context.unlabelled)], config.lm_length
    )
    model = task.speaker(context.source, context.weights, context.k, rows).to(device())
    tail, steps = model.tail, _steps(config, context)
    start = {name: tensor.clone() for name, tensor in tail.state_dict().items()}
    front = [*tail.parts][: -config.parts]
    for name in front:
        freeze(tail.parts[name])
    freeze(tail.classifier)
    moving = [(name, stage) for name, stage in tail.stages()[:-1] if name not in front]
    learning = groups(moving, config.lm_lr, config.decay, config.weight_decay)
    if own := model.own():
        learning.append({"name": "words", "params": own, "lr": config.lm_lr, "weight_decay": 0.0})
    batch, loss = task.batches(context.source, context.weights, rows, config.lm_batch, task.words(tail), context.seed)
    pad = context.checkpoint and context.checkpoint.with_suffix(".language.pt")
    recipe = Recipe(
        steps,
        config.lm_lr,
        weight_decay=config.weight_decay,
        warmup=0.1,
        schedule=config.schedule,
        evaluate_every=-(-steps // tune.ROUNDS),
        threads=1,
    )
    yield from _within(train(model, batch, loss, recipe, seed=context.seed, groups=learning, checkpoint=pad), 0, after)
    learnt = moved(tail.state_dict(), start)
    return {name: value for name, value in learnt.items() if not name.startswith("classifier.")}


def _within(run: Generator[Progress, None, T], before: int, after: int) -> Generator[Progress, None, T]:
    """A run as a part of a longer one: so many steps before it, so many after."""
    try:
        while True:
            now = next(run)
            yield replace(now, step=before + now.step, steps=before + now.steps + after)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        run.close()


def _found(path: Path | None) -> Mapping[str, Any] | None:
    """What an earlier attempt left of the language task."""
    if path is None or not path.exists():
        return None
    from safetensors.numpy import load

    return load(path.read_bytes())
