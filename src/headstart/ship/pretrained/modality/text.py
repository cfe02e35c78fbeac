"""Language models, as sentence-transformers saves them: the network below `0_Transformer`, its pooling, what is behind.

`SentenceTransformer(FOLDER)` gives the head's features; with a linear head, which is one module more, the logits. The
whole opens as transformers' AutoModelForSequenceClassification.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....errors import EngineError
from ....family import require
from ....runtime import write_json
from ....source import _library, _transformers
from ....source.language import model as language
from ....source.language import sentence
from ....source.language.pairs import typed
from ....types import FloatArray, Source
from ..head import Head, run

if TYPE_CHECKING:
    from ...store import Model

LIBRARY = "sentence-transformers"
CLASSES = "HeadstartConfig", "HeadstartForSequenceClassification"
AUTO = "AutoModelForSequenceClassification"
CODE = "texts"
INNER = "0_Transformer"
_MODULES = "sentence_transformers.sentence_transformer.modules"
_PLACES = {"Transformer": "sentence_transformers.base.modules", "Dense": "sentence_transformers.base.modules",
           "Normalize": "sentence_transformers.base.modules", "Pooling": _MODULES}  # fmt: skip
_TRIED = ("A first text, of a few words.", "Another one; it is longer, so that a batch of both has to be padded.")


def refused(model: Model) -> str | None:
    """See `folder.Modality`."""
    require("folder for sentence-transformers", ["sentence_transformers"])  # which has to open it
    source = cast(Source, model.source)
    if source.architecture == language.STATIC:
        return f"'{source.key}' is a table of token vectors in a format of its own"
    if "," in model.columns.get(model.modality, ""):
        return "it reads several columns as one text, which their tokenizers are not told"
    return None


def written(folder: Path, model: Model, body: Any, head: Head) -> dict[str, Any]:  # noqa: ANN401
    """See `folder.Modality`."""
    source, inner = cast(Source, model.source), folder / INNER
    words = source.words
    body.net.save_pretrained(inner)
    tokenizer = _tokenizer(model, body)
    tokenizer.save_pretrained(inner)
    write_json(inner / "sentence_bert_config.json", {"max_seq_length": words.length, "do_lower_case": False})
    known = {ours: theirs for theirs, ours in sentence.POOLINGS.items()}
    ways = [known[way] for way in words.pooling.split("+")]
    width = source.widths[0] if len(source.widths) > 1 else source.feature_dim
    modules: list[tuple[str, dict[str, Any]]] = [
        ("Pooling", {"embedding_dimension": width // len(ways), "pooling_mode": ways[0] if len(ways) == 1 else ways})
    ]
    weights: dict[int, dict[str, Any]] = {}
    for at, word in enumerate(words.after):
        if word.startswith(sentence.DENSE):
            layer = body.after[at].linear
            weights[len(modules)] = {"linear.weight": layer.weight, "linear.bias": layer.bias}
            modules.append(("Dense", _dense(*word.split(":")[1:])))
        else:
            modules.append(("Normalize", {}))
    if head.linear is not None:
        import torch

        weight, bias = (torch.from_numpy(array.copy()) for array in head.linear)
        weights[len(modules)] = {"linear.weight": weight, "linear.bias": bias}
        modules.append(("Dense", _dense(str(weight.shape[1]), str(weight.shape[0]), "identity")))
    _place(folder, modules, weights)
    prompts = {"prompts": {"text": words.prefix}, "default_prompt_name": "text"} if words.prefix else {}
    write_json(folder / sentence.SETTINGS, {**prompts, "similarity_fn_name": "cosine"})
    _prompted(tokenizer, words.prefix).save_pretrained(folder)
    return {"model_type": "headstart_texts"}


def compared(folder: Path, model: Model, body: Any, head: Head) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
    """See `folder.Modality`. Raises `EngineError` where a text becomes other tokens."""
    import torch

    from ....source.language.encoder import batch

    source, texts = cast(Source, model.source), [*_TRIED, *model.labels[:8]]
    rows = language.tokens(language.tokenizer(source, model.weights), source, texts)
    library = _transformers.library()
    tokenizer = library.AutoTokenizer.from_pretrained(
        folder, trust_remote_code=True
    )  # which asks for config.json first
    given = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    theirs = [ids[mask.bool()].tolist() for ids, mask in zip(given["input_ids"], given["attention_mask"], strict=True)]
    if theirs != rows:
        at = next(i for i, (a, b) in enumerate(zip(theirs, rows, strict=True)) if a != b)
        raise EngineError(
            f"'{texts[at]}' becomes other tokens in transformers ({theirs[at][:12]}) than in this run ({rows[at][:12]})"
            ". The folder was deleted; please report this with the run's model/model.json."
        )
    with torch.inference_mode():
        wanted = run(head, body(*batch(rows))[0].numpy())
        if head.linear is None:
            classifier = getattr(library, AUTO).from_pretrained(folder, trust_remote_code=True)
            found = classifier(**given).logits.numpy()
        else:
            opened = _library.library("sentence_transformers").SentenceTransformer(str(folder), device="cpu")
            found = opened.encode(texts)
    return np.asarray(found, np.float32), wanted


def how(folder: str, head: Head) -> str:
    """See `folder.Modality`."""
    network = f'SentenceTransformer("{folder}").encode(texts)'
    if head.linear is not None:
        return f"from sentence_transformers import SentenceTransformer\n\nlogits = {network}"
    return (
        f"from sentence_transformers import SentenceTransformer\nfrom transformers import AutoTokenizer, {AUTO}\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("{folder}", trust_remote_code=True)\n'
        f'model = {AUTO}.from_pretrained("{folder}", trust_remote_code=True)\n'
        'logits = model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits\n\n'
        f"vectors = {network}  # the network alone: texts → features"
    )


def _place(folder: Path, modules: list[tuple[str, dict[str, Any]]], weights: dict[int, dict[str, Any]]) -> None:
    """modules.json, and a folder for each module behind the network."""
    from safetensors.torch import save_file

    listed = [{"idx": 0, "name": "0", "path": INNER, "type": f"{_PLACES['Transformer']}.Transformer"}]
    for at, (kind, config) in enumerate(modules, 1):
        place = f"{at}_{kind}"
        listed.append({"idx": at, "name": str(at), "path": place, "type": f"{_PLACES[kind]}.{kind}"})
        write_json(folder / place / "config.json", config)
        if at - 1 in weights:
            tensors = {name: tensor.detach().contiguous().clone() for name, tensor in weights[at - 1].items()}
            save_file(tensors, folder / place / "model.safetensors")
    write_json(folder / sentence.MODULES, listed)


def _dense(into: str, width: str, activation: str) -> dict[str, Any]:
    names = {ours: theirs for theirs, ours in sentence.ACTIVATIONS.items()}
    where = "linear" if activation == "identity" else "activation"
    function = f"torch.nn.modules.{where}.{names[activation]}"
    return {"in_features": int(into), "out_features": int(width), "bias": True, "activation_function": function}


def _tokenizer(model: Model, body: Any) -> Any:  # noqa: ANN401 - transformers' own
    """The source's tokenizer with the length and the marks that the library asks for."""
    source = cast(Source, model.source)
    made = language.tokenizer(source, model.weights)
    side = (made.truncation or {}).get("direction", "right")
    made.no_truncation()
    pad = made.id_to_token(getattr(body.net.config, "pad_token_id", None) or 0)
    names = ["input_ids", *(["token_type_ids"] if typed(body.net) else []), "attention_mask"]
    return _transformers.library().PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token=pad,
        model_max_length=source.words.length,
        truncation_side=side,
        padding_side="right",
        model_input_names=names,
    )


def _prompted(tokenizer: Any, prefix: str) -> Any:  # noqa: ANN401 - transformers' own
    """The same, which puts the prompt before a text by itself: transformers has no other place for it."""
    if prefix:
        from tokenizers.normalizers import Prepend, Sequence

        own = tokenizer.backend_tokenizer
        own.normalizer = Sequence([Prepend(prefix), *([own.normalizer] if own.normalizer is not None else [])])
    return tokenizer
