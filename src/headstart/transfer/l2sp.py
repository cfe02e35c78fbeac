"""L2-SP: fine-tuning that is pulled back to the source's weights instead of towards zero.

The loss gains alpha/2 · ‖w − w₀‖² over the parts that came from the source, w₀ being their pre-trained values; the new
head is left free. How strongly is chosen on validation data where there is enough of it. See tune.py.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..strategy import SEARCH, TrainResult
from ..types import Facts, FitContext, Progress
from .modality import of
from .training import setting, tune
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views
from .training.tuned import logits, module, predictor, skill

if TYPE_CHECKING:
    import torch

    from .training.tail import Tail

__all__ = ["copies", "fit_view", "logits", "module", "predictor", "refit", "skill", "views"]

TITLE = "fine-tuning held near the source (L2-SP)"
PAPER = "Li, Grandvalet & Davoine 2018, Explicit Inductive Bias for Transfer Learning with Convolutional Networks"
NEEDS = frozenset({"tail"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")


@dataclass(frozen=True)
class Config(setting.Config):
    """As for fine-tuning, and how strong the pull is."""

    weight_decay: float = 0.0  # the pull stands in its place
    alpha: float = 10.0


def settings(facts: Facts) -> list[Config]:
    """A strong and a weak pull, each at the modality's rates; with few examples the strong one, at the first rate."""
    data = of(facts.modality)
    pulls = [data.suited(Config(alpha=alpha), facts) for alpha in (10.0, 1.0)]
    return pulls[:1] if facts.n < FEW else [replace(pull, lr=lr) for pull in pulls for lr in data.RATES][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`."""

    def pull(tail: Tail, context: FitContext) -> tune.Penalty:
        start = tune.source_weights(tail)

        def penalty(model: torch.nn.Module) -> torch.Tensor:
            return config.alpha / 2 * tune.squared_distance(tail, start)

        return penalty

    return (yield from tune.tune(config, context, penalty=pull))
