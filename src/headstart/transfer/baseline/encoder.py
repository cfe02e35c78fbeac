"""`scratch` for texts: a small transformer encoder with random weights, trained on the texts alone.

Its size is the setting's, not a source's: a few texts train no large network, and memory and time stay small whatever
source stands beside it. It knows the tokens that the training texts hold, one row standing for all others; nothing that
the source learnt is used but where its tokenizer cuts words. Tokens [n] → logits [n k].

About ten sizes and rates were tried, one draw, right on the 20 to 250 held-out labelled texts that also chose the step;
no test was opened, and it is a guide to the size, no measurement of it. One layer of width 128 (384; the mean of token
vectors alone): trec, 60 texts, 80.0 % (70.0; 50.0), 180 texts 73.3 (71.7; 55.0); sms_spam, 180, 98.3 (95.0; 98.3). With
600 of trec 68.5, of width 256 70.5, of two layers 72.0. A fifth to a third of the CPU time of width 384.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...strategy import SEARCH, TrainResult
from ...types import Facts, Features, FitContext, Fitted, FloatArray, Progress, Source, View
from ..scratch import Config
from ..training import setting, tune, tuned
from ..training.setting import FEW

if TYPE_CHECKING:
    import torch

    from ..training.tail import Tail

MANY = 2000  # texts from which on the larger sizes are worth a try
TOKENS = "input.tokens"  # where a state holds the tokens known, in ascending order
HEAD = 32  # width of an attention head
LENGTH = 64  # tokens of a text that are read: what comes later teaches a small network little and costs much


def title(kind: str) -> str:
    """What people call it."""
    return "a network from scratch"


def fit_view(view: View, facts: Facts) -> View:
    """Tokens of the last source."""
    return View(view.source, "input")


def settings(facts: Facts) -> list[Config]:
    """By the number of texts: four rates, or three sizes."""
    sizes = [(5e-4, 128, 1), (1e-3, 128, 1), (2e-3, 128, 1), (4e-3, 128, 1)]
    sizes = sizes if facts.n < FEW else [(2e-3, 128, 1), (1e-3, 128, 1), (1e-3, 128, 2), (1e-3, 256, 1)]
    sizes = sizes if facts.n < MANY else [(2e-3, 128, 1), (1e-3, 128, 2), (1e-3, 256, 1), (5e-4, 256, 2)]
    return [Config(lr=lr, width=width, layers=layers, batch=16) for lr, width, layers in sizes][:SEARCH]


def steps(n: int, batch: int = 16) -> int:
    """10 epochs up to 1,000 texts, 10 · √(1000/n) beyond."""
    return round(10 * n * min(1.0, math.sqrt(1000 / n)) / batch)


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Train a network of that width and so many layers, see `architecture` and `tune.tune`.

    Raises:
        UsageError: no source, whose tokens it could take.
    """
    if context.source is None:
        raise UsageError("A text network from scratch needs a source, whose tokens it reads. Pass work.source.")
    known = np.unique(np.concatenate([row[:LENGTH] for row in context.train.x]))
    small = architecture(context.source, config.width, config.layers, len(known) + 1)
    train, valid = _named(context.train, known), context.valid and _named(context.valid, known)
    tuned_by = _tuning(config, len(context.train.y), context.share)
    context = replace(context, train=train, valid=valid, source=small, weights=None)
    head = yield from tune.tune(tuned_by, context, opened=opened)
    return replace(head, state={**head.state, TOKENS: known})


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None) -> FloatArray:
    """Tokens [n] → [n k]."""
    network, known = _network(fitted, source)
    return network.logits(_rows(x, known))


def module(fitted: Fitted, source: Source | None = None) -> torch.nn.Module:
    """The same as a torch module, of tokens [b, l] (−1 where a row is padded)."""
    from .tokens import Known

    network, known = _network(fitted, source)
    return Known(network.module(), known, LENGTH)


def _network(fitted: Fitted, source: Source | None) -> tuple[tuned.Tuned, NDArray[np.int64]]:
    """The network, and the tokens that it knows."""
    assert source is not None
    state = dict(fitted.state)
    known = np.asarray(state.pop(TOKENS))
    width, layers = (int(fitted.config[name]) for name in ("width", "layers"))
    small = architecture(source, width, layers, len(known) + 1)
    return tuned.Tuned(replace(fitted, state=state), small, None, opened), known


def _tuning(config: Config, n: int, share: float) -> setting.Config:
    """All parts at one rate, for that share of the steps."""
    count = max(20, round(share * (config.steps or max(60, steps(n, config.batch)))))
    return setting.Config(
        parts=99, lr=config.lr, decay=1.0, batch=config.batch, weight_decay=0.05, head_first=False, steps=count
    )


def architecture(source: Source, width: int, layers: int, tokens: int) -> Source:
    """The record of a BERT of that width, so many layers and so many tokens."""
    config = {
        "vocab_size": tokens,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, width // HEAD),
        "intermediate_size": 4 * width,
        "max_position_embeddings": LENGTH,
        "pad_token_id": None,
    }
    return replace(
        source,
        sha256="",
        architecture="bert",
        config=config,
        feature_dim=width,
        widths=(width,) * layers,
        input=replace(source.words, pooling="mean", after=()),
    )


def opened(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """The tail of a network with random weights."""
    import torch

    from ...source.language.encoder import Language
    from ...source.language.model import build
    from ..training.tail import RANDOM
    from ..training.text_tail import TextTail

    seed = int(torch.randint(2**31, ()))  # `build` leaves the caller's random numbers alone
    tail = TextTail(Language(source, build(source, seed)), k)
    tail.form = RANDOM
    return tail


def _named(features: Features, known: NDArray[np.int64]) -> Features:
    return replace(features, x=_rows(features.x, known))


def _rows(x: NDArray[Any], known: NDArray[np.int64]) -> NDArray[Any]:
    """Tokens as positions among those known, from 1; 0 for any other."""
    out = np.empty(len(x), dtype=object)
    for at, row in enumerate(x):
        row = np.asarray(row[:LENGTH])
        place = np.searchsorted(known, row).clip(max=len(known) - 1)
        out[at] = np.where(known[place] == row, place + 1, 0)
    return out
