"""Ordinary architectures, from a folder: features, stages, heads; against transformers itself."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_models
import torch

import tiny_text
from headstart.source import _catalogue, _transformers
from headstart.source.language.encoder import batch, layers
from headstart.source.language.model import language_model, lm_kind, load, tokenizer, tokens
from headstart.transfer.training.tail import look
from headstart.transfer.training.text_tail import TextTail

ALL = sorted(tiny_models.CONFIGS)
MANY = [name for name in ALL if name != "albert"]
TEXTS = ["river stone lamp", "cloud", "winter paper engine garden mirror silver forest bread window", "rope harbour"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: tiny_models.saved(name, tmp_path_factory.mktemp("saved")) for name in ALL}


@pytest.fixture
def opened(folders, tmp_path, monkeypatch):
    """name → (source, weights, folder)."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))

    def get(name):
        source = _catalogue.get(str(folders[name]))
        return source, _catalogue.fetch(source), folders[name]

    return get


def theirs(name, folder):
    """The library's own network of the folder."""
    auto = _transformers.library()
    return (auto.T5EncoderModel if name == "t5" else auto.AutoModel).from_pretrained(folder).eval()


def rows(source, weights):
    return tokens(tokenizer(source, weights), source, TEXTS)


def as_tokens(source, weights):
    x = np.empty(len(TEXTS), dtype=object)
    x[:] = [np.array(row, np.int64) for row in rows(source, weights)]
    return x


@pytest.mark.parametrize("name", ALL)
@torch.inference_mode()
def test_pooled_features_are_the_means_of_transformers_own_hidden_states(opened, name):
    source, weights, folder = opened(name)
    model, net = load(source, weights), theirs(name, folder)
    together = model(*batch(rows(source, weights)), (*model.depths, "all"))
    for at, row in enumerate(rows(source, weights)):
        answer = net(input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row)), output_hidden_states=True)
        states = answer.hidden_states[1:] if name != "albert" else [answer.last_hidden_state]
        assert len(states) == len(model.depths) == len(source.widths)
        np.testing.assert_allclose(together[-2][at], answer.last_hidden_state[0].mean(0), atol=1e-5)
        for mine, state in zip(together, states, strict=False):
            np.testing.assert_allclose(mine[at], state[0].mean(0), atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_the_record_is_read_or_computed_from_the_folder(opened, name):
    source, _, folder = opened(name)
    net = theirs(name, folder)
    pooler = sum(p.numel() for n, p in net.named_parameters() if "pooler" in n)
    assert source.params == sum(p.numel() for p in net.parameters()) - pooler
    assert (source.feature_dim, source.modality, source.architecture) == (32, "text", name)
    assert source.key.startswith(f"tiny-{name}@")
    assert source.words.length == {"t5": 512, "roberta": 39, "mpnet": 38}.get(name, 40)
    assert source.licence == "not stated"


@pytest.mark.parametrize("name", ALL)
def test_a_text_as_long_as_the_record_allows_can_be_read(opened, name):
    source, weights, _ = opened(name)
    found = tokens(tokenizer(source, weights), source, ["rope " * 600])
    assert len(found[0]) == source.words.length
    with torch.inference_mode():
        assert torch.isfinite(load(source, weights)(*batch(found))[0]).all()


@pytest.mark.parametrize("name", ALL)
def test_every_weight_stands_in_one_part_in_order(opened, name):
    source, weights, _ = opened(name)
    language = load(source, weights)
    tail = TextTail(language, 2)
    assert [*tail.parts] == (["stem", "top"] if name == "albert" else ["stem", "stage1", "stage2", "top"])
    assert [*tail.parts.values()][1:] == [*layers(language.net)]
    late = {"gpt2": "ln_f", "llama": "norm", "t5": "encoder.final_layer_norm"}.get(name)
    assert [*tail.late] == ([language.net.get_submodule(late)] if late else [])
    owned = [{id(p) for p in part.parameters()} for _, part in tail.stages()[:-1]]
    assert sum(map(len, owned)) == len(set().union(*owned))
    assert set().union(*owned) == {id(p) for p in language.net.parameters()}


@pytest.mark.parametrize("front", [1, 2, 3])
@pytest.mark.parametrize("name", ALL)
def test_states_kept_behind_the_frozen_front_lead_to_the_same_answer(opened, name, front):
    if name == "albert" and front > 1:
        pytest.skip("its one layer is one part")
    source, weights, _ = opened(name)
    x = as_tokens(source, weights)
    whole, begun = (TextTail(load(source, weights), 2).eval() for _ in range(2))
    wanted = look(whole, x, features=True)
    states = begun.advance(front, x)
    begun.begin_behind(front)
    assert [len(s) for s in states] == [len(row) for row in x]
    with torch.no_grad():  # what was run before must not be run again
        for part in [*begun.parts.values()][:front]:
            for layer_name, weight in part.named_parameters():
                if "relative_attention_bias" not in layer_name and name != "mpnet":
                    weight.fill_(7.0)
    found = look(begun, states, features=True)
    assert np.abs(found - wanted).max() < 2e-2 * np.abs(wanted).max()  # both may be in bf16


@pytest.mark.parametrize("name", ALL)
def test_gradients_reach_every_part_that_learns(opened, name):
    source, weights, _ = opened(name)
    tail = TextTail(load(source, weights), 2).train()
    x = as_tokens(source, weights)
    states = tail.advance(1, x)
    tail.begin_behind(1)
    tail(tail.as_batch(states)).square().sum().backward()
    for stage, module in tail.stages()[1:]:
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters()), stage


@pytest.mark.parametrize("name", [name for name in ALL if name != "t5"])
@torch.inference_mode()
def test_the_language_model_is_transformers_own(opened, name):
    source, weights, folder = opened(name)
    kind = lm_kind(source)
    assert kind == ("causal" if name in ("gpt2", "llama") else "masked")
    own = getattr(_transformers.library(), f"AutoModelFor{kind.title()}LM").from_pretrained(folder).eval()
    ids, mask = batch(rows(source, weights))
    mine = language_model(source, weights)(input_ids=ids, attention_mask=mask).logits
    np.testing.assert_allclose(mine, own(input_ids=ids, attention_mask=mask).logits, atol=1e-5)


@pytest.mark.parametrize("name", ["bert", "distilbert"])
def test_a_folder_without_a_head_has_features_and_says_that_it_has_no_head(tmp_path, monkeypatch, name):
    from headstart.errors import SourceError

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    source = _catalogue.get(str(tiny_models.saved(name, tmp_path, head=False)))
    assert load(source).depths == ("stage1", "stage2", "top")
    with pytest.raises(SourceError, match="have no language-model head"):
        language_model(source)


def test_a_llama_whose_head_is_not_tied_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    source = _catalogue.get(str(tiny_models.saved("llama", tmp_path, tie_word_embeddings=False)))
    net = language_model(source)
    assert not torch.equal(net.lm_head.weight, net.model.embed_tokens.weight)
    assert net.lm_head.weight.shape == (tiny_text.CONFIG["vocab_size"], 32)
