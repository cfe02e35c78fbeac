"""Models for other libraries: opened by timm, transformers, sentence-transformers themselves, and held to the run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_sentence
import torch
from PIL import Image

import tiny_tail
import tiny_text
from drawn_task import pictures
from headstart.errors import EngineError, UsageError
from headstart.kind import kind_of
from headstart.pixels import Pixels
from headstart.plan import search
from headstart.ship._inputs import inputs_of
from headstart.ship.predict import predict
from headstart.ship.pretrained import folder as pretrained
from headstart.ship.pretrained.head import Head, run, straight
from headstart.ship.pretrained.modality import image
from headstart.ship.store import Model
from headstart.source import _catalogue, _library, _transformers, local
from headstart.source.vision import timm
from headstart.strategy import strategy
from headstart.types import Example, FitContext, Fitted, Source, View

K, LABELS = 3, ("a", "b", "c")
NEAR = 1e-3  # of probabilities: the same numbers, added up in another order
SEEN = 0.03  # likewise, where another library prepares the pictures, or a text was embedded in half precision
BRIEF = {"mlp": {"epochs": 1, "least": 4}, "finetune": {"epochs": 1, "least": 4}, "lora": {"steps": 4}}
PICTURES = pictures(12, K, 5, 64)
TEXTS = [str(e.content) for e in tiny_text.texts(12, K, 3)]


def model_of(name: str, source: Source, weights: Path, given: Sequence[Any], y: Any, folder: Path, **config) -> Model:
    """A model of that strategy, trained for a moment on these examples; calibrated as if by T = 2."""
    way, kind = strategy(name), source.modality
    view = View(source.key, "top" if way.predictor is None else "input" if kind == "text" else "cut:2")
    bare = Fitted(name, view, {}, LABELS, {}, 0, 0, modality=kind)
    seen = Model(bare, source, weights).store("torch").extract(examples(kind, given, folder / "given"), [view])[0]
    context = FitContext(
        replace(seen, y=np.asarray(y)), K, view, source=source, weights=weights, labels=LABELS, modality=kind
    )
    candidate = search.Candidate("c", name, True, view, long=way.long)
    made = search.trained(candidate, replace(way.config(), **config), context, LABELS)[0]
    return Model(replace(made, decoder={"temperature": 2.0}), source, weights)


def examples(kind: str, given: Sequence[Any], folder: Path) -> list[Example]:
    folder.mkdir(exist_ok=True)
    return [one.example for one in inputs_of(kind, given, folder)]


def of_pictures(name: str, folder: Path, architecture: str = tiny_tail.ARCHITECTURE, n: int = 48, **config) -> Model:
    drawn, known = pictures(n, K, 8, 64), (tiny_tail.source(architecture), tiny_tail.weights(architecture))
    return model_of(name, *known, list(drawn.x), drawn.y, folder, **config)


def of_texts(name: str, folder: Path, source: Source | None = None, weights: Path | None = None, **config) -> Model:
    drawn, known = tiny_text.texts(48, K, 0), (source or tiny_text.source(), weights or tiny_text.weights())
    return model_of(name, *known, [(e.content,) for e in drawn], [e.answer for e in drawn], folder, **config)


def said(model: Model, inputs) -> np.ndarray:
    """What `predict` says, [n k]."""
    rows = predict(model, inputs, engine="torch")
    return np.array([[row.probabilities[label] for label in LABELS] for row in rows])


def softmax(logits) -> np.ndarray:
    return kind_of("classification").decode(np.asarray(logits.detach() if hasattr(logits, "detach") else logits))


def prepared(model: Model) -> torch.Tensor:
    """Pictures as the run's own network takes them."""
    from headstart.source.vision.backbone import normalise

    return normalise(torch.from_numpy(PICTURES.x).permute(0, 3, 1, 2).contiguous(), model.source.pixels)


