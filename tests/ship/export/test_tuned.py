"""Tuned networks, networks from scratch and coarser precisions, from what enters them to what leaves the house."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import onnx
import pytest

import exported
import tiny_tail
import tiny_text
from drawn_task import pictures as bars
from headstart.errors import UsageError
from headstart.family import load as member
from headstart.ship.export._artefact import save
from headstart.ship.store import Model
from headstart.strategy import finished
from headstart.types import Features, FitContext, Fitted, View


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return exported.pictures(tmp_path_factory.mktemp("shown"))


def tuned_pictures(depth):
    strategy = member("transfer", "finetune")
    config = strategy.Config(parts=2, steps=2)
    head = finished(strategy.run(config, tiny_tail.context(depth, 12, 3, valid=0)))
    view = View("tiny", depth, engine="torch")
    fitted = Fitted("finetune", view, vars(config), ("a", "b", "c"), head.state, 1, 1)
    return Model(fitted, tiny_tail.source(), tiny_tail.weights())


def texts(name, **how):
    strategy, view = member("transfer", name), View("tiny-text", "input")
    config = strategy.Config(steps=4, **how)
    head = finished(strategy.run(config, tiny_text.context(tiny_text.drawn(view, 12, 2, 1), 2, view)))
    fitted = Fitted(name, view, vars(config), ("a", "b"), head.state, 1, 1, modality="text")
    return Model(fitted, tiny_text.source(), tiny_text.weights())


def small_network():
    strategy, x = member("transfer", "scratch"), bars(12, 2, 1, 64)
    config, view = strategy.Config(steps=4, width=8), View(None, size=64)
    head = finished(strategy.run(config, FitContext(Features(x.x, x.y, "bars"), 2, view)))
    return Model(Fitted("scratch", view, asdict(config), ("a", "b"), head.state, 1, 1), None, None)


MODELS = {
    "tuned cut": lambda: tuned_pictures("cut:3"),
    "tuned whole": lambda: tuned_pictures("input"),
    "small network": small_network,
    "tuned texts": lambda: texts("finetune", parts=2),
    "adapters": lambda: texts("lora"),
    "small encoder": lambda: texts("scratch", width=32, layers=1),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_network_that_was_trained(name, shown, tmp_path):
    model = MODELS[name]()
    examples = shown if model.modality == "image" else exported.texts()
    found = exported.through(model, examples, tmp_path, "openvino")
    assert found.within, found.sentence
    assert found.same == 1


@pytest.mark.parametrize(("to", "precision"), [("openvino", "bf16"), ("torch", "bf16"), ("openvino", "int8")])
def test_coarser_pictures_stay_near(to, precision, shown, tmp_path):
    if (to, precision) == ("openvino", "bf16") and "BF16" not in member("extract/engine", to).capabilities():
        pytest.skip("this processor does not compute in bf16")
    found = exported.through(exported.probe(), shown, tmp_path, to, precision)
    assert 1e-5 < found.scores < 0.3, "another precision, and not a far one"


def test_int8_of_onnx_leaves_the_head_alone(tmp_path):
    """A probe weighs a feature that hardly varies by tens of thousands; in 8 bits all others would be zero."""
    model, examples = exported.probe("text"), exported.texts()
    made = save(tmp_path / "made", model, "onnx", "int8", examples)
    proto = onnx.load(made.folder / "model.onnx")
    assert any("DynamicQuantize" in node.op_type for node in proto.graph.node)
    head = model.fitted.state["weight"].T
    arrays = [onnx.numpy_helper.to_array(one) for one in proto.graph.initializer]
    assert any(a.dtype == np.float32 and (np.array_equal(a, head) or np.array_equal(a, head.T)) for a in arrays)
    assert exported.parity(model, made, examples, tmp_path / "rows", "int8").scores < 0.3


def test_int8_of_what_has_no_layers_is_refused(shown, tmp_path):
    fitted = Fitted("constant", View(None, size=64), {}, ("a", "b"), {"answer": np.zeros(2, np.float32)}, 2, 2)
    with pytest.raises(UsageError, match="Nothing of this model would count in 8 bits"):
        save(tmp_path / "made", Model(fitted, None, None), "onnx", "int8", shown)


def test_weights_of_more_than_a_gigabyte_lie_beside_the_graph_and_move_with_it(shown, tmp_path, monkeypatch):
    form = member("ship/export", "onnx")
    monkeypatch.setattr(form, "LARGE", 0)
    made = save(tmp_path / "made", exported.probe(), "onnx", "fp32", shown)
    moved = made.folder.rename(tmp_path / "moved")
    assert sorted(p.name for p in moved.glob("model*")) == ["model.onnx", "model.onnx.data"]
    proto = onnx.load(moved / "model.onnx", load_external_data=False)
    assert proto.opset_import[0].version == form.OPSET
    x = np.zeros((3, 3, tiny_tail.SIDE, tiny_tail.SIDE), np.uint8)
    assert form.opened(moved, "fp32")(x).shape == (3, 3)
