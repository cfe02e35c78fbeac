"""Gradual unfreezing: fine-tuning in which the head learns first and one more part thaws at a time, towards the stem.

Thawed either with every epoch (ULMFiT), or only when the validation loss has stopped falling; which of the two is
chosen on validation data where there is enough of it. A part not yet thawed is frozen wholly. See tune.py.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..strategy import TrainResult
from ..types import Facts, FitContext, Progress
from .modality import of
from .training import setting, tune
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views
from .training.tuned import logits, module, predictor, skill

if TYPE_CHECKING:
    from .training.loop import Opening
    from .training.tail import Opener, Tail

__all__ = ["copies", "fit_view", "logits", "module", "predictor", "refit", "skill", "views"]

TITLE = "gradual unfreezing"
PAPER = "Howard & Ruder 2018, Universal Language Model Fine-tuning for Text Classification (ULMFiT)"
NEEDS = frozenset({"tail"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config(setting.Config):
    """As for fine-tuning, and when the next part thaws."""

    schedule: str = "slanted"
    thaw: str = "epoch"  # one part a round, mostly an epoch; or "stall": when the validation loss has not fallen


def settings(facts: Facts) -> list[Config]:
    """Both ways of thawing; with few examples, of which validation can tell no stall, the first."""
    suited = of(facts.modality).suited
    known = [suited(Config(thaw=thaw), facts, decay=Config.decay) for thaw in ("epoch", "stall")]
    return known[:1] if facts.n < FEW else known


def run(config: Config, context: FitContext, opened: Opener | None = None) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`; without validation data (a refit) a part thaws with every round, mostly an epoch."""
    by_stall = config.thaw == "stall" and context.valid is not None and config.keep == "best"

    def opening(tail: Tail, a_round: int) -> Opening:
        from .training.freeze import freeze, unfreeze
        from .training.loop import Opening

        front = [*tail.parts][: -config.parts]
        body = [(name, stage) for name, stage in tail.stages()[:-1] if name not in front]  # the head is open throughout

        def apply(model: Any, opened: int) -> None:  # noqa: ANN401 - the tail itself
            for at, (_, stage) in enumerate(reversed(body)):
                (unfreeze if at < opened else freeze)(stage)
            tune.hold(tail, config)

        return Opening(steps=0 if by_stall else a_round, patience=1 if by_stall else 0, most=len(body), apply=apply)

    return (yield from tune.tune(config, context, opening=opening, opened=opened))
