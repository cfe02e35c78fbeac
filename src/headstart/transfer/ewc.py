"""Elastic weight consolidation: fine-tuning in which the weights that the source's own skill rests on move least.

The loss gains λ/2 · Σ F (w − w₀)², F being the diagonal of the Fisher information of the source's own classifier. The
source's training data are not at hand, so F is taken on the target's pictures with labels drawn from the classifier's
own answers (`notes["fisher"]` says so); a caller who has source data passes its maps as `context.source_rows`. F is
scaled to mean 1, so that λ means the same for every source. See tune.py.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UsageError
from ..runtime import digest
from ..strategy import SEARCH, TrainResult
from ..types import Facts, FitContext, Progress, Source
from ._once import once
from .modality import of
from .training import setting, tune
from .training.setting import FEW
from .training.tune import copies, fit_view, refit, views
from .training.tuned import logits, module, predictor, skill

if TYPE_CHECKING:
    import torch

    from .training.tail import Tail

__all__ = ["copies", "fit_view", "logits", "module", "predictor", "refit", "skill", "views"]

TITLE = "fine-tuning with elastic weights (EWC)"
PAPER = "Kirkpatrick et al. 2017, Overcoming catastrophic forgetting in neural networks"
NEEDS = frozenset({"tail", "classifier"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25
KINDS = ("classification", "multilabel")
SOURCE_DATA = True  # uses `context.source_rows` where there are any
SAMPLE = 200  # pictures on which the Fisher information is taken


@dataclass(frozen=True)
class Config(setting.Config):
    """As for fine-tuning, and how strongly the source's weights are held."""

    weight_decay: float = 0.0  # the elastic pull stands in its place
    strength: float = 10.0  # λ


def settings(facts: Facts) -> list[Config]:
    """A strong and a weak hold, each at the modality's rates; with few examples the strong one, at the first rate."""
    data = of(facts.modality)
    holds = [data.suited(Config(strength=strength), facts) for strength in (10.0, 1.0)]
    return holds[:1] if facts.n < FEW else [replace(hold, lr=lr) for hold in holds for lr in data.RATES][:SEARCH]


def suits(source: Source) -> bool:
    """Whether a source can be reused so: its own classifier's skill is what is kept."""
    return source.classifies


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """See `tune.tune`. `notes["fisher"]` tells on which pictures the Fisher information was taken."""
    if context.source is not None and not suits(context.source):
        raise UsageError(
            f"'ewc' keeps the skill of a source's own classifier, and '{context.source.key}' has none. Name another "
            "source, or the strategy l2sp."
        )

    def hold(tail: Tail, context: FitContext) -> tune.Penalty:
        start, x = tune.source_weights(tail), context.train.x if context.source_rows is None else context.source_rows
        key = ("fisher", digest(tail.source.identity), tail.skip, config.parts, context.seed)
        weight = once(x, key, lambda: fisher(tail, context))

        def penalty(model: torch.nn.Module) -> torch.Tensor:
            return config.strength / 2 * tune.squared_distance(tail, start, weight)

        return penalty

    head = yield from tune.tune(config, context, penalty=hold)
    on = (
        "source data" if context.source_rows is not None else "the target's pictures, labels drawn by the source's head"
    )
    return replace(head, notes={**head.notes, "fisher": on})


def fisher(tail: Tail, context: FitContext) -> dict[str, torch.Tensor]:
    """Diagonal Fisher information of the source's own classifier for the weights that learn, scaled to mean 1.

    E[(∂ log p(y|x) / ∂w)²] over pictures x and labels y drawn from p(·|x), one picture at a time: the square of a
    batch's mean gradient would be another thing (Kunstner et al. 2019).
    """
    import torch

    from .training.tail import plain

    x = plain(context.source_rows if context.source_rows is not None else context.train.x)
    random = np.random.default_rng(context.seed)
    rows = random.permutation(len(x))[:SAMPLE]
    named = dict(tune.learning(tail))
    total = {name: torch.zeros_like(w) for name, w in named.items()}
    tail.eval()
    for row in rows:
        log_p = tail.classify(tail.features(tail.as_batch(x[row : row + 1]))).log_softmax(1)[0]
        label = int(random.choice(len(log_p), p=_probabilities(log_p)))
        for name, slope in zip(named, torch.autograd.grad(-log_p[label], list(named.values())), strict=True):
            total[name] += slope**2
    mean = sum(float(t.sum()) for t in total.values()) / sum(t.numel() for t in total.values())
    return {name: t / max(mean, 1e-30) for name, t in total.items()}


def _probabilities(log_p: torch.Tensor) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    p = np.exp(log_p.detach().double().numpy())
    return np.asarray(p / p.sum())
