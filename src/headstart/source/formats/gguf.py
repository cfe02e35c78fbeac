"""GGUF, llama.cpp's format: quantised weights and tokenizer in one file, read by transformers with the package `gguf`.

Out: plain float32 tensors by the library's names, and the tokenizer as JSON. Three things that the file says of its
tokenizer are put right here (transformers 5.23): whether a text begins with a space, whether digits stand apart, and
which tokens there are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...family import require
from ...types import Source

if TYPE_CHECKING:
    from torch import Tensor

MAGIC = b"GGUF"
_SAYS = "tokenizer.ggml."
# What a file calls the way its vocabulary cuts texts, of those that take each digit alone before all else (llama.cpp).
_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell")


def read(file: Path, source: Source) -> tuple[dict[str, Tensor], str]:
    """Tensors and tokenizer.

    Raises:
        UsageError: the package `gguf` is not installed.
        SourceError: the tensors do not fit the architecture.
    """
    from ..language import model

    require(f"source '{source.key}', which comes as GGUF,", ["gguf"])
    tensors = model.pretrained(source, file.parent, gguf_file=file.name)
    how = {"gguf_file": file.name, "trust_remote_code": False}  # no code of its folder
    words = model.library().AutoTokenizer.from_pretrained(file.parent, **how)
    rows = int(model.settings(source).vocab_size)
    return tensors, mended(str(words.backend_tokenizer.to_str()), _said(file), rows)


def mended(words: str, said: dict[str, Any], rows: int) -> str:
    """A tokenizer's JSON as the file means it.

    Args:
        words: what transformers made.
        said: `pre` and `add_space_prefix`, where the file has them.
        rows: of the embeddings; tokens beyond them, which transformers adds, have no vector.
    """
    made = json.loads(words)
    made["added_tokens"] = [token for token in made["added_tokens"] if token["id"] < rows]
    cut = made["pre_tokenizer"] or {}
    if said.get("add_space_prefix") is False and cut.get("type") == "Metaspace":
        cut["prepend_scheme"] = "never"
    if said.get("pre") in _DIGITS and cut.get("type") == "ByteLevel":
        digits = {"type": "Digits", "individual_digits": True}
        made["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, cut]}
    return json.dumps(made, ensure_ascii=False)


def _said(file: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    fields = GGUFReader(file).fields
    return {name: fields[_SAYS + name].contents() for name in ("pre", "add_space_prefix") if _SAYS + name in fields}
