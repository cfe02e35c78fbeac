"""Which packaged sources are near a network that cannot be had: of its family, and of its size.

In: a name of timm's, torchvision's or the hub's. Out: a sentence for a person without a network.
"""

from __future__ import annotations

import math
import re

from ..errors import HeadstartError
from ..types import Source
from . import _catalogue
from .language.model import lm_kind
from .vision import timm

_SHOWN = 3
_CAUSAL = re.compile(r"gpt|llama|opt|bloom|qwen|pythia|mistral|gemma|smollm")
_TEXTS = re.compile(rf"{_CAUSAL.pattern}|bert|t5|minilm|mpnet|e5|bge|gte|electra|sentence|text|xlm|lm\b")
# Words of keys that name no family.
_COMMON = frozenset(
    "headstart small base large lite patch multilingual static imagenet edges text drawn reid faces".split()
)


def near(name: str) -> str:
    """Those that come with headstart and are nearest, with their size."""
    plain = name.rpartition("/")[2].rpartition(":")[2].casefold()
    modality = "text" if _TEXTS.search(plain) and not timm.library().is_model(plain.partition(".")[0]) else "image"
    size = _size(plain) if modality == "image" else None
    broad = {s.key for s in _catalogue.usual("image") if s.published or s.domain == "photographs"}
    known = [s for s in _catalogue.usual(modality) if modality == "text" or s.key in broad or _akin(s, plain)]
    ranked = sorted(known, key=lambda s: (not _akin(s, plain), _apart(s, size), -(s.published or 0.0), s.key))
    shown = ", ".join(f"{s.key} ({s.params / 1e6:.1f} M parameters, {s.domain})" for s in ranked[:_SHOWN])
    what = f" ({size / 1e6:.1f} M parameters)" if size else ""
    return f"Near '{name}'{what}, and packaged: {shown}. Name one with --source {ranked[0].key}."


def _akin(source: Source, name: str) -> bool:
    """Whether a word of the source's names is in the name: "vit", "vgg", "mobilenet", "bert"."""
    if _CAUSAL.search(name) and source.modality == "text":
        return lm_kind(source) == "causal"
    words = set(re.findall("[a-z]{3,}", f"{source.key} {source.architecture}")) - _COMMON
    return any(word in name for word in words)


def _apart(source: Source, size: int | None) -> float:
    """How far its size is from the wanted one, as a ratio's logarithm; 0 where that is not known."""
    return abs(math.log(source.params / size)) if size else 0.0


def _size(name: str) -> int | None:
    """How many parameters timm's network of that name has."""
    import torch

    try:
        with torch.device("meta"):
            return sum(p.numel() for p in timm.build(name.partition(".")[0], {}).parameters())
    except HeadstartError:
        return None
