"""Tiny models with random weights of the architectures that load by their ordinary names, saved as people save them."""

from __future__ import annotations

from pathlib import Path

import tiny_text
from headstart.source import _transformers

TOKENS = tiny_text.CONFIG["vocab_size"]
_BERT = {**tiny_text.CONFIG, "initializer_range": 0.2}
CONFIGS = {
    "bert": _BERT,
    "roberta": {**_BERT, "pad_token_id": 0},
    "mpnet": {**_BERT, "pad_token_id": 0},
    "albert": {**_BERT, "embedding_size": 16, "hidden_act": "gelu"},
    "distilbert": {
        "vocab_size": TOKENS,
        "dim": 32,
        "n_layers": 3,
        "n_heads": 4,
        "hidden_dim": 64,
        "max_position_embeddings": 40,
        "initializer_range": 0.2,
    },
    "gpt2": {
        "vocab_size": TOKENS,
        "n_embd": 32,
        "n_layer": 3,
        "n_head": 4,
        "n_positions": 40,
        "initializer_range": 0.2,
        "bos_token_id": 2,
        "eos_token_id": 3,
    },
    "t5": {
        "vocab_size": TOKENS,
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 3,
        "num_heads": 4,
        "initializer_factor": 2.0,
        "relative_attention_num_buckets": 4,
        "relative_attention_max_distance": 8,
    },
    "llama": {**_BERT, "num_key_value_heads": 2, "tie_word_embeddings": True, "bos_token_id": 2, "eos_token_id": 3},
}
HEADS = {"gpt2": "CausalLM", "llama": "CausalLM", "t5": "Seq2SeqLM"}


def saved(architecture: str, folder: Path, *, head: bool = True, **changes) -> Path:
    """A folder `tiny-<architecture>` as `save_pretrained` writes it, with its language-model head or without."""
    import torch

    transformers = _transformers.library()
    config = transformers.CONFIG_MAPPING[architecture](**{**CONFIGS[architecture], **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        name = f"AutoModelFor{HEADS.get(architecture, 'MaskedLM')}" if head else "AutoModel"
        net = getattr(transformers, name).from_config(config)
        for weight in net.parameters():  # biases and norms begin as zeros and ones, which would hide a lost one
            if weight.ndim == 1:
                torch.nn.init.normal_(weight, 0.5, 0.3)
    place = folder / f"tiny-{architecture}"
    net.save_pretrained(place)
    (place / "tokenizer.json").write_text(tiny_text.tokenizer().to_str())
    return place
