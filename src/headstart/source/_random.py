"""A source's twin that has learnt nothing: the same architecture and input, weights drawn by chance.

In: a `Source`. Out: the record of its twin and a file with its weights. What random features give is what a source
has to beat before one can say that anything was transferred. Batch-norm statistics stay as a new network has them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..runtime import digest
from ..types import Source
from . import _modality
from .formats import pytorch

MARK = "~random"  # behind the key of a twin


def twin(source: Source, seed: int = 0) -> Source:
    """The record: another key, another sha256 (so that no cache takes one for the other), nothing learnt.

    >>> from ._catalogue import get
    >>> twin(get("mobilenet-v2")).key
    'mobilenet-v2~random'
    """
    return replace(
        source,
        key=source.key + MARK,
        title=f"{source.title}, random weights",
        sha256=digest("random", source.architecture, dict(source.config), seed),
        pretrained_on="nothing",
        classes="none",
        domain="nothing",
        published=None,
        random=True,
    )


def drawn(source: Source, folder: Path, weights: Path, seed: int = 0) -> Path:
    """The twin's weights, drawn from `seed`, as a safetensors file in `folder`.

    What the header of the source's own file (`weights`) holds, of a language model its tokenizer, is the twin's too.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    path = folder / f"{source.key}{MARK}.safetensors"
    with safe_open(weights, "pt") as opened:
        header = opened.metadata()
    state = pytorch.once(_modality.of(source.modality).drawn(source, seed))
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path, header)
    return path
