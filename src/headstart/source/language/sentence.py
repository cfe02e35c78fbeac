"""What a folder that sentence-transformers saved says beside its network: pooling, prompt, length, layers behind.

In: the folder. Out: how one vector is made of a text, as the library makes it, or a `SourceError` that names the module
which is not read here. `modules.json` lists the modules in order; each has its settings in a folder of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ...errors import SourceError
from ..files import saved
from ..formats import pytorch

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

MODULES = "modules.json"
SETTINGS = "config_sentence_transformers.json"
# The library's names → ours; where several are on, their vectors stand side by side in this order.
POOLINGS = {"cls": "cls", "max": "max", "mean": "mean", "mean_sqrt_len_tokens": "root", "weightedmean": "weighted",
            "lasttoken": "last"}  # fmt: skip
_SWITCHES = {f"pooling_mode_{name}{more}": name for name, more in zip(
    POOLINGS, ("_token", "_tokens", "_tokens", "", "_tokens", ""), strict=True)}  # fmt: skip # before version 6
ACTIVATIONS = {"Identity": "identity", "Tanh": "tanh", "ReLU": "relu", "GELU": "gelu", "Sigmoid": "sigmoid",
               "SiLU": "silu"}  # fmt: skip
DENSE, UNIT = "dense", "unit"
_HARMLESS = {"model_max_length", "padding_side", "use_fast", "clean_up_tokenization_spaces"}
FILES = (MODULES, SETTINGS, "sentence_*_config.json")  # what is looked at besides a model's own


@dataclass(frozen=True)
class Sentence:
    """How one vector is made of a text."""

    inner: Path  # where the network and its tokenizer lie
    pooling: str
    prefix: str  # the prompt that stands before every text
    after: tuple[str, ...]  # see TextSpec
    layers: tuple[Path, ...]  # the folders of its "dense", in order
    length: int | None  # tokens at most
    lower: bool  # texts are lower-cased first


def read(folder: Path) -> Sentence | None:
    """What the folder says; None where sentence-transformers did not save it.

    Raises:
        SourceError: a module, or a setting of one, that is not read here.
    """
    if not (folder / MODULES).is_file():
        return None
    listed = saved.parsed(folder / MODULES)
    told = isinstance(listed, list) and all(isinstance(m, dict) and isinstance(m.get("type"), str) for m in listed)
    modules = [(_kind(m["type"]), _inside(folder, m.get("path", ""))) for m in listed] if told else []
    kinds = [kind for kind, _ in modules if kind != "Dropout"]  # which does nothing where nothing is learnt
    if kinds[:2] != ["Transformer", "Pooling"] or (more := set(kinds[2:]) - {"Dense", "Normalize"}):
        wrong = ", ".join(sorted(more)) if kinds[:2] == ["Transformer", "Pooling"] else " → ".join(kinds) or "nothing"
        _refuse(folder, f"{wrong} in {MODULES}", "a Transformer, a Pooling, and any Dense, Normalize and Dropout")
    places = dict(reversed(modules))
    prefix = _prompt(folder)
    after = [(kind, place) for kind, place in modules if kind in ("Dense", "Normalize")]
    length, lower = _reading(places["Transformer"])
    return Sentence(
        inner=places["Transformer"],
        pooling=_pooling(places["Pooling"], prefix),
        prefix=prefix,
        after=tuple(_dense(place) if kind == "Dense" else _unit(place) for kind, place in after),
        layers=tuple(place for kind, place in after if kind == "Dense"),
        length=length,
        lower=lower,
    )


def tensors(made: Sentence) -> dict[str, Tensor]:
    """The weights of the layers behind the pooling, by the names of `pooling.after`.

    Raises:
        SourceError: a layer's file is missing, or no safetensors of its size.
    """
    import torch

    out: dict[str, Tensor] = {}
    places = iter(made.layers)
    for at, word in enumerate(made.after):
        if not word.startswith(DENSE):
            continue
        place, (_, into, width, _) = next(places), word.split(":")
        if not (place / "model.safetensors").is_file():
            raise SourceError(
                f"{place} holds no model.safetensors, and no other weights are read. Load the model where you trust it "
                "and save it again with `model.save_pretrained(folder)`."
            )
        found = pytorch.read(place / "model.safetensors")
        found.setdefault("linear.bias", torch.zeros(int(width)))
        for name, shape in (("weight", (int(width), int(into))), ("bias", (int(width),))):
            tensor = found.get(f"linear.{name}")
            if tensor is None or tuple(tensor.shape) != shape:
                raise SourceError(f"{place} holds no linear.{name} of {shape}, as its config.json says. Save it again.")
            out[f"{at}.linear.{name}"] = tensor.float()
    return out


def places(folder: Path) -> set[Path]:
    """The folder, and those of the modules in it."""
    listed = saved.parsed(folder / MODULES) if (folder / MODULES).is_file() else []
    return {folder, *(_inside(folder, m.get("path", "")) for m in listed if isinstance(m, dict))}


def lowered(words: Tokenizer) -> Tokenizer:
    """The tokenizer, texts lower-cased before all else."""
    from tokenizers.normalizers import Lowercase, Sequence

    words.normalizer = Sequence([Lowercase(), *([words.normalizer] if words.normalizer is not None else [])])
    return words


def _kind(name: str) -> str:
    """A module's name; whole, where it is not the library's own."""
    return name.rpartition(".")[2] if name.startswith("sentence_transformers.") else name


def _inside(folder: Path, path: object) -> Path:
    if not isinstance(path, str) or not re.fullmatch(r"[\w.-]*", path) or ".." in path:
        _refuse(folder, f"the path {path!r} in {MODULES}", "the name of a folder in it")
    return folder / path


def _prompt(folder: Path) -> str:
    """The prompt that the library puts before a text when nothing else is said."""
    said = saved.settings(folder / SETTINGS)
    name, prompts = said.get("default_prompt_name"), said.get("prompts") or {}
    if name is None:
        return ""
    if not isinstance(prompts, dict) or not isinstance(prompts.get(name), str):
        _refuse(folder, f"default_prompt_name = {name!r} in {SETTINGS}", "a name among its prompts")
    return str(prompts[name])


def _pooling(place: Path, prefix: str) -> str:
    """Our words for a Pooling's modes, joined by "+"."""
    said = saved.settings(place / "config.json")
    modes = said.get("pooling_mode", [name for switch, name in _SWITCHES.items() if said.get(switch) is True])
    modes = [modes] if isinstance(modes, str) else modes or ["mean"]
    if not isinstance(modes, list) or any(mode not in POOLINGS for mode in modes):
        _refuse(place, f"pooling_mode = {modes!r}", ", ".join(POOLINGS))
    if prefix and said.get("include_prompt") is False:
        _refuse(place, "include_prompt = false with a prompt", "prompts that are pooled with their text")
    return "+".join(POOLINGS[mode] for mode in modes)


