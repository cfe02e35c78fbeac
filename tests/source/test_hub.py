"""Sources by their ordinary names, from a hub-compatible server on this machine."""

from __future__ import annotations

import subprocess
import sys

import pytest
import tiny_models
import tiny_sentence
from tiny_hub import COMMIT

from headstart.errors import SourceError, UnknownName
from headstart.source import _catalogue
from headstart.source.language import model


@pytest.fixture
def texts(hub, tmp_path):
    """The hub with `tiny-bert` and `someone/tiny-gpt2`."""
    bert, gpt2 = tiny_models.saved("bert", tmp_path / "served"), tiny_models.saved("gpt2", tmp_path / "served")
    (bert / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n")
    (bert / "pytorch_model.bin").write_bytes(b"harm")
    (bert / "modeling_tiny.py").write_text("raise SystemExit('code of the hub was run')")
    hub.repositories.update({"tiny-bert": bert, "someone/tiny-gpt2": gpt2})
    return hub


def test_a_model_is_fetched_by_its_ordinary_name_and_then_needs_no_network(texts, monkeypatch):
    asked = texts.asked
    source = _catalogue.get("tiny-bert")
    assert (source.key, source.loader, source.licence) == ("tiny-bert", "hub", "apache-2.0")
    assert source.origin["revision"] == COMMIT
    assert model.load(source).depths == ("stage1", "stage2", "top")
    files = [request for request in asked if request.startswith(("GET /tiny-bert/resolve/", "GET /cdn/tiny-bert/"))]
    fetched = {request.rpartition("/")[2] for request in files}
    assert fetched == {"config.json", "model.safetensors", "tokenizer.json", "README.md"} | (
        fetched & {"generation_config.json"}
    )
    asked.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert _catalogue.get("tiny-bert") == source
    assert _catalogue.describe(source)["pulled"] is True
    assert asked == []


def test_a_name_with_an_owner_makes_a_key_that_can_name_a_file(texts):
    source = _catalogue.get("someone/tiny-gpt2")
    assert source.key == "someone--tiny-gpt2"
    assert _catalogue.fetch(source).is_file()


def test_a_module_of_the_working_folder_is_not_taken_for_the_hubs_client(texts, tmp_path, monkeypatch):
    (tmp_path / "cloned").mkdir()
    (tmp_path / "cloned" / "huggingface_hub.py").write_text("raise SystemExit('code of the working folder was run')")
    monkeypatch.chdir(tmp_path / "cloned")
    assert _catalogue.get("tiny-bert").key == "tiny-bert"


def test_what_sentence_transformers_saved_is_fetched_with_its_modules(hub, tmp_path):
    layers = [tiny_sentence.dense(32, 7), {"type": "Normalize"}]
    hub.repositories["someone/tiny-sentences"] = place = tiny_sentence.saved(tmp_path / "served", "cls", layers)
    theirs, own = (_catalogue.get(name) for name in ("someone/tiny-sentences", str(place)))
    assert theirs.words == own.words
    assert theirs.words.after == ("dense:32:7:tanh", "unit")
    for name, tensor in model.load(own).state_dict().items():
        assert tensor.equal(model.load(theirs).state_dict()[name])


def test_what_another_library_fetched_is_made_whole(hub, tmp_path, monkeypatch):
    """transformers fetches the network and the tokenizer alone; a mean of tokens would then be taken in silence."""
    hub.repositories["tiny-bert"] = tiny_sentence.saved(tmp_path / "served", "cls")
    code = "import huggingface_hub as h, sys; [h.hf_hub_download('tiny-bert', name) for name in sys.argv[1:]]"
    command = [sys.executable, "-c", code, "config.json", "model.safetensors", "tokenizer.json"]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert _catalogue.get("tiny-bert").words.pooling == "mean", "all that can be known"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert _catalogue.get("tiny-bert").words.pooling == "cls"


def test_an_adapter_on_the_hub_names_its_base(hub, tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "roberta-base"}')
    (tmp_path / "adapter" / "adapter_model.safetensors").write_bytes(b"")
    hub.repositories["someone/adapter"] = tmp_path / "adapter"
    with pytest.raises(SourceError, match=r"an adapter \(peft\) of roberta-base.*`--source roberta-base`"):
        _catalogue.get("someone/adapter")


def test_a_name_that_the_hub_does_not_know_says_so(texts):
    with pytest.raises(SourceError, match=r"'no-such-model' is no key of the catalogue(.|\n)*404(.|\n)*HF_ENDPOINT"):
        _catalogue.get("no-such-model")


def test_offline_nothing_is_asked(texts, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SourceError, match=r"The hub does not give .tiny-bert.(.|\n)*the network is off"):
        _catalogue.get("tiny-bert")
    assert texts.asked == []


def test_a_slip_of_the_pen_is_told_without_asking_the_hub(texts):
    with pytest.raises(UnknownName, match="Did you mean 'minilm-l6'"):
        _catalogue.get("minilm-l66")
    assert texts.asked == []


def test_what_can_be_no_name_is_unknown():
    with pytest.raises(UnknownName, match="There is no source 'a b/c/d'"):
        _catalogue.get("a b/c/d")
