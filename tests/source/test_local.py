"""Sources from a folder: what is read from it, and what is refused."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
import tiny_models
from tiny_source import REAL

import tiny_text
from headstart.errors import SourceError
from headstart.source import _catalogue, _transformers, local
from headstart.source.language import model
from headstart.source.language.folder import _words


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tiny_models.saved("bert", tmp_path / "models")


def changed(folder, **fields):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **fields}))


def test_a_folder_is_a_source_and_its_key_tells_two_of_one_name_apart(folder, tmp_path):
    source, other = _catalogue.get(str(folder)), _catalogue.get(str(tiny_models.saved("bert", tmp_path, vocab_size=30)))
    assert source.key.startswith("tiny-bert@")
    assert source.key != other.key
    assert local.pulled(source)
    assert "tiny-bert" not in " ".join(_catalogue.keys())
    assert set(REAL) <= set(_catalogue.keys())


def test_weights_in_several_files_are_read(folder, tmp_path):
    net = _transformers.library().AutoModelForMaskedLM.from_pretrained(folder)
    net.save_pretrained(tmp_path / "sharded", max_shard_size="20KB")
    assert len([*(tmp_path / "sharded").glob("*.safetensors")]) > 1
    (tmp_path / "sharded" / "tokenizer.json").write_text(tiny_text.tokenizer().to_str())
    one, many = (model.load(_catalogue.get(str(f))).state_dict() for f in (folder, tmp_path / "sharded"))
    assert all(tensor.equal(many[name]) for name, tensor in one.items())


def test_code_of_a_tokenizer_is_not_run_whoever_says_yes(folder, tmp_path, monkeypatch):
    (folder / "tokenizer.json").unlink()
    (folder / "config.json").write_text('{"model_type": "own"}')
    (folder / "vocab.txt").write_text("[UNK]")
    said = {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'harm')!r}, 'w')\nclass Own: pass\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(SourceError, match="holds no tokenizer that can be read"):
        _words(folder)
    assert not (tmp_path / "harm").exists()


def test_a_tokenizer_of_a_vocabulary_alone_is_made(folder):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *tiny_text.WORDS]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(words))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "model_max_length": 12}')
    source = _catalogue.get(str(folder))
    assert source.words.length == 12
    found = model.tokens(model.tokenizer(source), source, ["river stone"])
    assert found == [[2, 4, 5, 3]]


def kmers(made):
    """A tokenizer of one's own: words of three letters of DNA."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ATG", "TGC", "GCA"]
    made.model = type(made.model)({word: at for at, word in enumerate(names)}, unk_token="[UNK]")
    return made


def test_a_tokenizer_of_ones_own_is_read_as_it_is(folder):
    """transformers 5.23 puts a WordPiece that lower-cases in its place: all unknown."""
    (folder / "tokenizer.json").write_text(kmers(tiny_text.tokenizer()).to_str())
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')
    source = _catalogue.get(str(folder))
    assert model.tokens(model.tokenizer(source), source, ["ATG GCA TGC"]) == [[2, 4, 6, 5, 3]]


