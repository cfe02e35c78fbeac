"""Extractors for texts: a language model gives pooled features; "input" shows the texts as they are, or as tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...family import load
from ...kind._base import ragged
from ...runtime import digest
from ...types import Example, Source, View
from .._extractor import Modality, WholeExtractor

if TYPE_CHECKING:
    from torch import nn

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

    def entry(self, view: View, source: Source | None, weights: Path | None) -> WholeExtractor:
        """Tokens, rows filled up with −1, [b, l] int64; of a view without a source the texts, [b] objects."""

        def build() -> Callable[[Sequence[str]], list[NDArray[Any]]]:
            if source is None:
                return lambda texts: [ragged(texts)]
            read = _reader(source, weights)
            return lambda texts: [padded(read(texts))]

        return WholeExtractor(source.key if source else "texts", "entry", ("input",), build)

    def network(self, view: View, source: Source | None, weights: Path | None) -> nn.Module:
        """The language model and its pooling; nothing where tokens or texts are looked at."""
        from torch import nn

        from ...source.language.encoder import Rows
        from ...source.language.model import load

        return nn.Identity() if source is None or view.depth == "input" else Rows(load(source, weights), view.depth)

    def content(self, example: Example) -> str:
        """The text."""
        return example.content or ""

    def shown(
        self, examples: Sequence[Example], source: Source | None, weights: Path | None
    ) -> tuple[NDArray[Any], str]:
        """The texts themselves, or the tokens that a source makes of them, [n] objects."""
        texts = [self.content(e) for e in examples]
        if source is None:
            return ragged(texts), "texts"
        return ragged(_reader(source, weights)(texts)), digest("texts", source.identity)

    def length(self, example: Example) -> int:
        """In letters: texts of one length share a batch without padding."""
        return len(self.content(example))

    def full(self, rows: int, longest: int) -> bool:
        """By letters, too."""
        return rows == COMMIT or rows * longest > LETTERS


def _reader(source: Source, weights: Path | None) -> Callable[[Sequence[str]], list[NDArray[np.int64]]]:
    """Texts → the tokens of each."""
    from ...source.language.model import tokenizer, tokens

    made = tokenizer(source, weights)
    return lambda texts: [np.array(row, np.int64) for row in tokens(made, source, list(texts))]


def padded(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Rows of tokens as one array, filled up with −1.

    >>> padded([np.array([5]), np.array([5, 6])]).tolist()
    [[5, -1], [5, 6]]
    """
    out = np.full((len(rows), max(map(len, rows))), -1, np.int64)
    for at, row in enumerate(rows):
        out[at, : len(row)] = row
    return out


EXTRACTORS = Texts()
