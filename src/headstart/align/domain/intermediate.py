"""The source's own language task goes on with the texts of both domains, without labels; then the plain head.

As `transfer/intermediate.py` does it before fine-tuning: masked words to be found, or the next one to be told, by the
last layers. Validation texts take no part. It takes minutes, and a thousand target texts or more are what it is for.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass

import numpy as np

from ...types import Features, FitContext, Progress, View
from ._both import Both, Looked

TITLE = "language model of both domains"
PAPER = "Gururangan et al. 2020, Don't Stop Pretraining; Karouzos et al. 2021, UDALM (on adapting without labels)"
NEEDS = frozenset({"tail", "language"})
ON_REQUEST = True


@dataclass(frozen=True)
class Config:
    """One setting; what it leaves open is as in `transfer/intermediate.py`."""

    parts: int = 3  # last parts of the source that learn
    rate: float = 1e-4  # peak, of the last part
    epochs: float = 3
    most: int = 300  # steps


def cost(n: int, m: int, d: int, k: int) -> float:
    """A step is 16 pieces there and back, twice as much again for the scores of all words; one more look at all."""
    steps = min(Config.most, Config.epochs * (n + m) / 16)
    return d * (5.0 * 16 * steps + n + m) + k


def run(config: Config, both: Both) -> Generator[Progress, None, Looked]:
    """Learn on, then look anew.

    Raises:
        UsageError: the source is no network that finds masked words or tells the next.
    """
    from ...transfer import intermediate
    from ._tail import rows, with_head

    view = View(both.source.key, "input")
    parts = [both.store.extract(part, [view])[0].x for part in (both.train, both.valid, both.target)]
    setting = intermediate.Config(
        parts=config.parts, lm_lr=config.rate, lm_epochs=config.epochs, lm_most=config.most, thaw="none", steps=0
    )
    context = FitContext(
        Features(parts[0], None, ""),
        both.k,
        view,
        both.seed,
        source=both.source,
        weights=both.weights,
        unlabelled=parts[2],
        modality=both.source.modality,
    )
    moved = yield from intermediate.speak(setting, context)
    train, valid, target = rows(both, view, moved, parts)
    notes = {"texts": len(np.concatenate([parts[0], parts[2]])), "moved": sorted({_part(name) for name in moved})}
    return Looked(train, valid, target, view, "intermediate", asdict(setting), state=with_head(moved), notes=notes)


def _part(name: str) -> str:
    """Of a weight's name, which part of the network it belongs to.

    >>> _part("parts.layer6.attention.weight")
    'layer6'
    """
    return name.split(".")[1]
