"""GGUF, llama.cpp's format: quantised weights and tokenizer in one file, read by transformers with the package `gguf`.

Out: plain float32 tensors by the library's names, and the tokenizer as JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..family import require
from ..types import Source

if TYPE_CHECKING:
    from torch import Tensor

MAGIC = b"GGUF"


def read(file: Path, source: Source) -> tuple[dict[str, Tensor], str]:
    """Tensors and tokenizer.

    Raises:
        UsageError: the package `gguf` is not installed.
        SourceError: the tensors do not fit the architecture.
    """
    from . import _language

    require(f"source '{source.key}', which comes as GGUF,", ["gguf"])
    tensors = _language.pretrained(source, file.parent, gguf_file=file.name)
    how = {"gguf_file": file.name, "trust_remote_code": False}  # no code of its folder
    words = _language.library().AutoTokenizer.from_pretrained(file.parent, **how)
    return tensors, str(words.backend_tokenizer.to_str())
