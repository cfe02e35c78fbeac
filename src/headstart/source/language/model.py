"""Language models made runnable: the network, its tokenizer, its weights.

In: a `Source`, and its weights file, which carries the tokenizer in its header. Out: a `Language`. Knows nothing of
tasks and caches. This module is light; torch and transformers are imported inside the functions, and the torch module
itself stands in `encoder.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...errors import SourceError
from ...types import Source
from .. import _loaders, _transformers
from .._library import stumbling
from ..files import cache
from ..formats import pytorch
from .pairs import formed, separator, typed

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from .encoder import Language

STATIC = "static"  # an architecture that is a table of token vectors and nothing else
TOKENIZER = "tokenizer"  # where the weights file's header holds it
HEAD = "lm."  # stands before the names of a language-model head's own weights
AFTER = "after."  # and this before those of layers behind the pooling


def settings(source: Source) -> Any:  # noqa: ANN401 - of the architecture's own class
    """The library's configuration of a source.

    Raises:
        SourceError: transformers has no such model type.
    """
    transformers = _transformers.library()
    if source.architecture not in transformers.CONFIG_MAPPING:
        raise SourceError(
            f"transformers {transformers.__version__} has no model type '{source.architecture}' ('{source.key}'). "
            "Correct `architecture` in the record, or update transformers."
        )
    with stumbling(f"transformers refuses the settings of '{source.key}'"):
        return transformers.CONFIG_MAPPING[source.architecture](**source.config)


def lm_kind(source: Source) -> str | None:
    """Which language-model head the architecture takes: "masked", "causal", or None."""
    if source.architecture == STATIC:
        return None
    transformers, config = _transformers.library(), settings(source)
    if config.is_encoder_decoder:
        return None
    if type(config) in transformers.MODEL_FOR_MASKED_LM_MAPPING:
        return "masked"
    return "causal" if type(config) in transformers.MODEL_FOR_CAUSAL_LM_MAPPING else None


def converted(tensors: Mapping[str, Tensor], source: Source) -> dict[str, Tensor]:
    """The weights by the library's names, those of a language-model head with `HEAD` before them.

    Raises:
        SourceError: a weight of the architecture is missing or has another shape.
    """
    if source.architecture == STATIC:
        if len(tensors) != 1 or (table := next(iter(tensors.values()))).ndim != 2:
            raise SourceError(
                f"The weights of '{source.key}' are no single table of token vectors. Correct the record."
            )
        return {"embedding.weight": table.float()}
    return pretrained(source, None, config=settings(source), state_dict=dict(tensors))


def pretrained(source: Source, place: Path | None, **more: Any) -> dict[str, Tensor]:  # noqa: ANN401
    """As `converted`, read by the library itself.

    Args:
        source: the record.
        place: a folder that `save_pretrained` wrote; None where `more` has the tensors as `state_dict`.
        more: for the library's `from_pretrained`. No code of the folder is run, and only safetensors are read.

    Raises:
        SourceError: a weight of the architecture is missing or has another shape.
    """
    kind = lm_kind(source)
    net, wrong, _ = _transformers.filled(_class(source, kind), place, **more)
    prefix = f"{net.base_model_prefix}." if kind else ""
    for name, why in sorted(wrong.items()):
        if name.startswith(prefix):
            raise SourceError(
                f"The weights of '{source.key}' do not fit {source.architecture}: '{name.removeprefix(prefix)}' {why}. "
                "Correct the catalogue record."
            )
    out = pytorch.once((net.base_model if kind else net).state_dict())
    if kind and not wrong:
        known = {t.data_ptr() for t in out.values()}
        out |= {HEAD + name: t for name, t in pytorch.once(net.state_dict()).items() if t.data_ptr() not in known}
    return out


def _auto(source: Source, kind: str | None) -> str:
    """What transformers' name for this kind of model ends in."""
    if kind:
        return f"For{kind.title()}LM"
    return "ForTextEncoding" if settings(source).is_encoder_decoder else ""


