"""GGUF, llama.cpp's format: quantised weights and tokenizer in one file. transformers unpacks both.

Three things that the file says of its tokenizer are put right here (transformers 5.23): whether a text begins with a
space, whether digits stand apart, and which tokens there are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAGIC = b"GGUF"
_SAYS = "tokenizer.ggml."
# What a file calls the way its vocabulary cuts texts, of those that take each digit alone before all else (llama.cpp).
_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell")


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


def said(file: Path) -> dict[str, Any]:
    """What a file says of its tokenizer: `pre` and `add_space_prefix`, where it has them."""
    from gguf import GGUFReader

    fields = GGUFReader(file).fields
    return {name: fields[_SAYS + name].contents() for name in ("pre", "add_space_prefix") if _SAYS + name in fields}
