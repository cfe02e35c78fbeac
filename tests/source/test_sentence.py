"""What sentence-transformers saved gives the vectors that its definition gives, or is refused by the module's name.

The oracle is written out here on transformers' own network, a text at a time. Where the library is installed it is
asked itself too (version 6.2.0 on MiniLM-L6, every pooling, Dense and prompt: cosine .9999999).
"""

from __future__ import annotations

import json
from math import erf

import numpy as np
import pytest
import tiny_models
import tiny_sentence
import torch
from tiny_sentence import WIDTH, dense

import tiny_text
from headstart.errors import SourceError
from headstart.family import load
from headstart.plan import search
from headstart.source import _catalogue, _random, _transformers
from headstart.source.language import model as _language
from headstart.source.language import sentence
from headstart.source.language.encoder import batch
from headstart.source.language.pooling import after, pool
from headstart.transfer import lora
from headstart.transfer.baseline import encoder
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tune
from headstart.transfer.training.tail import look
from headstart.types import View

TEXTS = ["river stone lamp", "cloud", "winter paper engine garden mirror silver forest bread window", ""]
UNIT = {"type": "Normalize"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def ours(folder, texts=TEXTS):
    source = _catalogue.get(str(folder))
    model, words = _language.load(source), _language.tokenizer(source)
    with torch.inference_mode():
        found = model(*batch(_language.tokens(words, source, list(texts))))[0].numpy()
    assert found.shape == (len(texts), source.feature_dim)
    assert source.feature_dim == source.widths[-1]
    return found


def states(place, text, most=512):
    """transformers' own last states of a text alone, [l, d]."""
    net = _transformers.library().AutoModel.from_pretrained(place).eval()
    ids = [2, *(4 + tiny_text.WORDS.index(word) for word in text.split()), 3]
    ids = ids if len(ids) <= most else [*ids[: most - 1], 3]
    with torch.inference_mode():
        return net(torch.tensor([ids])).last_hidden_state[0].numpy()


POOLED = {
    "cls": lambda x: x[0],
    "max": lambda x: x.max(0),
    "mean": lambda x: x.sum(0) / len(x),
    "mean_sqrt_len_tokens": lambda x: x.sum(0) / np.sqrt(len(x)),
    "weightedmean": lambda x: sum((at + 1) * row for at, row in enumerate(x)) / sum(range(1, len(x) + 1)),
    "lasttoken": lambda x: x[-1],
}
ACTIVATED = {
    "Tanh": np.tanh,
    "Identity": lambda x: x,
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "SiLU": lambda x: x / (1 + np.exp(-x)),
    "GELU": lambda x: x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2,
}


@pytest.mark.parametrize(
    ("mode", "old"),
    [*((mode, False) for mode in POOLED), (("max", "cls"), False), ("lasttoken", True), (("cls", "mean"), True)],
)
def test_a_text_is_pooled_as_the_folder_says(mode, old, tmp_path):
    place = tiny_sentence.saved(tmp_path, mode, old=old)
    modes = [mode] if isinstance(mode, str) else mode
    want = [np.concatenate([POOLED[m](states(place, text)) for m in modes]) for text in TEXTS]
    np.testing.assert_allclose(ours(place), want, atol=1e-5)


def test_every_pooling_and_activation_named_is_one_that_there_is():
    x, mask = torch.randn(2, 3, 4), torch.tensor([[1, 1, 1], [1, 1, 0]])
    for how in sentence.POOLINGS.values():
        assert pool(x, mask, how).shape == (2, 4)
    for how in sentence.ACTIVATIONS.values():
        assert after([f"dense:4:2:{how}"])(x[:, 0]).shape == (2, 2)


@pytest.mark.parametrize("activation", [*ACTIVATED])
def test_dense_and_normalize_stand_behind_the_pooling(activation, tmp_path):
    layers = [dense(WIDTH, 20, activation), {"type": "Dropout"}, dense(20, 7, "Identity", bias=False, seed=1), UNIT]
    place = tiny_sentence.saved(tmp_path, "cls", layers)
    want = []
    for text in TEXTS:
        first, second = (layers[at]["weights"] for at in (0, 2))
        x = ACTIVATED[activation](first["linear.weight"] @ states(place, text)[0] + first["linear.bias"])
        x = second["linear.weight"] @ x
        want.append(x / np.linalg.norm(x))
    np.testing.assert_allclose(ours(place), want, atol=1e-5)


def test_the_default_prompt_stands_before_every_text_and_no_other_does(tmp_path):
    prompts = {"query": "river garden", "passage": "rope"}
    with_it = tiny_sentence.saved(tmp_path / "a", prompts=prompts, default_prompt_name="query")
    without = tiny_sentence.saved(tmp_path / "b", prompts=prompts, default_prompt_name=None)
    asked = states(with_it, "river garden lamp").mean(0), states(without, "lamp").mean(0)
    np.testing.assert_allclose(ours(with_it, [" lamp"])[0], asked[0], atol=1e-5)
    np.testing.assert_allclose(ours(without, ["lamp"])[0], asked[1], atol=1e-5)


def test_length_and_lower_case_are_the_folders(tmp_path):
    place = tiny_sentence.saved(tmp_path, "lasttoken", reading={"max_seq_length": 4, "do_lower_case": True})
    want = [states(place, text, 4)[-1] for text in TEXTS]
    np.testing.assert_allclose(ours(place, [text.upper() for text in TEXTS]), want, atol=1e-5)


def test_the_tokenizers_own_lower_casing_is_kept(tmp_path):
    """The library (6.2.0) writes it into tokenizer.json and loses it when it loads the folder again."""
    place = tiny_sentence.saved(tmp_path)
    lower, words = {"type": "Lowercase"}, json.loads((place / "tokenizer.json").read_text())
    (place / "tokenizer.json").write_text(json.dumps({**words, "normalizer": lower}))
    (place / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": false}')
    np.testing.assert_allclose(ours(place, ["River STONE"])[0], states(place, "river stone").mean(0), atol=1e-5)


def test_an_old_folder_has_its_network_one_floor_down(tmp_path):
    place = tiny_sentence.saved(tmp_path, "cls", old=True, inner="0_Transformer")
    want = [states(place / "0_Transformer", text)[0] for text in TEXTS]
    np.testing.assert_allclose(ours(place), want, atol=1e-5)


def test_what_changes_in_a_modules_folder_makes_another_source(tmp_path):
    place = tiny_sentence.saved(tmp_path, "cls", [dense(WIDTH, 7)])
    before = _catalogue.get(str(place)).sha256
    dense_again = tiny_sentence.saved(tmp_path / "again", "cls", [dense(WIDTH, 7, seed=5)])
    assert _catalogue.get(str(dense_again)).sha256 != before
    (place / "1_Pooling" / "config.json").write_text('{"pooling_mode": "max"}')
    assert _catalogue.get(str(place)).sha256 != before


LOCAL = "torch.nn.modules.activation.Softmax"
REFUSED = {
    "another module": ({"after": [{"type": "WeightedLayerPooling"}]}, "WeightedLayerPooling in modules.json"),
    "own code": ({"after": [{"type": "own_module.Head"}]}, "own_module.Head in modules.json"),
    "a residual": ({"after": [dense(WIDTH, WIDTH, use_residual=True)]}, "2_Dense was saved .* use_residual = true"),
    "an activation": ({"after": [dense(WIDTH, 8, LOCAL)]}, "activation_function = .*Softmax"),
    "tokens' vectors": ({"after": [dense(WIDTH, 8, module_input_name="token_embeddings")]}, "module_input_name = "),
    "a task": ({"reading": {"transformer_task": "fill-mask"}}, "transformer_task = 'fill-mask'"),
    "an output": ({"reading": {"modality_config": {"image": {}}}}, "modality_config = "),
    "settings": ({"reading": {"config_args": {"num_hidden_layers": 1}}}, "config_args = "),
    "a length": ({"reading": {"max_seq_length": "long"}}, "max_seq_length = 'long'"),
    "a prompt": ({"default_prompt_name": "q"}, "default_prompt_name = 'q' in config_sentence"),
    "widths": ({"after": [dense(16, 8)]}, "a layer for vectors of 16 numbers behind something that gives 32"),
    "sizes": ({"after": [dense(WIDTH, 0)]}, "in_features, out_features = "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_refused_by_its_name(case, tmp_path):
    how, said = REFUSED[case]
    with pytest.raises(SourceError, match=said):
        _catalogue.get(str(tiny_sentence.saved(tmp_path, **how)))


def test_settings_in_the_folders_are_looked_at(tmp_path):
    place = tiny_sentence.saved(tmp_path, prompts={"q": "river "}, default_prompt_name="q")
    pooling = place / "1_Pooling" / "config.json"
    pooling.write_text('{"pooling_mode": "mean", "include_prompt": false}')
    with pytest.raises(SourceError, match=r"1_Pooling was saved .* include_prompt = false with a prompt"):
        _catalogue.get(str(place))
    pooling.write_text('{"pooling_mode": "attention"}')
    with pytest.raises(SourceError, match=r"pooling_mode = \['attention'\]; read here: cls, max, mean"):
        _catalogue.get(str(place))
    listed = json.loads((place / "modules.json").read_text())
    for wrong, said in (([listed[0]], "Transformer in modules.json"), ([{**listed[0], "path": "../x"}], "the path")):
        (place / "modules.json").write_text(json.dumps(wrong))
        with pytest.raises(SourceError, match=said):
            _catalogue.get(str(place))


def test_weights_of_a_dense_are_read_from_safetensors_alone(tmp_path):
    place = tiny_sentence.saved(tmp_path, "cls", [dense(WIDTH, 7)])
    (place / "2_Dense" / "model.safetensors").rename(place / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(SourceError, match=r"2_Dense holds no model\.safetensors"):
        _catalogue.fetch(_catalogue.get(str(place)))


@pytest.fixture
def known(tmp_path):
    place = tiny_sentence.saved(tmp_path, ("cls", "mean"), [dense(2 * WIDTH, 24), UNIT])
    source = _catalogue.get(str(place))
    return source, _catalogue.fetch(source)


def test_what_is_tuned_starts_as_the_source_and_the_dense_learns_with_it(known):
    view, rows = View(known[0].key, "input"), tiny_text.drawn(View("tiny-text", "input"), 30, 3, 0)
    tail = open_tail(*known, view, 3).eval()
    with torch.inference_mode():
        want = _language.load(*known)(*batch([row.tolist() for row in rows.x]))[0].numpy()
    np.testing.assert_allclose(look(tail, rows.x, features=True, exact=True), want, atol=1e-4)
    work = tiny_text.context(rows, 3, view, seed=0)
    work = type(work)(**{**work.__dict__, "source": known[0], "weights": known[1]})
    candidate = search.Candidate("f", "finetune", True, view, long=True)
    fitted, *_ = search.trained(candidate, tune.Config(parts=1, steps=5), work, tuple("abc"))
    assert "late.0.linear.weight" in fitted.state
    scores = load("transfer", "finetune").logits(fitted, rows.x, *known)
    assert scores.shape == (30, 3)
    adapted = lora.opener(lora.Config())(*known, view, 3)
    assert not any(p.requires_grad for p in adapted.late.parameters())


def test_its_twin_has_random_layers_too(known, tmp_path):
    twin = _random.twin(known[0])
    made = _language.load(twin, _random.drawn(known[0], tmp_path, known[1]))
    assert not torch.equal(made.after[0].linear.weight, _language.load(*known).after[0].linear.weight)


def test_the_rival_from_scratch_is_no_worse_for_it(known):
    small = encoder.architecture(known[0], 16, 1, 9)
    assert (small.words.pooling, small.words.after) == ("mean", ())
    rows = tiny_text.drawn(View("tiny-text", "input"), 5, 3, 0).x
    rows[:] = [row % 9 for row in rows]
    assert look(encoder.opened(small, None, View(None), 3).eval(), rows).shape == (5, 3)


def test_the_library_itself_gives_the_same(tmp_path):
    library = pytest.importorskip("sentence_transformers")
    layers = [dense(WIDTH, 20), UNIT]
    place = tiny_sentence.saved(tmp_path, "weightedmean", layers, prompts={"q": "rope "}, default_prompt_name="q")
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    (place / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))
    theirs = library.SentenceTransformer(str(place), device="cpu").encode(TEXTS, batch_size=2)
    np.testing.assert_allclose(ours(place), theirs, atol=1e-5)


def test_a_folder_of_another_making_is_pooled_as_before(tmp_path):
    place = tiny_models.saved("bert", tmp_path)
    np.testing.assert_allclose(ours(place), [states(place, text).mean(0) for text in TEXTS], atol=1e-5)
