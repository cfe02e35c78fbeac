"""Fine-tuning: the probe's head first, then the last parts of the source with it, earlier parts ever more slowly.

How many parts learn, how fast, and whether batch-norm's statistics learn with them is chosen on validation data where
there is enough of it; what comes before the cut stays as the source left it. See tune.py. Maps at the cut
[n, v, c, h, w] → logits [n k].
"""

from __future__ import annotations

from collections.abc import Generator

from ..types import Facts, Progress, Work
from ._base import SEARCH, Head
from .training import tune
from .training.tune import Config, copies, fit_view, refit, views
from .training.tuned import features, logits, skill

__all__ = ["Config", "copies", "features", "fit_view", "logits", "refit", "skill", "views"]

TITLE = "fine-tuning"
PAPER = "Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features (LP-FT); Howard & Ruder 2018, ULMFiT"
NEEDS = frozenset({"target_labels"})
REUSES = True
PRIOR = 5
STOCHASTIC = True
RUNG = 0.25
KINDS = ("classification", "multilabel")


def prior(facts: Facts) -> int:
    """With few pictures it is the safest choice, see the figures in tune.py; with more it must prove itself."""
    return 0 if facts.n < tune.FEW and facts.modality == "image" else PRIOR


def spared(facts: Facts) -> str | None:
    """Of few texts contrastive tuning makes more, in fewer steps."""
    few = facts.modality == "text" and facts.n < tune.FEW
    return f"of fewer than {tune.FEW} texts contrastive tuning makes more" if few else None


def settings(facts: Facts) -> list[Config]:
    """The last two parts; the last three, also with batch-norm's statistics learning, and at a lower rate.

    With few pictures the first alone, its last state kept: validation could choose nothing. Of texts one setting, see
    `tune.for_texts`.
    """
    if facts.modality == "text":
        return [tune.for_texts(Config(), facts)]
    known = [Config(parts=2), Config(), Config(norm="batch"), Config(lr=3e-4)]
    return [Config(parts=2, keep="last")] if facts.n < tune.FEW else known[:SEARCH]


def run(config: Config, work: Work) -> Generator[Progress, None, Head]:
    """See `tune.tune`."""
    return (yield from tune.tune(config, work))
