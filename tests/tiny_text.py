"""A tiny language model with fixed random weights, its tokenizer, and texts whose words tell their class."""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from headstart.types import Example, Features, FitContext, Source, TextSpec, View

WORDS = (
    "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour rope".split()
)
LAYERS, WIDTH = 3, 32
CONFIG = {
    "vocab_size": len(WORDS) + 4,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}


def tokenizer():
    """Words apart by blanks, [CLS] and [SEP] around them."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    made = Tokenizer(WordLevel({word: at for at, word in enumerate(names)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return made


@cache
def weights() -> Path:
    """A safetensors file with the tokenizer in its header; removed when the process ends."""
    return written("bert", CONFIG, tokenizer(), add_pooling_layer=False)


def written(architecture: str, settings: dict, made, **how) -> Path:
    """Random weights of an architecture, the same every time, and a tokenizer, as `weights` says."""
    import torch
    from safetensors.torch import save_file

    from headstart.source import _transformers
    from headstart.source.language import model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = _transformers.library().CONFIG_MAPPING[architecture](**settings, initializer_range=0.2)
        net = _transformers.library().AutoModel.from_config(config, **how)
    folder = Path(tempfile.mkdtemp(prefix="headstart-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tensors = {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    save_file(tensors, folder / "tiny.safetensors", {model.TOKENIZER: made.to_str()})
    return folder / "tiny.safetensors"


@cache
def source(pooling: str = "mean", length: int = 32) -> Source:
    """The record of these weights."""
    return Source(
        key="tiny-text",
        title="Tiny",
        modality="text",
        architecture="bert",
        loader="package",
        origin={},
        sha256=hashlib.sha256(weights().read_bytes()).hexdigest(),
        licence="Apache-2.0",
        input=TextSpec(length, pooling),
        feature_dim=WIDTH,
        widths=(WIDTH,) * LAYERS,
        params=1,
        macs=1,
        pretrained_on="nothing",
        classes="none",
        paper="none",
        config=CONFIG,
    )


def texts(n: int, k: int, seed: int = 0) -> list[Example]:
    """Sentences of 3 to 12 words in which the words of the own class are frequent."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        label = i % k
        own = WORDS[label::k]
        words = [str(rng.choice(own if rng.random() < 0.6 else WORDS)) for _ in range(rng.integers(3, 13))]
        text = " ".join(words)
        out.append(Example(f"t.jsonl:{i + 1}", hashlib.sha256(text.encode()).hexdigest(), text, label))
    return out


def table(path: Path, n: int, seed: int, labels: str = "ab") -> Path:
    """A table of such texts of two classes; one in eight bears the wrong label."""
    rows = [
        {"text": e.content, "label": labels[e.answer if i % 8 else 1 - e.answer]}
        for i, e in enumerate(texts(n, 2, seed))
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@cache
def drawn(view: View, n: int, k: int, seed: int) -> Features:
    """What a view shows of drawn texts: texts, tokens or pooled features."""
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        return look(texts(n, k, seed), view, Path(folder))


def untouched() -> dict[str, dict[str, np.ndarray]]:
    """Part → name in a fitted state → array, of the source as it was; in order."""

    from headstart.transfer.modality import open_tail

    tail = open_tail(source(), weights(), View("tiny-text", "input"), 2)
    return {
        part: {f"parts.{part}.{name}": value.numpy() for name, value in module.state_dict().items()}
        for part, module in tail.parts.items()
    }


def look(examples: list[Example], view: View, folder: Path) -> Features:
    """The examples through a view of the tiny source."""
    from headstart.extract.feature_store import FeatureStore

    store = FeatureStore({"tiny-text": source()}, weights={"tiny-text": weights()}, folder=folder)
    return replace(store.extract(examples, [view])[0], y=np.array([e.answer for e in examples]))


def context(train: Features, k: int, view: View, **more) -> FitContext:
    """A run's data."""
    return FitContext(train, k, view, source=source(), weights=weights(), modality="text", **more)