def _dense(place: Path) -> str:
    said = saved.settings(place / "config.json")
    _whole_vector(place, said)
    if said.get("use_residual"):
        _refuse(place, "use_residual = true", "a Dense without it")
    given = str(said.get("activation_function", "torch.nn.modules.activation.Tanh"))  # the library's own default
    name = given.rpartition(".")[2]
    if not given.startswith("torch.nn.modules.") or name not in ACTIVATIONS:
        _refuse(place, f"activation_function = {given!r}", ", ".join(ACTIVATIONS))
    sides = [said.get("in_features"), said.get("out_features")]
    if not all(isinstance(side, int) and not isinstance(side, bool) and 0 < side <= 1 << 16 for side in sides):
        _refuse(place, f"in_features, out_features = {sides}", "whole numbers above 0")
    return f"{DENSE}:{sides[0]}:{sides[1]}:{ACTIVATIONS[name]}"


def _unit(place: Path) -> str:
    _whole_vector(place, saved.settings(place / "config.json"))
    return UNIT


def _whole_vector(place: Path, said: Mapping[str, Any]) -> None:
    """It must take the text's vector and give the next one, not those of tokens."""
    for name in ("module_input_name", "module_output_name"):
        if said.get(name) not in (None, "sentence_embedding"):
            _refuse(place, f"{name} = {said[name]!r}", "sentence_embedding")


def _reading(place: Path) -> tuple[int | None, bool]:
    """Tokens at most, and whether texts are lower-cased."""
    file = next(iter(sorted(place.glob("sentence_*_config.json"))), place / "sentence_bert_config.json")
    said = saved.settings(file)
    task = said.get("transformer_task", "feature-extraction")
    if task != "feature-extraction" or said.get("module_output_name", "token_embeddings") != "token_embeddings":
        _refuse(file, f"transformer_task = {task!r}", "feature-extraction, which gives token_embeddings")
    text = (said.get("modality_config") or {"text": {}}).get("text")
    if not isinstance(text, dict) or text.get("method_output_name", "last_hidden_state") != "last_hidden_state":
        _refuse(file, f"modality_config = {said['modality_config']!r}", "a text whose output is last_hidden_state")
    loading = {**(said.get("tokenizer_args") or {}), **(said.get("processor_kwargs") or {})}
    odd = {name: said[name] for name in ("config_args", "config_kwargs", "processing_kwargs") if said.get(name)}
    if odd := odd | {name: value for name, value in loading.items() if name not in _HARMLESS}:
        _refuse(file, ", ".join(f"{name} = {value!r}" for name, value in odd.items())[:200], "a Transformer without it")
    length = said.get("max_seq_length") or loading.get("model_max_length")
    if length is not None and (not isinstance(length, int) or length < 1):
        _refuse(file, f"max_seq_length = {length!r}", "a whole number above 0")
    return length, said.get("do_lower_case") is True


def _refuse(place: Path, given: str, allowed: str) -> NoReturn:
    raise SourceError(
        f"{place} was saved by sentence-transformers with {given}; read here: {allowed}. Its vectors would be others "
        "than the library's. To reuse the network alone, save it with `model[0].auto_model.save_pretrained(folder)` "
        "and `model.tokenizer.save_pretrained(folder)`, and give that folder."
    )
