"""Extractors for texts: a language model gives pooled features; "input" shows the texts as they are, or as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...family import load
from ...runtime import digest
from ...types import Example, Source, View
from .._extractor import Modality, WholeExtractor

COMMIT, LETTERS = 1024, 1 << 16  # texts a commit, and letters: of long texts a commit must not take minutes


def text_extractor(source: Source, weights: Path | None = None) -> WholeExtractor:
    """Pooled features of a language model at all depths, side by side."""
    runner = load("extract/engine", "torch")
    key = digest("language", source.identity, runner.text_precision())
    return WholeExtractor(source.key, key, ("all",), partial(runner.build_text, source, weights))


class Texts(Modality):
    """See the base class; texts as they are, and their tokens, are made anew each time, as they cost little."""

    def extractor(self, view: View, source: Source | None, weights: Path | None, engine: str) -> WholeExtractor:
        """Of a language model, which has one engine.

        Raises:
            UsageError: the view has no source, and is not "input".
        """
        if source is None:
            raise UsageError(
                f"Texts have no '{view.depth}' without a source. Name a source, or take the depth 'input'."
            )
        return text_extractor(source, weights)

    def content(self, example: Example) -> str:
        """The text."""
        return example.content or ""

    def shown(
        self, examples: Sequence[Example], source: Source | None, weights: Path | None
    ) -> tuple[NDArray[Any], str]:
        """The texts themselves, or the tokens that a source makes of them, [n] objects."""
        texts, x = [self.content(e) for e in examples], np.empty(len(examples), dtype=object)
        if source is None:
            x[:] = texts
            return x, "texts"
        from ...source.language.model import tokenizer, tokens

        x[:] = [np.array(row, np.int64) for row in tokens(tokenizer(source, weights), source, texts)]
        return x, digest("texts", source.identity)

    def length(self, example: Example) -> int:
        """In letters: texts of one length share a batch without padding."""
        return len(self.content(example))

    def full(self, rows: int, longest: int) -> bool:
        """By letters, too."""
        return rows == COMMIT or rows * longest > LETTERS


EXTRACTORS = Texts()