def test_a_vocabulary_with_capitals_is_not_lower_cased_unless_it_says_so(folder):
    (folder / "tokenizer.json").unlink()
    words = sorted(kmers(tiny_text.tokenizer()).get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("\n".join(word for word, _ in words))
    assert _words(folder).encode("ATG GCA").ids == [2, 4, 6, 3]
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    assert _words(folder).encode("ATG GCA").ids == [2, 1, 1, 3]


@pytest.mark.parametrize("architecture", ["bert", "roberta", "gpt2", "llama"])
def test_a_tokenizer_that_pads_on_the_left_moves_nothing(architecture, tmp_path, monkeypatch):
    """Padded on the left, transformers' own BERT and GPT-2 move a text's vectors with its neighbours in the batch."""
    import torch

    from headstart.source.language.encoder import batch

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    place = tiny_models.saved(architecture, tmp_path)
    made = tiny_text.tokenizer()
    made.enable_padding(direction="left", pad_id=0, pad_token="[PAD]", length=20)
    (place / "tokenizer.json").write_text(made.to_str())
    (place / "tokenizer_config.json").write_text('{"padding_side": "left", "truncation_side": "right"}')
    source = _catalogue.get(str(place))
    texts = ["river", "stone lamp cloud winter paper", "engine garden mirror"]
    net, words = _transformers.library().AutoModel.from_pretrained(place).eval(), tiny_text.tokenizer()
    with torch.inference_mode():
        alone = [net(torch.tensor([words.encode(text).ids])).last_hidden_state[0].mean(0) for text in texts]
        rows = model.tokens(model.tokenizer(source), source, texts)
        found = model.load(source)(*batch(rows), ("all",))[0][:, source.columns("top")]
    np.testing.assert_allclose(found, torch.stack(alone), atol=1e-5)


def test_the_end_of_a_text_is_kept_where_the_tokenizer_cuts_on_the_left(folder):
    (folder / "tokenizer_config.json").write_text('{"truncation_side": "left", "model_max_length": 4}')
    source = _catalogue.get(str(folder))
    found = model.tokens(model.tokenizer(source), source, ["river stone lamp cloud"])
    assert found == [[2, 6, 7, 3]]


@pytest.mark.parametrize("said", [None, "bfloat16", "float32"])
def test_a_checkpoint_in_half_precision_is_computed_in_full(said, folder, tmp_path):
    """transformers keeps a file's bfloat16 unless its config.json says otherwise."""
    import torch

    net = _transformers.library().AutoModel.from_pretrained(folder, dtype=torch.bfloat16)
    net.save_pretrained(tmp_path / "half")
    (tmp_path / "half" / "tokenizer.json").write_text(tiny_text.tokenizer().to_str())
    changed(tmp_path / "half", dtype=said, torch_dtype=said)
    ours, ids = model.load(_catalogue.get(str(tmp_path / "half"))), torch.tensor([[2, 5, 9, 3]])
    assert {weight.dtype for weight in ours.parameters()} == {torch.float32}
    with torch.inference_mode():
        want = net.float()(ids).last_hidden_state.mean(1)
        torch.testing.assert_close(ours(ids, torch.ones_like(ids))[0], want, rtol=1e-5, atol=1e-5)


def test_no_tokenizer_at_all_is_told(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(SourceError, match=r"holds no tokenizer that can be read .*tokenizer\.save_pretrained"):
        _catalogue.fetch(_catalogue.get(str(folder)))


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_an_adapter_names_its_base_and_what_to_do(folder, tmp_path):
    """As peft saves it: config and weights of what was learnt, and not the network."""
    import peft

    net = _transformers.library().AutoModel.from_pretrained(folder)
    adapted = peft.get_peft_model(net, peft.LoraConfig(r=2, target_modules=["query"]))
    adapted.save_pretrained(tmp_path / "adapter")
    base, said = re.escape(str(folder)), rf"an adapter \(LORA\) of {re.escape(str(folder))}, and no model of its own"
    with pytest.raises(SourceError, match=rf"{said}(.|\n)*merge_and_unload(.|\n)*`--source {base}`"):
        _catalogue.get(str(tmp_path / "adapter"))
    (folder / "adapter_config.json").write_text("{}")  # saved beside the whole network: transformers would add it
    with pytest.raises(SourceError, match="of a model that it does not name"):
        _catalogue.get(str(folder))


def test_pickled_weights_are_not_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(SourceError, match="holds no weights as safetensors, and no others are read"):
        _catalogue.get(str(folder))


def test_code_of_the_folder_is_not_run(folder):
    (folder / "modeling_own.py").write_text("raise SystemExit('it was run')")
    changed(folder, auto_map={"AutoModel": "modeling_own.Own", "AutoConfig": "modeling_own.OwnConfig"})
    changed(folder, attn_implementation="someone/kernel", quantization_config={"quant_method": "own"})
    source = _catalogue.get(str(folder))
    assert not {"attn_implementation", "quantization_config", "auto_map"} & source.config.keys()
    assert model.load(source).depths[-1] == "top"
    changed(folder, model_type="own")
    with pytest.raises(SourceError, match="has no model type 'own'"):
        _catalogue.get(str(folder))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("bart", "no network that makes features of texts"), ("swin", "is not read here; those that are: vit, clip")],
)
def test_an_architecture_without_text_features_is_refused(folder, kind, said):
    changed(folder, model_type=kind)
    with pytest.raises(SourceError, match=said):
        model.load(_catalogue.get(str(folder)))


@pytest.mark.parametrize(
    "fields",
    [{"num_attention_heads": 0}, {"num_attention_heads": 7}, {"num_hidden_layers": 0}, {"hidden_size": "wide"},
     {"num_hidden_layers": -1}, {"vocab_size": -4}, {"hidden_act": "no_such"}, {"max_position_embeddings": "x"},
     {"num_hidden_layers": [2]}],
)  # fmt: skip
def test_settings_that_no_network_has_are_refused_in_words(folder, fields):
    changed(folder, **fields)
    with pytest.raises(SourceError):
        model.load(_catalogue.get(str(folder)))


@pytest.mark.parametrize("name", ["~nosuchuser/x", "a" * 300, "a\0b"])
def test_what_can_be_no_path_is_no_folder(name):
    assert local.find(name) is None


def test_weights_that_do_not_fit_the_settings_are_refused(folder):
    changed(folder, intermediate_size=80)
    with pytest.raises(
        SourceError, match=r"do not fit bert: 'encoder\.layer\.0\.intermediate\.dense\.bias' \(80,\) is"
    ):
        _catalogue.fetch(_catalogue.get(str(folder)))


def test_a_folder_that_changes_between_looking_and_fetching_is_noticed(folder):
    source = _catalogue.get(str(folder))
    changed(folder, hidden_dropout_prob=0.3)
    with pytest.raises(SourceError, match="has gone or changed since it was looked at"):
        _catalogue.fetch(source)


def test_once_fetched_the_folder_is_no_longer_needed(folder):
    source = _catalogue.get(str(folder))
    path = _catalogue.fetch(source)
    (folder / "model.safetensors").unlink()
    assert _catalogue.fetch(source) == path
    assert local.pulled(source)


def test_an_unreadable_config_is_told(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(SourceError, match=r"config\.json is no readable JSON"):
        _catalogue.get(str(folder))


def test_a_fit_reuses_the_folder_and_the_saved_model_predicts_without_it(folder, tmp_path):
    import shutil

    from headstart import fit, load

    rows = [json.dumps({"text": e.content, "label": "ab"[e.answer]}) for e in tiny_text.texts(120, 2)]
    (tmp_path / "data.jsonl").write_text("\n".join(rows))
    run = fit(tmp_path / "data.jsonl", source=str(folder), strategy="probe", out=tmp_path / "run", seeds=1)
    assert run.record["verdict"]["decision"] in ("helps", "no_evidence", "hurts")
    assert {t["source"] for t in run.record["trials"]} == {None, _catalogue.get(str(folder)).key}
    shutil.rmtree(folder)
    found = load(tmp_path / "run").predict(["river stone lamp"])
    assert found[0].label in ("a", "b")
