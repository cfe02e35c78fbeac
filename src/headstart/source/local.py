"""Loader: a model in a folder that `save_pretrained` wrote: config.json, safetensors, tokenizer or picture settings.

In: the folder (`--source path/to/folder`). Out: its `Source`, all of it read or computed from the files, and the path
of its weights in our cache. No code of the folder is run, and weights in other formats are not read. What is a vision
model is for `_vision`, what sentence-transformers saved beside a network for `_sentence`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import runtime
from ..errors import SourceError
from ..types import Source, TextSpec
from . import _card, _digest, _weights
from .language import model
from .language import sentence as _sentence
from .vision import folder as _vision

ORIGIN = ("folder",)  # what a record's [origin] must give
CONFIG = "config.json"
ADAPTER = "adapter_config.json"  # peft's
LENGTH = 512  # tokens at most: longer ones cost much, and tell a class rarely
# Of config.json what says how the model was saved, not what it is.
_ASIDE = ("model_type", "architectures", "transformers_version", "torch_dtype", "dtype", "_name_or_path", "auto_map",
          "attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation",
          "use_kernels", "quantization_config")  # fmt: skip # the last ones name code or packages to compute with
_ALONE = (".safetensors", ".pth", ".pt", ".bin")
_WORDS = ("vocab.*", "*.model")
_FILES = (CONFIG, "*.safetensors", "*.safetensors.index.json", "tokenizer.json", "tokenizer_config.json", "merges.txt",
          *_vision.PROCESSORS, *_WORDS)  # fmt: skip


def find(name: str) -> Source | None:
    """The source in a folder of that path; None where the path is no folder with a model.

    Raises:
        SourceError: the folder's model cannot be used.
    """
    try:
        folder = Path(name).expanduser()
        here = any((folder / name).is_file() for name in (CONFIG, ADAPTER, _sentence.MODULES))
        alone = folder.suffix in _ALONE and folder.is_file()
    except (RuntimeError, OSError, ValueError):  # a home that nobody has, a name longer than a file's can be
        return None
    if not here:
        if alone:
            raise SourceError(
                f"{folder} holds weights and not what they are weights of. Give the folder with its config.json, or "
                f"timm's name of the network with the file: `--source timm:NAME={folder}`."
            )
        return None
    folder = folder.resolve()
    made = source(folder, folder.name, "local", {"folder": str(folder)})
    return replace(made, key=f"{made.key}@{made.sha256[:8]}")  # two folders of one name stay two sources


def source(folder: Path, key: str, loader: str, origin: dict[str, str]) -> Source:
    """The record of the model in a folder.

    Args:
        folder: where it lies.
        key: what to call it.
        loader: who fetches it.
        origin: where it comes from; with a `repository` its tags and its card are believed.

    Raises:
        SourceError: no weights as safetensors, or no architecture that features can be taken from; or an adapter.
    """
    refuse_adapter(folder)
    said = _json(folder / CONFIG)
    sentence = None if _vision.holds(said, folder) else _sentence.read(folder)
    inner = sentence.inner if sentence else folder
    if not any(inner.glob("*.safetensors")):
        raise SourceError(
            f"{inner} holds no weights as safetensors, and no others are read. Load the model where you trust it and "
            "save it with `model.save_pretrained(folder)`."
        )
    whole = _digest.of_all(_files(folder))
    origin = {**origin, "weights_sha256": _vision.weights_sha256(inner)}
    if _vision.holds(said, folder):
        told = _vision.record(folder, said, origin.get("repository"))
        return Source(key=key, title=key, loader=loader, origin=origin, sha256=whole, **told)
    said = _json(inner / CONFIG)
    words = TextSpec(LENGTH)
    if sentence:
        words = TextSpec(sentence.length or LENGTH, sentence.pooling, sentence.prefix, after=sentence.after)
    made = Source(
        key=key,
        title=key,
        modality="text",
        architecture=str(said.get("model_type")),
        loader=loader,
        origin=origin,
        sha256=whole,
        licence=_card.read(folder).licence or "not stated",
        input=words,
        feature_dim=1,
        widths=(1,),
        params=1,
        macs=1,
        pretrained_on="not stated",
        classes="none",
        paper="not stated",
        config={name: value for name, value in said.items() if name not in _ASIDE},
    )
    sizes = model.sizes(made)
    most = _json(inner / "tokenizer_config.json").get("model_max_length")
    if (sentence and sentence.length) or not isinstance(most, int):
        most = LENGTH
    return replace(made, input=replace(words, length=min(LENGTH, words.length, sizes.pop("positions"), most)), **sizes)


def refuse_adapter(folder: Path) -> None:
    """Raises `SourceError`, which names the base, where the folder holds what peft saved: what was learnt beside it."""
    if not (folder / ADAPTER).is_file():
        return
    said = _json(folder / ADAPTER)
    base, kind = said.get("base_model_name_or_path") or "a model that it does not name", said.get("peft_type", "peft")
    raise SourceError(
        f"{folder} holds an adapter ({kind}) of {base}, and no model of its own. To reuse both, merge them first: "
        f"`PeftModel.from_pretrained(AutoModel.from_pretrained({str(base)!r}), folder).merge_and_unload()."
        f"save_pretrained(new)`, its tokenizer into the same folder, and give `--source new`. To reuse the base alone: "
        f"`--source {base}`."
    )


def fetch(source: Source) -> Path:
    """The source's weights, tokenizer in their header, in our cache.

    Raises:
        SourceError: the folder has gone or changed, or its weights do not fit its config.json.
    """
    from tokenizers import Tokenizer

    cached = runtime.cache_dir() / "sources" / source.key
    if path := _weights.ready(cached, source):
        return path
    folder = Path(source.origin["folder"])
    if _digest.of_all(_files(folder)) != source.sha256:
        raise SourceError(f"{folder} has gone or changed since it was looked at. Run the same command again.")
    if source.modality == "image":
        return _weights.keep(_vision.tensors(folder, _json(folder / CONFIG)), None, source, cached)
    sentence = _sentence.read(folder)
    inner = sentence.inner if sentence else folder
    tensors = model.pretrained(source, inner, config=model.settings(source))
    if (inner / "tokenizer.json").is_file():
        words = Tokenizer.from_file(str(inner / "tokenizer.json"))
    else:
        words = _words(inner)
    if sentence:
        tensors |= {model.AFTER + name: tensor for name, tensor in _sentence.tensors(sentence).items()}
        words = _sentence.lowered(words) if sentence.lower else words
    if _json(inner / "tokenizer_config.json").get("truncation_side") == "left":
        words.enable_truncation(source.words.length, direction="left")
    return _weights.keep(tensors, words.to_str(), source, cached)


def pulled(source: Source) -> bool:
    """Whether the source loads with the network off: it does if the folder or the converted weights are there."""
    cached = runtime.cache_dir() / "sources" / source.key
    return Path(source.origin["folder"]).is_dir() or _weights.there(cached, source)


def _words(folder: Path) -> Any:  # noqa: ANN401 - a Tokenizer
    """The tokenizer of a folder with vocabulary files alone."""
    try:
        if not any(any(folder.glob(pattern)) for pattern in _WORDS):
            raise ValueError(f"none of tokenizer.json, {', '.join(_WORDS)}")
        how = {"local_files_only": True, "trust_remote_code": False}  # else a person may be asked, and code be run
        if (folder / "vocab.txt").is_file() and "do_lower_case" not in _json(folder / "tokenizer_config.json"):
            how["do_lower_case"] = not _cased((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
        made = model.library().AutoTokenizer.from_pretrained(folder, **how)
        return made.backend_tokenizer
    except (OSError, ValueError, AttributeError) as problem:
        why = " ".join(str(problem).split())[:200]
        raise SourceError(
            f"{folder} holds no tokenizer that can be read ({why}). Save it there with "
            "`tokenizer.save_pretrained(folder)`."
        ) from problem


def _cased(words: list[str]) -> bool:
    """Whether a vocabulary tells capitals from small letters: lower-cased, texts would be made of words it has not.

    >>> _cased(["[PAD]", "ATG", "TGC"]), _cased(["[PAD]", "river", "##s"])
    (True, False)
    """
    capitals = sum(word != word.lower() for word in words if not word.startswith("["))
    return capitals > len(words) / 100


def _files(folder: Path) -> list[Path]:
    """What the source is made from."""
    patterns = (*_FILES, *_sentence.FILES)
    found = {path for place in _sentence.places(folder) for pattern in patterns for path in place.glob(pattern)}
    return sorted(path for path in found if path.is_file())


def _json(path: Path) -> dict[str, Any]:
    """A file's object; empty where there is no file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise SourceError(f"{path} is no readable JSON ({problem}). Save the model again.") from problem
    return found if isinstance(found, dict) else {}
