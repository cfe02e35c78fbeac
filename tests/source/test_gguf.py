"""GGUF files whose tokenizer transformers 5.23 reads otherwise than they say; the oracle is what llama.cpp does."""

from __future__ import annotations

from dataclasses import replace

import gguf
import numpy as np
import pytest
from tokenizers import Tokenizer, pre_tokenizers

import tiny_text
from headstart.source import _catalogue
from headstart.source.language import model, weights

CONFIG = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
    "tie_word_embeddings": True,
}
SIZES = {"attn_norm": (32,), "ffn_norm": (32,), "attn_q": (32, 32), "attn_k": (16, 32), "attn_v": (16, 32),
         "attn_output": (32, 32), "ffn_gate": (64, 32), "ffn_up": (64, 32), "ffn_down": (32, 64)}  # fmt: skip


def read(path, kind, tokens, *, space=None, pre=None, merges=None):
    """A one-layer Llama with these tokens, written as llama.cpp's own package writes it → its tokenizer."""
    made = gguf.GGUFWriter(str(path), "llama")
    for add, value in (
        (made.add_context_length, 40),
        (made.add_embedding_length, 32),
        (made.add_block_count, 1),
        (made.add_feed_forward_length, 64),
        (made.add_head_count, 4),
        (made.add_head_count_kv, 2),
        (made.add_layer_norm_rms_eps, 1e-6),
        (made.add_rope_dimension_count, 8),
        (made.add_vocab_size, len(tokens)),
        (made.add_tokenizer_model, kind),
        (made.add_tokenizer_pre, pre),
        (made.add_token_list, tokens),
        (made.add_token_scores, [-float(at) for at in range(len(tokens))] if kind == "llama" else None),
        (made.add_token_types, [2, 3, 3, *[1] * (len(tokens) - 3)]),
        (made.add_token_merges, merges),
        (made.add_add_space_prefix, space),
        (made.add_unk_token_id, 0),
        (made.add_bos_token_id, 1),
        (made.add_eos_token_id, 2),
        (made.add_add_bos_token, False),
    ):
        if value is not None:
            add(value)
    random = np.random.default_rng(0)
    shapes = {"token_embd": (len(tokens), 32), "output_norm": (32,), **{f"blk.0.{n}": s for n, s in SIZES.items()}}
    for name, shape in shapes.items():
        made.add_tensor(f"{name}.weight", random.normal(size=shape).astype(np.float32))
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    source = replace(tiny_text.source(), architecture="llama", config={**CONFIG, "vocab_size": len(tokens)})
    tensors, words = weights.of_gguf(path, source)
    assert tensors["embed_tokens.weight"].shape == (len(tokens), 32)
    return Tokenizer.from_str(words)


PIECES = ["<unk>", "<s>", "</s>", "▁", "r", "o", "p", "e", "▁r", "op", "rop", "▁rop", "rope", "▁rope"]
BYTES = ["<u>", "<b>", "<e>", "r", "o", "p", "Ġ", "1", "2", "ro", "ĠĠ"]


@pytest.mark.parametrize(("space", "first"), [(None, "▁rope"), (True, "▁rope"), (False, "rope")])
def test_a_text_begins_with_a_space_only_where_the_file_says_so(space, first, tmp_path):
    words = read(tmp_path / "x.gguf", "llama", PIECES, space=space)
    assert words.encode("rope rope", add_special_tokens=False).tokens == [first, "▁rope"]


def test_no_token_lies_past_the_embeddings(tmp_path):
    words = read(tmp_path / "x.gguf", "gpt2", BYTES, merges=["r o"])
    assert max(words.get_vocab().values()) < len(BYTES)
    assert max(words.encode("ro <|endoftext|> 12").ids) < len(BYTES)


def test_digits_stand_apart_where_the_file_says_so(tmp_path):
    merges = ["r o", "Ġ Ġ"]
    cut = read(tmp_path / "x.gguf", "gpt2", BYTES, merges=merges, pre="smollm").encode("ro  12  ro").tokens
    assert cut == ["ro", "ĠĠ", "1", "2", "Ġ", "Ġ", "ro"]
    whole = read(tmp_path / "y.gguf", "gpt2", BYTES, merges=merges, pre="gpt-2").encode("ro  12  ro").tokens
    assert whole == ["ro", "Ġ", "Ġ", "1", "2", "Ġ", "Ġ", "ro"]


def test_smollm2_cuts_numbers_as_its_own_tokenizer_does(real):
    """Its publisher's tokenizer.json: digits one by one, then bytes."""
    source = real("smollm2-135m")
    words = model.tokenizer(source)
    own = Tokenizer.from_str(words.to_str())
    own.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    texts = ["a  5", "Section\n\n1984", "in 2024, 3.5 kg"]
    assert model.tokens(words, source, texts) == [own.encode(text).ids for text in texts]
    assert words.encode("a\n\n1984").tokens == ["a", "ĊĊ", "1", "9", "8", "4"]
    assert max(words.get_vocab().values()) < _catalogue.get("smollm2-135m").config["vocab_size"]
