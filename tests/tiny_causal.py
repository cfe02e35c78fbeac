"""A tiny causal language model, its head tied to its embeddings, that reads bytes; the texts are `tiny_text`'s."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

import tiny_text
from headstart.types import Features, Source, View

CONFIG = {
    "vocab_size": 256,
    "hidden_size": tiny_text.WIDTH,
    "num_hidden_layers": tiny_text.LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}


def tokenizer():
    """A token for every byte."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    made = Tokenizer(BPE({c: at for at, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, []))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return made


@cache
def weights() -> Path:
    """As tiny_text's, of a Llama."""
    return tiny_text.written("llama", CONFIG, tokenizer())


@cache
def source() -> Source:
    """The record of these weights."""
    sha = hashlib.sha256(weights().read_bytes()).hexdigest()
    tiny = tiny_text.source(length=400)
    return replace(tiny, key="tiny-causal", architecture="llama", config=CONFIG, sha256=sha)


@cache
def drawn(view: View, n: int, k: int, seed: int) -> Features:
    """What a view shows of drawn texts."""
    from headstart.extract.feature_store import FeatureStore

    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        store = FeatureStore({source().key: source()}, weights={source().key: weights()}, folder=Path(folder))
        examples = tiny_text.texts(n, k, seed)
        return replace(store.extract(examples, [view])[0], y=np.array([e.answer for e in examples]))
