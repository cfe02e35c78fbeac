"""Verification of language models: the real ones answer, shuffled weights do not."""

from __future__ import annotations

import json

import pytest
import tiny_models
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from headstart.cli.sources import app
from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.source.language import model
from headstart.source.verify import sound, text, verify

KEYS = ("albert-reactions", "minilm-l6", "wordllama", "e5-small-multilingual", "mpnet-base", "smollm2-135m")


@pytest.mark.parametrize("key", KEYS)
def test_the_real_weights_answer(real, key):
    rows = verify(real(key))
    assert len(rows) >= 8
    assert sound(rows), [row for row in rows if not row["ok"]]


@pytest.mark.parametrize("key", ["albert-reactions", "minilm-l6", "wordllama", "smollm2-135m"])
def test_the_same_weights_shuffled_do_not(real, key, tmp_path):
    import torch

    source = real(key)
    path = _catalogue.fetch(source)
    with safe_open(path, "pt") as opened:
        header = opened.metadata()
    generator = torch.Generator().manual_seed(0)
    mixed = {
        name: tensor.flatten()[torch.randperm(tensor.numel(), generator=generator)].reshape(tensor.shape)
        for name, tensor in load_file(path).items()
    }
    save_file(mixed, tmp_path / "mixed.safetensors", header)
    rows = verify(source, tmp_path / "mixed.safetensors")
    assert not sound(rows)
    assert sum(row["ok"] for row in rows) <= len(rows) / 2


def test_a_wrong_tokenizer_is_noticed(real, tmp_path):
    source = real("minilm-l6")
    path = _catalogue.fetch(source)
    with safe_open(path, "pt") as opened:
        words = json.loads(opened.metadata()[model.TOKENIZER])
    names, ids = zip(*words["model"]["vocab"].items(), strict=True)
    words["model"]["vocab"] = dict(zip(names, ids[:2000] + ids[:1999:-1], strict=True))
    save_file(load_file(path), tmp_path / "w.safetensors", {model.TOKENIZER: json.dumps(words)})
    assert not sound(verify(source, tmp_path / "w.safetensors"))


def test_paraphrases_share_no_word_that_would_give_them_away():
    common = set("a an the of in to at my our his her their it is was were by when that has have for and".split())
    common |= {"she", "he", "i", "because", "so", "every", "after", "very", "than", "before", "with"}
    for first, second in text._PAIRS:
        words = [set(side.lower().replace(".", "").split()) for side in (first, second)]
        assert words[0] & words[1] <= common, (first, second)


def test_an_encoder_from_elsewhere_has_no_check(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SourceError, match="There is no check for 'tiny-bert@"):
        verify(_catalogue.get(str(tiny_models.saved("bert", tmp_path))))


def test_the_command_line_verifies_texts(real):
    real("wordllama")
    done = CliRunner().invoke(app, ["verify", "wordllama", "--json"])
    found = json.loads(done.stdout)["verified"]["wordllama"]
    assert found["sound"] is True
    assert found["texts"][0]["text"].startswith("The physician")
    table = " ".join(CliRunner().invoke(app, ["verify", "wordllama"]).stdout.split())
    assert "physician" in table
