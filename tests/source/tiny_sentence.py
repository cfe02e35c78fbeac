"""Folders as sentence-transformers writes them, made by hand around a tiny BERT: version 6's files, or those before."""

from __future__ import annotations

import json
from pathlib import Path

import tiny_models

WIDTH = 32
_PACKAGE = "sentence_transformers.sentence_transformer.modules"
_OLD = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
        "weightedmean": "weightedmean_tokens", "lasttoken": "lasttoken"}  # fmt: skip


def saved(folder: Path, pooling="mean", after=(), *, old: bool = False, inner: str = "", **settings) -> Path:
    """A tiny BERT with `1_Pooling` and what stands behind it.

    Args:
        folder: into which `tiny-bert` goes.
        pooling: the library's name of a mode, or several.
        after: of each module behind it a table: its `type`, `config`, and `weights` where it has some.
        old: name modules and modes as before version 6.
        inner: the folder of the network below; as old versions made it.
        settings: of config_sentence_transformers.json, and as `reading` those of sentence_bert_config.json.
    """
    import torch
    from safetensors.torch import save_file

    place = tiny_models.saved("bert", folder)
    reading = settings.pop("reading", {})
    modes = [pooling] if isinstance(pooling, str) else list(pooling)
    how = {"embedding_dimension": WIDTH, "pooling_mode": modes[0] if len(modes) == 1 else modes}
    if old:
        how = {"word_embedding_dimension": WIDTH, **{f"pooling_mode_{_OLD[m]}": m in modes for m in _OLD}}
    package = "sentence_transformers.models" if old else _PACKAGE
    modules = [("Transformer", inner, reading), ("Pooling", "1_Pooling", how)]
    modules += [(m["type"], f"{at}_{m['type']}", m.get("config", {})) for at, m in enumerate(after, 2)]
    listed = [
        {"idx": at, "name": str(at), "path": path, "type": kind if "." in kind else f"{package}.{kind}"}
        for at, (kind, path, _) in enumerate(modules)
    ]
    if inner:
        files = [*place.iterdir()]
        (place / inner).mkdir()
        for file in files:
            file.rename(place / inner / file.name)
    (place / "modules.json").write_text(json.dumps(listed))
    (place / "config_sentence_transformers.json").write_text(json.dumps(settings))
    if reading:
        (place / inner / "sentence_bert_config.json").write_text(json.dumps(reading))
    for _, path, config in modules[1:]:
        (place / path).mkdir()
        (place / path / "config.json").write_text(json.dumps(config))
    for at, module in enumerate(after, 2):
        if "weights" in module:
            tensors = {name: torch.from_numpy(value) for name, value in module["weights"].items()}
            save_file(tensors, place / f"{at}_{module['type']}" / "model.safetensors")
    return place


def dense(into: int, width: int, activation: str = "Tanh", *, bias: bool = True, seed: int = 0, **more) -> dict:
    """A Dense with random weights."""
    import numpy as np

    random = np.random.default_rng(seed)
    weights = {"linear.weight": random.normal(size=(width, into)).astype(np.float32) / 4}
    if bias:
        weights["linear.bias"] = random.normal(size=width).astype(np.float32)
    place = "linear" if activation == "Identity" else "activation"
    how = {"in_features": into, "out_features": width, "bias": bias, **more}
    how["activation_function"] = activation if "." in activation else f"torch.nn.modules.{place}.{activation}"
    return {"type": "Dense", "config": how, "weights": weights}