def _class(source: Source, kind: str | None) -> Any:  # noqa: ANN401 - a class of transformers
    """The class of the architecture's network: alone, or with a head of that kind."""
    name = {"": "", "ForTextEncoding": "FOR_TEXT_ENCODING_"}.get(_auto(source, kind), f"FOR_{kind}_LM_".upper())
    known = getattr(_transformers.library(), f"MODEL_{name}MAPPING")
    if (config := type(settings(source))) not in known:
        raise SourceError(
            f"transformers has no network that makes features of texts for '{source.architecture}' ('{source.key}'). "
            "Use a BERT, DistilBERT, RoBERTa, MPNet, ALBERT, GPT-2, T5 or Llama."
        )
    return known[config]


def _plain(source: Source) -> Any:  # noqa: ANN401 - of the architecture's own class
    """The settings for features alone: keys and values are not kept for writing on."""
    config = settings(source)
    config.use_cache = False
    return config


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
            from .encoder import Static

            return Static(int(source.config["vocab_size"]), source.feature_dim).eval()
        made, bare = (
            getattr(_transformers.library(), f"AutoModel{_auto(source, None)}"),
            _transformers.bare(_class(source, None)),
        )
        with stumbling(f"transformers can build no {source.architecture} as '{source.key}' describes it"):
            net: nn.Module = made.from_config(_plain(source), **bare)
    return net.eval()


def sizes(source: Source) -> dict[str, Any]:
    """What a record says of a network's size, computed: `feature_dim`, `widths`, `params`, `macs`; and `positions`.

    `macs` are multiply-adds of the layers for a text of 64 tokens; `positions` tokens are read at most.

    Raises:
        SourceError: no stack of layers that features could be taken from.
    """
    import torch

    from .encoder import layers
    from .pooling import after

    config = settings(source)
    with torch.device("meta"):
        net = build(source)
    stack, width, words = layers(net), getattr(config, "hidden_size", None), source.words
    if stack is None or not isinstance(width, int) or getattr(net, "main_input_name", "") != "input_ids":
        raise SourceError(
            f"'{source.key}' is a '{source.architecture}', which is no stack of layers over tokens, so its features "
            "cannot be taken. Use a BERT, DistilBERT, RoBERTa, MPNet, ALBERT, GPT-2, T5 or Llama."
        )
    if not len(stack):
        raise SourceError(f"'{source.key}' describes a {source.architecture} without layers. Correct its config.json.")
    pooled = width * len(words.pooling.split("+"))
    top = _chained(source, pooled)
    depth, weights = config.num_hidden_layers, sum(p.numel() for p in stack.parameters() if p.ndim == 2)
    tables = [m for name, m in net.named_modules() if name.endswith("position_embeddings")]
    pads = [pad for m in tables if (pad := getattr(m, "padding_idx", None)) is not None]  # RoBERTa counts from behind
    return {
        "feature_dim": top,
        "widths": (*(pooled,) * (len(stack) - 1), top),
        "params": sum(p.numel() for p in (*net.parameters(), *after(words.after).parameters())),
        "macs": 64 * depth // len(stack) * weights + 2 * 64 * 64 * width * depth,
        "positions": getattr(config, "max_position_embeddings", 1 << 20) - max((pad + 1 for pad in pads), default=0),
    }


def _chained(source: Source, width: int) -> int:
    """The width of what leaves the layers behind the pooling, which gives `width`.

    Raises:
        SourceError: one does not take what the one before it gives.
    """
    for word in source.words.after:
        _, *sides = word.split(":")
        if sides and int(sides[0]) != width:
            raise SourceError(
                f"'{source.key}' has a layer for vectors of {sides[0]} numbers behind something that gives {width}. "
                "Save the model again."
            )
        width = int(sides[1]) if sides else width
    return width


