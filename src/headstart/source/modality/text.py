"""Language models: transformers' networks, tables of token vectors, what sentence-transformers saves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ...types import Source, TextSpec
from .._modality import Demand, Modality, Weights, whole
from ..language import folder as folders
from ..language import model, sentence, weights

if TYPE_CHECKING:
    from torch import Tensor

_CAUSAL = re.compile(r"gpt|llama|opt|bloom|qwen|pythia|mistral|gemma|smollm")
_TEXTS = re.compile(rf"{_CAUSAL.pattern}|bert|t5|minilm|mpnet|e5|bge|gte|electra|sentence|text|xlm|lm\b")

FEWEST = 8  # tokens that make a text
# Of 400 book reviews (half of them longer than 150 tokens) mpnet-base names 90 % with 256 tokens as with all, 89 with
# 128, 84 with 64; e5-small 89, 88, 81: benchmarks/choose/EXPECTED.md.
SHORTER = (256, 128)


class Texts(Modality):
    """What is asked of language models."""

    spec = TextSpec
    files, downloads = folders.FILES, folders.DOWNLOADS

    def demands(self, given: Mapping[str, Any]) -> Iterator[Demand]:
        """A length, and a pooling that is done here."""
        yield Demand(whole(given["length"]), "length", given["length"], "a whole number of tokens above 0")
        how, known = given.get("pooling", "mean"), sentence.POOLINGS.values()
        able = isinstance(how, str) and set(how.split("+")) <= {*known}
        yield Demand(able, "pooling", how, f"{', '.join(known)}, or several joined by +")
        kind = given.get("notation", "plain")
        yield Demand(kind in ("plain", "smiles"), "notation", kind, "plain or smiles")
        prefix = given.get("prefix", "")
        yield Demand(isinstance(prefix, str), "prefix", prefix, "text")

    def shown(self, given: Mapping[str, Any]) -> str:
        """Its length in tokens."""
        return f"{given['length']} tokens"

    def plain(self, source: Source) -> bool:
        """Readers of formulas take part when they are named."""
        return source.words.notation == "plain"

    def at_most(self, source: Source, size: int) -> Source:
        """The first `size` tokens of each text are read."""
        most = source.words.length
        if not FEWEST <= size <= most:
            raise SourceError(f"'{source.key}' reads {FEWEST} to {most} tokens of a text, not {size}.")
        return replace(source, key=f"{source.key}@{size}", input=replace(source.words, length=size))

    def lighter(self, source: Source) -> Iterator[tuple[Source, float]]:
        """Those of `SHORTER`; a table of vectors costs next to nothing whatever it reads."""
        for size in SHORTER:
            if size < source.words.length and source.architecture != model.STATIC:
                yield self.at_most(source, size), size / source.words.length

    def head(self, source: Source) -> str | None:
        """See `model.lm_kind`."""
        return model.lm_kind(source)

    def drawn(self, source: Source, seed: int) -> dict[str, Tensor]:
        """Those of layers behind the pooling as well."""
        return model.drawn(source, seed)

    def converted(self, files: Sequence[Path], source: Source) -> Weights:
        """See `language/weights.py`."""
        return _with(*weights.converted(files, source))

    def recipe(self, source: Source) -> dict[str, Any]:
        """Of a GGUF that its tokenizer was mended."""
        return {"tokenizer": "mended"} if str(source.origin.get("file", "")).endswith(".gguf") else {}

    def claim(self, folder: Path, said: Mapping[str, Any]) -> float:
        """What nobody else knows is tried: transformers tells what is wrong with it."""
        return 0.1

    def record(self, folder: Path, said: Mapping[str, Any], known: Mapping[str, Any]) -> Source:
        """See `language/folder.py`."""
        return folders.record(folder, known)

    def adopted(self, source: Source, folder: Path, said: Mapping[str, Any]) -> Weights:
        """By transformers' names, the tokenizer in the header."""
        return _with(*folders.tensors(source, folder))

    def places(self, folder: Path) -> set[Path]:
        """The modules of sentence-transformers."""
        return sentence.places(folder)

    def sounds(self, name: str) -> float:
        """By words that names of language models have."""
        return 0.5 if _TEXTS.search(name) else 0.0

    def akin(self, source: Source, name: str) -> bool | None:
        """Causal models are alike in what they do, whatever they are called."""
        return model.lm_kind(source) == "causal" if _CAUSAL.search(name) else None


def _with(tensors: Mapping[str, Tensor], tokenizer: str) -> Weights:
    return Weights(tensors, {model.TOKENIZER: tokenizer})


SOURCES = Texts()
