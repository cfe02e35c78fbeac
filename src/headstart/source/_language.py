"""Language models made runnable: the network, its tokenizer, its weights.

In: a `Source`, and its weights file, which carries the tokenizer in its header. Out: a `Language`. The only place that
knows transformers. Knows nothing of tasks and caches. This module is light; torch and transformers are imported inside
the functions, and the torch module itself stands in `_encoder.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..types import Source
from . import _torchvision

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from ._encoder import Language

STATIC = "static"  # an architecture that is a table of token vectors and nothing else
TOKENIZER = "tokenizer"  # where the weights file's header holds it
# What models with a head of their own put before the names.
_PREFIXES = ("", "model.", "bert.", "albert.", "roberta.", "mpnet.", "distilbert.", "transformer.", "encoder.")
_WITHOUT_POOLER = ("bert", "albert", "roberta", "mpnet", "xlm-roberta")


def library() -> Any:  # noqa: ANN401 - imported late
    """The transformers module, ready to use and calling no hub unless a person has set `HF_HUB_OFFLINE` otherwise."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    _torchvision.cure()
    import transformers

    return transformers


def converted(tensors: Mapping[str, Tensor], source: Source) -> dict[str, Tensor]:
    """The weights by the library's names.

    Raises:
        SourceError: a weight of the architecture is missing or has another shape.
    """
    if source.architecture == STATIC:
        if len(tensors) != 1 or (table := next(iter(tensors.values()))).ndim != 2:
            raise SourceError(
                f"The weights of '{source.key}' are no single table of token vectors. Correct the record."
            )
        return {"embedding.weight": table.float()}
    out = {}
    for name, wanted in build(source).state_dict().items():
        tensor = next((tensors[prefix + name] for prefix in _PREFIXES if prefix + name in tensors), None)
        if tensor is None or tensor.shape != wanted.shape:
            has = "is missing" if tensor is None else f"is {tuple(tensor.shape)}"
            raise SourceError(
                f"The weights of '{source.key}' do not fit {source.architecture}: '{name}', {tuple(wanted.shape)}, "
                f"{has}. Correct the catalogue record."
            )
        out[name] = tensor.float()
    return out


def build(source: Source, seed: int | None = None) -> nn.Module:
    """The source's network with random weights, in eval mode; the caller's random numbers are untouched.

    Raises:
        SourceError: transformers has no such model type.
    """
    import torch

    with torch.random.fork_rng(devices=[]):  # drawing weights must not move the caller's seed
        if seed is not None:
            torch.manual_seed(seed)
        if source.architecture == STATIC:
            from ._encoder import Static

            return Static(int(source.config["vocab_size"]), source.feature_dim).eval()
        transformers = library()
        if source.architecture not in transformers.CONFIG_MAPPING:
            raise SourceError(
                f"transformers {transformers.__version__} has no model type '{source.architecture}' ('{source.key}'). "
                "Correct `architecture` in the record, or update transformers."
            )
        config = transformers.CONFIG_MAPPING[source.architecture](**source.config)
        extra = {"add_pooling_layer": False} if source.architecture in _WITHOUT_POOLER else {}
        net: nn.Module = transformers.AutoModel.from_config(config, **extra)
    return net.eval()


def load(source: Source, weights: Path | None = None) -> Language:
    """A source's network with its weights, in eval mode, on the CPU.

    Raises:
        SourceError: the weights cannot be had, are damaged, or do not fit the architecture.
    """
    from . import _catalogue, _weights
    from ._encoder import Language

    path = weights or _catalogue.fetch(source)
    tensors, net = _weights.read(path), build(source)
    try:
        net.load_state_dict(tensors, strict=True)
    except RuntimeError as problem:
        why = " ".join(str(problem).split())[:300]
        raise SourceError(
            f"The weights {path} of '{source.key}' do not fit {source.architecture}: {why}. Pull them again."
        ) from problem
    return Language(source, net).eval()


def tokenizer(source: Source, weights: Path | None = None) -> Tokenizer:
    """The source's tokenizer: texts are cut at the source's length, nothing is padded.

    Raises:
        SourceError: the weights file cannot be had or carries none.
    """
    from safetensors import safe_open
    from tokenizers import Tokenizer

    from . import _catalogue

    path = weights or _catalogue.fetch(source)
    with safe_open(path, "pt") as opened:
        found = (opened.metadata() or {}).get(TOKENIZER)
    if found is None:
        raise SourceError(f"{path} carries no tokenizer. Delete it and pull the source again.")
    made = Tokenizer.from_str(found)
    made.no_padding()
    made.enable_truncation(source.words.length)
    return made


def tokens(made: Tokenizer, source: Source, texts: list[str]) -> list[list[int]]:
    """Ids of each text, its prefix and special tokens included; never none."""
    whole = source.architecture != STATIC  # to a table of vectors a mark of beginning is noise
    found = made.encode_batch_fast([source.words.prefix + text for text in texts], add_special_tokens=whole)
    return [item.ids or [0] for item in found]