def load(source: Source, weights: Path | None = None) -> Language:
    """A source's network with its weights, in eval mode, on the CPU.

    Raises:
        SourceError: the weights cannot be had, are damaged, or do not fit the architecture.
    """
    from .encoder import Language

    path = weights or _loaders.fetch(source)
    given = cache.read(path)
    tensors = {n: t for n, t in given.items() if not n.startswith((HEAD, AFTER))}
    if source.architecture == STATIC:
        net = build(source)
        missing, strange = net.load_state_dict(tensors, strict=False)
        wrong = [*missing, *strange]
    else:
        net, bad, strange = _transformers.filled(_class(source, None), None, config=_plain(source), state_dict=tensors)
        wrong = [*(f"{name} {why}" for name, why in bad.items()), *strange]
    model = Language(source, net, _between(path, net))
    behind = {n.removeprefix(AFTER): t for n, t in given.items() if n.startswith(AFTER)}
    shapes = {n: t.shape for n, t in model.after.state_dict().items()}
    if shapes == {n: t.shape for n, t in behind.items()}:
        model.after.load_state_dict(behind)
    else:
        wrong.append(f"the layers behind the pooling have {sorted(behind)}, and should have {sorted(shapes)}")
    if wrong:
        raise SourceError(
            f"The weights {path} of '{source.key}' do not fit {source.architecture}: {'; '.join(wrong)[:300]}. Pull "
            "them again."
        )
    return model.eval()


def drawn(source: Source, seed: int) -> dict[str, Tensor]:
    """Random weights, named as in a source's file."""
    import torch

    from .pooling import after

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        behind = after(source.words.after).state_dict()
    return pytorch.once(build(source, seed).state_dict()) | {AFTER + name: tensor for name, tensor in behind.items()}


def language_model(source: Source, weights: Path | None = None) -> nn.Module:
    """A source as the library's masked or causal language model (see `lm_kind`), in eval mode, on the CPU.

    Its attribute `base_model` is the network that `load` gives.

    Raises:
        SourceError: as `load`; or there is no such head, neither tied to the embeddings nor in the weights.
    """
    if kind := lm_kind(source):
        given = cache.read(weights or _loaders.fetch(source))
        tensors = {n: t for n, t in given.items() if not n.startswith(AFTER)}
        prefix = f"{_class(source, kind).base_model_prefix}."
        state = {n.removeprefix(HEAD) if n.startswith(HEAD) else prefix + n: t for n, t in tensors.items()}
        net, wrong, strange = _transformers.filled(
            _class(source, kind), None, config=settings(source), state_dict=state
        )
        if not wrong and not strange:
            return cast("nn.Module", net.eval())
    raise SourceError(
        f"The weights of '{source.key}' have no language-model head: it gives features and predicts no words. Use a "
        "source that does, e.g. smollm2-135m (causal) or albert-reactions (masked)."
    )


def _between(path: Path, net: nn.Module) -> int | None:
    """As `pairs.separator`, of the tokenizer in a weights file; None where it carries none."""
    if not typed(net):  # before a tokenizer is made: one of 250,000 tokens takes 0.4 GB
        return None
    from safetensors import safe_open
    from tokenizers import Tokenizer

    with safe_open(path, "pt") as opened:
        found = (opened.metadata() or {}).get(TOKENIZER)
    return separator(Tokenizer.from_str(found), net) if found else None


def tokenizer(source: Source, weights: Path | None = None) -> Tokenizer:
    """The source's tokenizer: texts are cut at the source's length, on the side that it says; nothing is padded.

    Args:
        source: the record.
        weights: its file of weights, or a tokenizer.json.

    Raises:
        SourceError: the weights file cannot be had or carries none.
    """
    from tokenizers import Tokenizer

    path = weights or _loaders.fetch(source)
    found = written(path)
    if found is None:
        raise SourceError(f"{path} carries no tokenizer. Delete it and pull the source again.")
    made = Tokenizer.from_str(found)
    made.no_padding()
    side = (made.truncation or {}).get("direction", "right")
    made.enable_truncation(source.words.length, direction=side)
    return made


def written(path: Path) -> str | None:
    """The tokenizer in a weights file, or that is the file, as JSON."""
    if path.suffix == ".json":
        return path.read_text(encoding="utf-8")
    from safetensors import safe_open

    with safe_open(path, "np") as opened:
        return (opened.metadata() or {}).get(TOKENIZER)


def tokens(made: Tokenizer, source: Source, texts: list[str]) -> list[list[int]]:
    """Ids of each text, its prefix and special tokens included; never none."""
    whole = source.architecture != STATIC  # to a table of vectors a mark of beginning is noise
    given = [formed(made, source.words.prefix + text if source.words.prefix else text, whole) for text in texts]
    found = made.encode_batch_fast(given, add_special_tokens=whole)
    return [item.ids or [0] for item in found]
