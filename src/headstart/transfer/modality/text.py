"""Texts: tokens, of which a frozen front makes states once; TF-IDF and a small encoder are their rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...types import Facts, Source, View
from ..baseline import encoder as scratch
from ..baseline import tfidf_linear as classical
from ..training.setting import FEW, Setting

if TYPE_CHECKING:
    from ..training.tail import Tail

__all__ = ["classical", "scratch"]

OFFERS = frozenset({"classical", "scratch", "tail", "tokens", "language"})
RATES = (3e-4,)


def plain() -> View:
    """Texts as they are."""
    return View(None, "input")


def open_tail(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """The whole language model."""
    from ...source.language import model
    from ..training.text_tail import TextTail

    return TextTail(model.load(source, weights), k)


def tuned_view(view: View, facts: Facts) -> View:
    """Tokens."""
    return View(view.source, "input")


def copies(facts: Facts) -> int:
    """Texts are not augmented."""
    return 1


def suited(config: Setting, facts: Facts, decay: float = 1.0) -> Setting:
    """Rates and lengths that serve language models: the last three layers, all at one low rate.

    trec_questions, labelled part, 64 of each class, a draw, right on 1,000 others: probe 68.7 %, these 86.9;
    1,000 in all, another: probe 74.7 %, these, 300 steps, 91.3, all layers at a third of the rate 90.7.
    """
    keep, weight_decay = "last" if facts.n < FEW else "best", min(config.weight_decay, 0.01)
    return replace(config, lr=RATES[0], decay=decay, epochs=3, least=120, weight_decay=weight_decay, keep=keep)


def alternatives(config: Setting) -> Sequence[Setting]:
    """One alone: a training takes minutes."""
    return [config]