@pytest.mark.parametrize("architecture", [tiny_tail.ARCHITECTURE, "test_vit", "mobilenetv3_small_050"])
def test_pictures_are_classified_as_the_run_does(architecture, tmp_path):
    model = of_pictures("probe", tmp_path, architecture)
    pretrained.save(model, tmp_path / "out")
    library = _transformers.library()
    opened = library.AutoModelForImageClassification.from_pretrained(tmp_path / "out", trust_remote_code=True)
    images, wanted = [Image.fromarray(x) for x in PICTURES.x], said(model, list(PICTURES.x))
    np.testing.assert_allclose(softmax(opened(pixel_values=prepared(model)).logits), wanted, atol=NEAR)
    processor = library.AutoImageProcessor.from_pretrained(tmp_path / "out")
    logits = opened(**processor(images, return_tensors="pt")).logits
    np.testing.assert_allclose(softmax(logits), wanted, atol=SEEN)
    assert opened.config.id2label == {0: "a", 1: "b", 2: "c"}
    assert opened.config.problem_type == "single_label_classification"
    alone = timm.library().create_model(f"local-dir:{tmp_path / 'out'}", pretrained=True).eval()
    rows = model.predictor("torch").features(examples("image", list(PICTURES.x), tmp_path / "seen"))
    np.testing.assert_allclose(
        alone(prepared(model)).detach(), rows, atol=1e-4, err_msg="timm's network gives the features"
    )


@pytest.mark.parametrize("name", ["finetune", "mlp"])
def test_what_was_learnt_is_in_the_weights(name, tmp_path):
    model = of_pictures(name, tmp_path, **BRIEF[name])
    pretrained.save(model, tmp_path / "out")
    made = _transformers.library().AutoModelForImageClassification
    opened = made.from_pretrained(tmp_path / "out", trust_remote_code=True)
    np.testing.assert_allclose(
        softmax(opened(pixel_values=prepared(model)).logits), said(model, list(PICTURES.x)), atol=SEEN
    )


@pytest.mark.parametrize("architecture", ["test_resnet", "test_convnext"])
def test_a_linear_head_is_timms_own(architecture, tmp_path):
    model, many = of_pictures("probe", tmp_path, architecture, 120), pictures(120, K, 8, 64)
    _, head = pretrained.save(model, tmp_path / "out", list(many.x))
    assert head.agreement >= 0.95
    opened = timm.library().create_model(f"local-dir:{tmp_path / 'out'}", pretrained=True).eval()
    theirs, ours = softmax(opened(prepared(model))), said(model, list(PICTURES.x))
    assert (theirs.argmax(1) == ours.argmax(1)).mean() >= 0.9
    assert abs(theirs - ours).mean() < 0.1
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["id2label"] == {"0": "a", "1": "b", "2": "c"}
    assert "auto_map" not in config, "no code of ours is needed"


def test_a_linear_head_that_would_be_another_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="12 examples were given for a linear head; give 40 or more"):
        pretrained.save(of_pictures("probe", tmp_path), tmp_path / "few", list(PICTURES.x))
    signs = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]], np.float32)  # of two, whether they are alike
    tensors = {"0.weight": signs, "0.bias": np.zeros(4), "2.weight": np.repeat(np.eye(2), 2, 1), "2.bias": np.zeros(2)}
    alike = Head(("linear:2:4", "relu", "linear:4:2"), {n: np.asarray(a, np.float32) for n, a in tensors.items()})
    x = np.random.default_rng(0).normal(size=(200, 2))
    np.testing.assert_array_equal(run(alike, x).argmax(1) == 0, x[:, 0] * x[:, 1] > 0)
    with pytest.raises(UsageError, match=r"agrees with this run's on [\d.]+ % of 50 examples"):
        straight(alike, x, "classification", "ab")


