"""Which packaged sources are near a network that cannot be had: of its family, and of its size.

In: a name of timm's, torchvision's or the hub's. Out: a sentence for a person without a network.
"""

from __future__ import annotations

import math
import re

from ..types import Source
from . import _modality, _records
from ._modality import Modality

_SHOWN = 3
# Words of keys that name no family.
_COMMON = frozenset(
    "headstart small base large lite patch multilingual static imagenet edges text drawn reid faces".split()
)


def near(name: str) -> str:
    """Those that come with headstart and are nearest, with their size."""
    plain = name.rpartition("/")[2].rpartition(":")[2].casefold()
    modality = max(_modality.names(), key=lambda one: _modality.of(one).sounds(plain))
    kind = _modality.of(modality)
    size = kind.size(plain)
    known = [s for s in _records.usual(modality) if kind.broad(s) or _akin(kind, s, plain)]
    if not known:
        return f"Nothing that is packaged is near '{name}'."
    ranked = sorted(known, key=lambda s: (not _akin(kind, s, plain), _apart(s, size), -(s.published or 0.0), s.key))
    shown = ", ".join(f"{s.key} ({s.params / 1e6:.1f} M parameters, {s.domain})" for s in ranked[:_SHOWN])
    what = f" ({size / 1e6:.1f} M parameters)" if size else ""
    return f"Near '{name}'{what}, and packaged: {shown}. Name one with --source {ranked[0].key}."


def _akin(kind: Modality, source: Source, name: str) -> bool:
    """Whether it does what the name's network does, or a word of its names is in the name: "vit", "vgg", "bert"."""
    if (known := kind.akin(source, name)) is not None:
        return known
    words = set(re.findall("[a-z]{3,}", f"{source.key} {source.architecture}")) - _COMMON
    return any(word in name for word in words)


def _apart(source: Source, size: int | None) -> float:
    """How far its size is from the wanted one, as a ratio's logarithm; 0 where that is not known."""
    return abs(math.log(source.params / size)) if size else 0.0
