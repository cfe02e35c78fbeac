"""The seven packaged sources for pictures against other implementations of the same files, and against harm."""

from __future__ import annotations

import dataclasses

import numpy as np
import outside
import pytest
import torch
from safetensors.torch import load_file, save_file

from headstart.source import _catalogue
from headstart.source.verify import _sketch, image, sound, verify
from headstart.source.vision.backbone import load, normalise, prepare

PICTURE = "coffee"  # of six: the others are sketched by the same means


@pytest.mark.parametrize("key", outside.OF)
def test_every_depth_and_the_sketch_are_another_implementations(real, key):
    if key == "vit-s14-saliency":
        pytest.importorskip("openvino")
    source = real(key)
    body, folder = load(source), _catalogue.fetch(source).parent
    x = outside.prepared(image._read(*image._PICTURES[PICTURE][:2]), source.pixels)[None]
    with torch.inference_mode():
        *ours, logits = body(normalise(x.to(torch.uint8), source.pixels), body.depths)
        theirs = outside.OF[key](folder, x)
    ours += [] if source.classes == "none" else [logits.softmax(1)]
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert (a - b).norm() <= 1e-4 * b.norm()
    found = _sketch.sketch([depth[0] for depth in theirs])
    assert _sketch.apart(found, _sketch.TOLD[key][PICTURE]) < 1e-3


@pytest.mark.parametrize("key", outside.OF)
def test_the_real_weights_are_sound(real, key):
    rows = verify(real(key))
    assert [row["picture"] for row in rows] == list(image._PICTURES)
    assert all(row["ok"] for row in rows), rows


def _altered(real, key, folder, change):
    """A source's weights with one tensor changed."""
    source = real(key)
    tensors = load_file(_catalogue.fetch(source))
    name = change(tensors)
    tensors[name] = tensors[name].contiguous()
    save_file(tensors, folder / "altered.safetensors")
    return source, folder / "altered.safetensors"


def shuffled(name: str):
    """Turn the order of one layer's output channels around."""

    def change(tensors) -> str:
        tensors[name] = tensors[name].flip(0)
        return name

    return change


@pytest.mark.parametrize(
    ("key", "layer"),
    [
        ("mobilenet-v2-reid", "blocks.3.2.conv_dw.weight"),
        ("mobilenet-v2-reid", "conv_head.weight"),
        ("faces", "stages.2.1.conv1.weight"),
        ("faces", "pre_logits.weight"),
        ("efficientnet-b0-drawn", "blocks.5.1.bn2.running_mean"),
        ("efficientnet-b0-drawn", "classifier.weight"),
    ],
)
def test_shuffled_channels_of_one_layer_are_noticed(real, tmp_path, key, layer):
    source, path = _altered(real, key, tmp_path, shuffled(layer))
    assert not sound(verify(source, path))


def test_blue_and_red_exchanged_are_noticed(real, tmp_path):
    """…as where the file's own order of channels were taken for ours."""

    def change(tensors) -> str:
        tensors["stem.0.weight"] = tensors["stem.0.weight"].flip(1)
        return "stem.0.weight"

    source, path = _altered(real, "faces", tmp_path, change)
    assert not sound(verify(source, path))


@pytest.mark.parametrize(
    ("key", "spec"),
    [
        ("mobilenet-v2-reid", {"mean": (0.5,) * 3}),
        ("faces", {"std": (1.1,) * 3}),
        ("efficientnet-b0-drawn", {"crop": 0.8}),
    ],
)
def test_other_preparation_is_noticed(real, key, spec):
    source = real(key)
    wrong = dataclasses.replace(source, input=dataclasses.replace(source.pixels, **spec))
    assert not sound(verify(wrong, _catalogue.fetch(source)))


def test_the_face_network_finds_a_mirrored_face_among_a_hundred_people(real):
    """Nearer than 0.6 means one person: what its makers promise. The faces are scikit-image's part of LFW, 25 px."""
    from importlib.util import find_spec
    from pathlib import Path

    file = Path(find_spec("skimage").origin).parent / "data" / "lfw_subset.npy"
    people = np.load(file, allow_pickle=False)[:100]
    source = real("faces")
    body = load(source)

    def described(pictures):
        batch = [prepare(np.stack([p] * 3, 2), source.pixels) for p in (pictures * 255).astype(np.uint8)]
        with torch.inference_mode():
            return body(normalise(torch.stack(batch), source.pixels))[0]

    apart = torch.cdist(described(people[:, :, ::-1].copy()), described(people))
    own, others = apart.diag(), apart[~torch.eye(100, dtype=torch.bool)]
    assert (apart.argmin(1) == torch.arange(100)).all()
    assert own.max() < 0.6
    assert others.median() > 0.6


def test_the_drawing_network_tells_photographs_from_a_drawn_head(real):
    source = real("efficientnet-b0-drawn")
    body = load(source)

    def photograph(file: str) -> float:
        x = prepare(image._read("skimage", f"data/{file}"), source.pixels)
        with torch.inference_mode():
            return float(body(normalise(x[None], source.pixels))[-1].softmax(1)[0, 1])

    assert min(photograph(file) for file in ("chelsea.png", "camera.png", "astronaut.png")) > 0.9
    assert photograph("phantom.png") < 0.1
