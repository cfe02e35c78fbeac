import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import tiny_text
from headstart.errors import SourceError, UnknownName
from headstart.source import _transformers
from headstart.source.language.encoder import batch
from headstart.source.language.model import build, converted, load, tokenizer, tokens

TEXTS = ["river stone lamp", "cloud", "winter paper engine garden mirror silver forest bread window"]


@pytest.fixture(scope="module")
def model():
    return load(tiny_text.source(), tiny_text.weights())


def rows(texts, source=None):
    source = source or tiny_text.source()
    return tokens(tokenizer(source, tiny_text.weights()), source, texts)


@torch.inference_mode()
def test_features_are_those_of_transformers_itself(model):
    net = _transformers.library().AutoModel.from_config(
        _transformers.library().BertConfig(**tiny_text.CONFIG), add_pooling_layer=False
    )
    net.load_state_dict(model.net.state_dict())
    for text in TEXTS:
        ids = torch.tensor([[2, *(4 + tiny_text.WORDS.index(w) for w in text.split()), 3]])
        states = net.eval()(input_ids=ids, output_hidden_states=True).hidden_states[1:]
        found = model(*batch(rows([text])), (*model.depths, "all"))
        for mine, theirs in zip(found, states, strict=False):
            np.testing.assert_allclose(mine, theirs.mean(1), atol=1e-5)
        np.testing.assert_allclose(found[-1], torch.cat(found[:-1], 1))


@torch.inference_mode()
def test_padding_changes_nothing(model):
    together = model(*batch(rows(TEXTS)), ("all",))[0]
    for i, text in enumerate(TEXTS):
        np.testing.assert_allclose(together[i], model(*batch(rows([text])), ("all",))[0][0], atol=1e-5)


@torch.inference_mode()
def test_a_causal_model_is_read_at_its_last_token():
    model = load(tiny_text.source("last"), tiny_text.weights())
    ids, mask = batch(rows(TEXTS))
    states = model.net(input_ids=ids, attention_mask=mask).last_hidden_state
    want = torch.stack([s[len(r) - 1] for s, r in zip(states, rows(TEXTS), strict=True)])
    np.testing.assert_allclose(model(ids, mask)[0], want, atol=1e-6)


@torch.inference_mode()
@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_a_text_that_ends_in_the_token_for_padding_is_read_to_its_end(pooling):
    """transformers' heads look for the last token that is none, whatever the mask says."""
    model = load(tiny_text.source(pooling), tiny_text.weights())
    longer, ended = [2, 7, 8, 9, 10, 11, 3], [2, 5, 6, 0, 0]
    ids, mask = batch([longer, ended])
    states = model.net(input_ids=torch.tensor([ended]), attention_mask=torch.ones(1, 5)).last_hidden_state[0]
    want = states[-1] if pooling == "last" else states.mean(0)
    np.testing.assert_allclose(model(ids, mask)[0][1], want, atol=1e-5)


def test_long_texts_are_cut_and_empty_ones_have_a_token():
    assert len(rows([" ".join(TEXTS * 20)], tiny_text.source(length=16))[0]) == 16
    assert len(rows([""])[0]) > 0


def test_an_unknown_depth_is_named(model):
    with pytest.raises(UnknownName, match="stage9"):
        model(*batch(rows(TEXTS)), ("stage9",))


def test_weights_are_found_with_the_prefix_of_a_model_with_a_head():
    given = {f"bert.{n}": t for n, t in build(tiny_text.source()).state_dict().items()}
    given["cls.predictions.bias"] = torch.zeros(3)
    assert set(converted(given, tiny_text.source())) == {n.removeprefix("bert.") for n in given if "bert" in n}
    given.pop("bert.embeddings.word_embeddings.weight")
    with pytest.raises(SourceError, match=r"word_embeddings.*is missing"):
        converted(given, tiny_text.source())


def test_a_file_without_a_tokenizer_is_told(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(SourceError, match="carries no tokenizer"):
        tokenizer(tiny_text.source(), tmp_path / "x.safetensors")
