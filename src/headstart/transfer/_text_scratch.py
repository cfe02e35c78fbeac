"""From scratch, for texts: a language model of a source's architecture with random weights, trained on the texts alone.

As deep as the source, or of one or two layers, which few texts train better; of its vocabulary the tokens that the
training texts hold, one row standing for all others. Nothing that the source learnt is used but where its tokenizer
cuts words. Tokens [n] → logits [n k].
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..types import Features, Fitted, FloatArray, Progress, Source, TextSpec, View, Work
from . import _tune, _tuned
from ._base import Head

if TYPE_CHECKING:
    from ._tail import Tail

TOKENS = "input.tokens"  # where a state holds the tokens known, in ascending order
LENGTH = 64  # tokens of a text that are read: what comes later teaches a small network little and costs much


def run(config: _tune.Config, layers: int, work: Work) -> Generator[Progress, None, Head]:
    """Train a network of `layers` layers (0: as many as the source has), see `_tune.tune`.

    Raises:
        UsageError: no source, whose architecture it could take.
    """
    if work.source is None:
        raise UsageError("A text network from scratch needs a source to take its architecture from. Pass work.source.")
    known = np.unique(np.concatenate([row[:LENGTH] for row in work.train.x]))
    small = architecture(work.source, layers, len(known) + 1)
    train, valid = _named(work.train, known), work.valid and _named(work.valid, known)
    work = replace(work, train=train, valid=valid, source=small, weights=None)
    head = yield from _tune.tune(config, work, opened=opened)
    return replace(head, state={**head.state, TOKENS: known})


def logits(fitted: Fitted, x: NDArray[Any], source: Source, layers: int) -> FloatArray:
    """Tokens [n] → [n k]."""
    state = dict(fitted.state)
    known = np.asarray(state.pop(TOKENS))
    small = architecture(source, layers, len(known) + 1)
    return _tuned.logits(replace(fitted, state=state), _rows(x, known), small, None, opened)


def architecture(source: Source, layers: int, tokens: int) -> Source:
    """The source's record with so many layers and tokens, and a plain mean over these; its weights fit it no longer."""
    from ..source._language import STATIC, settings

    layers = min(layers or len(source.widths), len(source.widths))
    config = {**source.config, "num_hidden_layers": layers, "vocab_size": tokens, "pad_token_id": None}
    width = source.feature_dim if source.architecture == STATIC else int(settings(source).hidden_size)
    plain = TextSpec(source.words.length, prefix=source.words.prefix)
    return replace(source, sha256="", config=config, input=plain, feature_dim=width, widths=(width,) * layers)


def opened(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """The tail of a network with random weights."""
    import torch

    from ..source._encoder import Language
    from ..source._language import build
    from ._text_tail import TextTail

    seed = int(torch.randint(2**31, ()))  # `build` leaves the caller's random numbers alone
    tail = TextTail(Language(source, build(source, seed)), k)
    tail.form = _tune.RANDOM
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