@pytest.mark.parametrize("name", ["probe", "finetune", "lora"])
def test_texts_are_classified_as_the_run_does(name, tmp_path):
    model = of_texts(name, tmp_path, **BRIEF.get(name, {}))
    pretrained.save(model, tmp_path / "out")
    library = _transformers.library()
    opened = library.AutoModelForSequenceClassification.from_pretrained(tmp_path / "out", trust_remote_code=True)
    tokenizer = library.AutoTokenizer.from_pretrained(tmp_path / "out", trust_remote_code=True)
    logits = opened(**tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")).logits
    np.testing.assert_allclose(softmax(logits), said(model, [(text,) for text in TEXTS]), atol=SEEN)
    assert opened.config.label2id == {"a": 0, "b": 1, "c": 2}


@pytest.mark.parametrize(
    ("pooling", "after", "settings"),
    [
        ("cls", [{"type": "Normalize"}], {}),
        (["mean", "max"], [tiny_sentence.dense(64, 16), {"type": "Normalize"}], {}),
        ("mean", [], {"prompts": {"q": "river : "}, "default_prompt_name": "q"}),
    ],
)
def test_sentence_transformers_gives_what_the_head_reads(pooling, after, settings, tmp_path):
    source = local.find(str(tiny_sentence.saved(tmp_path / "own", pooling, after, **settings)))
    model = of_texts("probe", tmp_path, source, _catalogue.fetch(source))
    pretrained.save(model, tmp_path / "out")
    opened = _library.library("sentence_transformers").SentenceTransformer(str(tmp_path / "out"), device="cpu")
    rows = model.predictor("torch").features(examples("text", [(text,) for text in TEXTS], tmp_path))
    np.testing.assert_allclose(opened.encode(TEXTS), rows, atol=SEEN)


def test_sentence_transformers_has_linear_heads(tmp_path):
    source = local.find(str(tiny_sentence.saved(tmp_path / "own", "cls", [{"type": "Normalize"}])))
    model = of_texts("probe", tmp_path, source, _catalogue.fetch(source))
    _, head = pretrained.save(model, tmp_path / "out", [(str(e.content),) for e in tiny_text.texts(200, K, 1)])
    assert head.agreement >= 0.95
    opened = _library.library("sentence_transformers").SentenceTransformer(str(tmp_path / "out"), device="cpu")
    agree = softmax(opened.encode(TEXTS)).argmax(1) == said(model, [(text,) for text in TEXTS]).argmax(1)
    assert agree.mean() >= 0.8


def test_what_no_other_library_opens(tmp_path):
    model = of_pictures("probe", tmp_path)
    every = replace(model, fitted=replace(model.fitted, view=View("tiny", "all")))
    fresh = replace(model, source=None, fitted=replace(model.fitted, strategy="classical", view=View(None)))
    own = replace(model, source=replace(model.source, architecture="headstart:faces"))
    names = replace(model, fitted=replace(model.fitted, strategy="zeroshot"))
    boxed = replace(model, pixels=Pixels(fit="letterbox"))
    table = of_texts("probe", tmp_path)
    static = replace(table, source=replace(table.source, architecture="static"))
    two = replace(table, columns={"text": "question,answer"})
    for one, why in (
        (every, "its head reads the depth 'all'"),
        (fresh, r"it \('classical'\) reuses no network of theirs"),
        (own, "timm has no network 'faces'"),
        (names, "a head of 'zeroshot' has no counterpart"),
        (boxed, "grey bars"),
        (static, "a table of token vectors in a format of its own"),
        (two, "several columns as one text"),
    ):
        with pytest.raises(UsageError, match=f"cannot be opened by timm, .*{why}.*fit again with"):
            pretrained.save(one, tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UsageError, match="is not empty"):
        pretrained.save(model, tmp_path / "out")


def test_a_folder_that_answers_otherwise_is_not_kept(tmp_path, monkeypatch):
    written = image.written

    def shaken(folder, *rest):
        from safetensors.torch import load_file, save_file

        said = written(folder, *rest)
        tensors = load_file(folder / "model.safetensors")
        tensors["conv_stem.weight"] = tensors["conv_stem.weight"].flip(1)  # blue for red
        save_file(tensors, folder / "model.safetensors")
        return said

    monkeypatch.setattr(image, "written", shaken)
    with pytest.raises(EngineError, match="gives logits that differ by"):
        pretrained.save(of_pictures("probe", tmp_path), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"given"}
    monkeypatch.setattr(image, "written", written)
    processor = image._processor
    monkeypatch.setattr(image, "_processor", lambda spec: {**processor(spec), "do_normalize": False})
    with pytest.raises(EngineError, match="prepares pictures in another way"):
        pretrained.save(of_pictures("probe", tmp_path), tmp_path / "out")
