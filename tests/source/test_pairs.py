"""Two texts of an example: given to a BERT as transformers gives a pair, to others joined."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_text
from headstart.source.language.encoder import batch
from headstart.source.language.model import load, tokenizer, tokens
from headstart.transfer.training.text_tail import TextTail
from headstart.types import PAIR

ONE, TWO = "river stone lamp cloud", "winter paper engine"


def knowing(kinds: bool):
    """A tokenizer that knows pairs, with token types or without."""
    from tokenizers.processors import TemplateProcessing

    made = tiny_text.tokenizer()
    second = "$B:1 [SEP]:1" if kinds else "$B [SEP]"
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair=f"[CLS] $A [SEP] {second}", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


@pytest.fixture(scope="module", params=[True, False])
def paired(request):
    weights = tiny_text.written("bert", tiny_text.CONFIG, knowing(request.param), add_pooling_layer=False)
    source = replace(tiny_text.source(), sha256=hashlib.sha256(weights.read_bytes()).hexdigest())
    return source, weights, request.param


def rows(source, weights, texts):
    return tokens(tokenizer(source, weights), source, texts)


@torch.inference_mode()
def test_a_pair_has_the_features_that_transformers_gives_it(paired):
    from transformers import PreTrainedTokenizerFast

    source, weights, kinds = paired
    model = load(source, weights)
    theirs = PreTrainedTokenizerFast(tokenizer_object=knowing(kinds), pad_token="[PAD]")
    given = theirs(ONE, TWO, return_tensors="pt", return_token_type_ids=True)
    assert bool(given["token_type_ids"].any()) == kinds
    want = model.net(**given).last_hidden_state.mean(1)
    both = rows(source, weights, [ONE + PAIR + TWO, ONE])
    assert both[0] == given["input_ids"][0].tolist()
    found = model(*batch(both))[0]
    np.testing.assert_allclose(found[:1], want, atol=1e-5)
    alone = model.net(**theirs(ONE, return_tensors="pt")).last_hidden_state.mean(1)
    np.testing.assert_allclose(found[1:], alone, atol=1e-5)


@torch.inference_mode()
def test_a_tail_that_learns_sees_the_same_pair(paired):
    source, weights, _ = paired
    model = load(source, weights)
    both = rows(source, weights, [ONE + PAIR + TWO])
    tail = TextTail(model, 2)
    np.testing.assert_allclose(tail.features(torch.tensor(both)), model(*batch(both))[0], atol=1e-5)


def test_a_tokenizer_that_knows_no_pairs_is_given_them_joined():
    source, weights = tiny_text.source(), tiny_text.weights()
    assert rows(source, weights, [ONE + PAIR + TWO]) == rows(source, weights, [f"{ONE}\n{TWO}"])
    assert rows(source, weights, [ONE + PAIR + ""]) == rows(source, weights, [ONE])


def test_pairs_are_cut_from_the_longer_text(paired):
    source, weights, _ = paired
    [found] = rows(replace(source, input=replace(source.words, length=10)), weights, [" ".join([ONE] * 5) + PAIR + TWO])
    words = [4 + tiny_text.WORDS.index(word) for word in TWO.split()]
    assert len(found) == 10
    assert found[-4:] == [*words, 3]
