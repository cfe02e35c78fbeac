"""Fine-tuning: the probe's head first, then the last parts of the source with it, earlier parts ever more slowly.

How many parts learn, how fast, and whether batch-norm's statistics learn with them is chosen on validation data where
there is enough of it; what comes before the cut stays as the source left it. See tune.py. Maps at the cut
[n, v, c, h, w] → logits [n k].
"""

from __future__ import annotations

from collections.abc import Generator

from ..strategy import SEARCH, TrainResult
from ..types import Facts, FitContext, Progress
from .modality import of
from .training import tune
from .training.setting import FEW, Config
from .training.tune import copies, fit_view, refit, views
from .training.tuned import logits, module, predictor, skill

__all__ = ["Config", "copies", "fit_view", "logits", "module", "predictor", "refit", "skill", "views"]

TITLE = "fine-tuning"
PAPER = "Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features (LP-FT); Howard & Ruder 2018, ULMFiT"
NEEDS = frozenset({"tail"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")


def settings(facts: Facts) -> list[Config]:
    """What the modality has; with few examples one alone, its last state kept: validation could choose nothing."""
    data = of(facts.modality)
    known = [Config()] if facts.n < FEW else data.alternatives(Config())
    return [data.suited(config, facts) for config in known][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`."""
    return (yield from tune.tune(config, context))
