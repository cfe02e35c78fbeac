"""Lenses for texts: a language model gives pooled features; "input" shows the texts as they are, or as tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...family import load
from ...runtime import digest
from ...types import Example, Source, View

COMMIT, LETTERS = 1024, 1 << 16  # texts a commit, and letters: of long texts a commit must not take minutes
Compute = Callable[[Sequence[str]], list[NDArray[Any]]]  # b texts → [b, d] per output


@dataclass(frozen=True)
class TextLens:
    """Pooled features of texts: one array per output."""

    name: str
    key: str
    outputs: tuple[str, ...]
    build: Callable[[], Compute] = field(repr=False)

    @cached_property
    def compute(self) -> Compute:
        """The model behind the lens, made on first use."""
        return self.build()

    def prepare(self, text: str, name: str = "") -> str:
        """A text is as it is."""
        return text

    def rows(self, prepared: Sequence[str]) -> list[NDArray[Any]]:
        """b texts → [b, d] per output."""
        return self.compute(prepared)


def lens(view: View, source: Source | None, weights: Path | None, engine: str) -> TextLens:
    """See `_lens.Modality`; language models have one engine.

    Raises:
        UsageError: the view has no source, and is not "input".
    """
    if source is None:
        raise UsageError(f"Texts have no '{view.depth}' without a source. Name a source, or take the depth 'input'.")
    return text_lens(source, weights)


def text_lens(source: Source, weights: Path | None = None) -> TextLens:
    """Pooled features of a language model at all depths, side by side."""
    runner = load("extract/engine", "torch")
    key = digest("language", source.identity, runner.text_precision())
    return TextLens(source.key, key, ("all",), partial(runner.build_text, source, weights))


def plain(view: View) -> bool:
    """Texts as they are, and their tokens, are made anew each time, as they cost little."""
    return view.depth == "input"


def shown(examples: Sequence[Example], source: Source | None, weights: Path | None) -> tuple[NDArray[Any], str]:
    """The texts themselves, or the tokens that a source makes of them, [n] objects."""
    texts, x = [content(e) for e in examples], np.empty(len(examples), dtype=object)
    if source is None:
        x[:] = texts
        return x, "texts"
    from ...source.language.model import tokenizer, tokens

    x[:] = [np.array(row, np.int64) for row in tokens(tokenizer(source, weights), source, texts)]
    return x, digest("texts", source.identity)


def content(example: Example) -> str:
    """The text."""
    return example.content or ""


def length(example: Example) -> int:
    """In letters: texts of one length share a batch without padding."""
    return len(content(example))


def full(rows: int, longest: int) -> bool:
    """See `_lens.Modality`."""
    return rows == COMMIT or rows * longest > LETTERS


def side(example: Example) -> int:
    """It has none."""
    return 0
