"""A predictor: a tuned network is built once for all rows, what it says is what single calls say, and it can go."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import hostile
import tiny_tail
import tiny_text
from headstart.family import load as member
from headstart.runtime import device
from headstart.ship.predict import predict
from headstart.ship.store import load, save
from headstart.source.files import cache
from headstart.types import Fitted, View

TEXTS = 1000


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A folder with a tuned tiny language model."""
    strategy, view = member("transfer", "finetune"), View("tiny-text", "input")
    config = strategy.Config(parts=2, steps=2)
    head, _ = tiny_tail.drain(strategy.run(config, tiny_text.context(tiny_text.drawn(view, 12, 2, 1), 2, view)))
    fitted = Fitted("finetune", view, vars(config), ("a", "b"), head.state, 1, 1, modality="text")
    folder = tmp_path_factory.mktemp("tuned") / "model"
    save(folder, fitted, tiny_text.source(), tiny_text.weights())
    return folder


@pytest.fixture
def read(monkeypatch):
    """Files of weights that were read."""
    seen, real = [], cache.read

    def spy(path):
        seen.append(path)
        return real(path)

    monkeypatch.setattr(cache, "read", spy)
    return seen


def test_a_thousand_rows_load_their_backbone_once(tuned, read):
    texts = [example.content for example in tiny_text.texts(TEXTS, 2, 3)]
    rows = list(predict(tuned, texts))
    assert len(rows) == TEXTS
    assert all(row.error is None for row in rows)
    assert read == [tuned / "backbone.safetensors"]


def test_it_says_what_the_strategy_says_and_goes_when_it_is_closed(tuned, read, tmp_path):
    model, examples = load(tuned), tiny_text.texts(6, 2, 4)
    with model.predictor(folder=tmp_path) as predictor:
        found = predictor.logits(examples)
        x = predictor.store.extract(examples, [model.fitted.view])[0].x
        alone = member("transfer", "finetune").logits(model.fitted, x, model.source, model.weights)
        np.testing.assert_allclose(found, alone, atol=1e-2)
        assert predictor.features(examples).shape == (6, model.source.feature_dim)
        before = len(read)
    np.testing.assert_allclose(predictor.logits(examples), found, atol=1e-6)
    assert len(read) == before + 1, "closed, it has let its network go and builds it again"


def test_pictures_are_seen_through_one_network(read, tmp_path):
    source, view = tiny_tail.source(), View("tiny", engine="torch")
    state = {"weight": np.ones((source.feature_dim, 2), np.float32), "bias": np.zeros(2, np.float32)}
    fitted = Fitted("probe", view, {"share": 1.0}, ("a", "b"), state, 1, 0)
    save(tmp_path / "model", fitted, source, tiny_tail.weights())
    rng = np.random.default_rng(0)
    rows = list(predict(tmp_path / "model", list(rng.integers(0, 256, (300, 8, 8, 3), dtype=np.uint8))))
    assert len(rows) == 300
    assert read == [tmp_path / "model" / "backbone.safetensors"]


@pytest.mark.parametrize(
    ("view", "said"),
    [(View(None, "input"), "text"), (View(None, size=32), "image"), (View("tiny-text"), "text")],
)
def test_a_model_says_once_what_it_reads_and_an_old_one_is_guessed(view, said, tmp_path):
    source, weights = (tiny_text.source(), tiny_text.weights()) if view.source else (None, None)
    fitted = Fitted("classical", view, {}, ("a", "b"), {"x": np.zeros(1, np.float32)}, 0, 0, modality="sound")
    assert save(tmp_path, fitted, source, weights).modality == "sound"
    assert load(tmp_path).modality == "sound"
    record = json.loads((tmp_path / "model.json").read_text())
    assert "modality" not in record
    del record["head"]["modality"]
    (tmp_path / "model.json").write_text(json.dumps(record))
    assert load(tmp_path).modality == said
    (tmp_path / "model.json").write_text(json.dumps({**record, "modality": "sound"}))  # as some builds had it
    assert load(tmp_path).modality == "sound"


AGAIN = """
import sys
from headstart.ship.predict import predict
(row,) = predict(__import__("pathlib").Path(sys.argv[1]), sys.argv[2:])
print(row.probability, "torch" in sys.modules)
"""


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is an extra and not installed")
@pytest.mark.skipif(device() != "cpu", reason="on a GPU torch runs the network")
def test_a_picture_through_a_kept_graph_imports_no_torch(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    source, view = tiny_tail.source(), View("tiny", engine="openvino")
    weight = np.random.default_rng(0).normal(size=(source.feature_dim, 2)).astype(np.float32)
    state = {"weight": weight, "bias": np.zeros(2, np.float32)}
    fitted = Fitted("probe", view, {"share": 1.0}, ("a", "b"), state, 1, 0)
    save(tmp_path / "model", fitted, source, tiny_tail.weights())
    hostile.draw(0, np.random.default_rng(1), 90).save(tmp_path / "new.png")
    (row,) = predict(tmp_path / "model", [tmp_path / "new.png"])
    command = [sys.executable, "-c", AGAIN, str(tmp_path / "model"), str(tmp_path / "new.png")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    assert float(said[0]) == pytest.approx(row.probability, abs=1e-3)
    assert said[1] == "False"
