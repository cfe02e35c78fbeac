"""Language models in a folder: as transformers saves them, or sentence-transformers, which says more beside a network.

In: the folder, and the table of its config.json. Out: its `Source`, all of it read or computed from the files, and its
weights and tokenizer. No code of the folder is run, and only safetensors are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ...types import Source, TextSpec
from .. import _card, _transformers
from ..files import saved
from . import model, sentence

if TYPE_CHECKING:
    from torch import Tensor

LENGTH = 512  # tokens at most: longer ones cost much, and tell a class rarely
_WORDS = ("vocab.*", "*.model")
FILES = ("tokenizer.json", "tokenizer_config.json", "merges.txt", *_WORDS, *sentence.FILES)
DOWNLOADS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json",
             "merges.txt", "*.model", *sentence.FILES, "[0-9]_*/config.json", "[0-9]_*/model.safetensors")  # fmt: skip
# Of config.json what says how the model was saved, not what it is.
_ASIDE = ("model_type", "architectures", "transformers_version", "torch_dtype", "dtype", "_name_or_path", "auto_map",
          "attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation",
          "use_kernels", "quantization_config")  # fmt: skip # the last ones name code or packages to compute with


def record(folder: Path, known: Mapping[str, Any]) -> Source:
    """The record of the model in a folder.

    Args:
        folder: where it lies.
        known: `key`, `title`, `loader`, `origin`, `sha256`.

    Raises:
        SourceError: no weights as safetensors, or no architecture that features can be taken from.
    """
    beside = sentence.read(folder)
    inner = beside.inner if beside else folder
    origin = {**known["origin"], "weights_sha256": saved.weights_sha256(inner)}
    said = saved.settings(inner / "config.json")
    words = TextSpec(LENGTH)
    if beside:
        words = TextSpec(beside.length or LENGTH, beside.pooling, beside.prefix, after=beside.after)
    made = Source(
        **{**known, "origin": origin},
        modality="text",
        architecture=str(said.get("model_type")),
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
    most = saved.settings(inner / "tokenizer_config.json").get("model_max_length")
    if (beside and beside.length) or not isinstance(most, int):
        most = LENGTH
    return replace(made, input=replace(words, length=min(LENGTH, words.length, sizes.pop("positions"), most)), **sizes)


def tensors(source: Source, folder: Path) -> tuple[dict[str, Tensor], str]:
    """The weights by the library's names, and the tokenizer as JSON.

    Raises:
        SourceError: the weights do not fit the config.json, or there is no tokenizer.
    """
    from tokenizers import Tokenizer

    beside = sentence.read(folder)
    inner = beside.inner if beside else folder
    found = model.pretrained(source, inner, config=model.settings(source))
    if (inner / "tokenizer.json").is_file():
        words = Tokenizer.from_file(str(inner / "tokenizer.json"))
    else:
        words = _words(inner)
    if beside:
        found |= {model.AFTER + name: tensor for name, tensor in sentence.tensors(beside).items()}
        words = sentence.lowered(words) if beside.lower else words
    if saved.settings(inner / "tokenizer_config.json").get("truncation_side") == "left":
        words.enable_truncation(source.words.length, direction="left")
    return found, words.to_str()


def _words(folder: Path) -> Any:  # noqa: ANN401 - a Tokenizer
    """The tokenizer of a folder with vocabulary files alone."""
    try:
        if not any(any(folder.glob(pattern)) for pattern in _WORDS):
            raise ValueError(f"none of tokenizer.json, {', '.join(_WORDS)}")
        how = {"local_files_only": True, "trust_remote_code": False}  # else a person may be asked, and code be run
        if (folder / "vocab.txt").is_file() and "do_lower_case" not in saved.settings(folder / "tokenizer_config.json"):
            how["do_lower_case"] = not _cased((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
        made = _transformers.library().AutoTokenizer.from_pretrained(folder, **how)
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
