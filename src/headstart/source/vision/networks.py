"""Networks that timm has not, behind timm's door, so that a `Backbone` is made of them as of any other.

In: a name, which a record writes as "headstart:NAME". Out: the network with random weights.
This module imports torch at its top, because networks are torch modules: import it inside functions.

Papers: Simonyan & Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015 (VGG);
King, dlib's face recognition network, 2017 (http://dlib.net/face_recognition.py.html), after He et al., CVPR 2016;
Chollet, Xception, CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import SourceError
from .. import _library

EPS = 1e-3  # of Keras' batch normalisation


class Layers(nn.Module):
    """A VGG without its two large layers: [b, 3, s, s] → the mean over its last map [b, 512]. No classifier."""

    def __init__(self, features: nn.Sequential) -> None:
        super().__init__()
        self.features, self.head = features, nn.Identity()
        self.num_features = 512

    def forward(self, x: Tensor) -> Tensor:
        """[b, 3, s, s] → [b, 512]."""
        return self.forward_head(self.features(x))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last map → its mean [b, 512]."""
        return x.mean((2, 3))

    def get_classifier(self) -> nn.Module:
        """There is none."""
        return self.head


class Residual(nn.Module):
    """relu(x + conv(relu(conv(x)))); `down`: at half the size, x averaged over 2 × 2 and filled up with zeros."""

    def __init__(self, before: int, after: int, down: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, 2, 0) if down else nn.Conv2d(before, after, 3, 1, 1)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1)
        self.down, self.more = down, after - before

    def forward(self, x: Tensor) -> Tensor:
        """[b, c, h, w] → [b, c', h', w']."""
        y = self.conv2(functional.relu(self.conv1(x)))
        if self.down:
            x = functional.pad(functional.avg_pool2d(x, 2), (0, 0, 0, 0, 0, self.more))
            # The strided convolution reaches one row less: zeros stand in for it, below and to the right.
            y = functional.pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
        return functional.relu(x + y)


class Faces(nn.Module):
    """dlib's face network as face-api.js has it, scales folded into the convolutions: [b, 3, 150, 150] → [b, 128].

    Two faces of one person are nearer to each other than 0.6 (Euclidean).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.stages = nn.Sequential(
            nn.Sequential(*(Residual(32, 32) for _ in range(3))),
            nn.Sequential(Residual(32, 64, down=True), *(Residual(64, 64) for _ in range(3))),
            nn.Sequential(Residual(64, 128, down=True), *(Residual(128, 128) for _ in range(2))),
            nn.Sequential(Residual(128, 256, down=True), *(Residual(256, 256) for _ in range(2))),
            nn.Sequential(Residual(256, 256, down=True)),
        )
        self.pre_logits, self.head = nn.Linear(256, 128, bias=False), nn.Identity()
        self.num_features = 128

    def forward(self, x: Tensor) -> Tensor:
        """[b, 3, 150, 150] → [b, 128]."""
        return self.forward_head(self.stages(self.stem(x)))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last map → the description of the face [b, 128]."""
        return cast(Tensor, self.pre_logits(x.mean((2, 3))))

    def get_classifier(self) -> nn.Module:
        """There is none."""
        return self.head

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Which of the names are stages."""
        return {"blocks": r"^stages\.\d+"}


def build(name: str) -> nn.Module:
    """The network of that name, with random weights.

    Raises:
        SourceError: there is none.
    """
    if name not in _BUILD:
        raise SourceError(
            f"There is no network 'headstart:{name}'; there are {', '.join(_BUILD)}. Correct `architecture` in the "
            "catalogue record."
        )
    with torch.random.fork_rng(devices=[]):
        return _BUILD[name]().eval()


def _vgg(norm: bool, upto: int) -> nn.Module:
    """torchvision's VGG-16, its first layers."""
    _library.library("torchvision")
    from torchvision.models import vgg

    return Layers(vgg.make_layers(vgg.cfgs["D"], batch_norm=norm)[:upto])


def _xception() -> nn.Module:
    """timm's Xception with Keras' constant in batch normalisation and its padding, which is all on one side."""
    net: Any = _library.library("timm").create_model("legacy_xception", num_classes=0)
    from timm.layers import create_pool2d

    for module in list(net.modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eps = EPS
        if isinstance(module, nn.Sequential) and len(module) and isinstance(module[-1], nn.MaxPool2d):
            module[-1] = create_pool2d("max", 3, 2, padding="same")
    return cast(nn.Module, net)


_BUILD: dict[str, Callable[[], nn.Module]] = {
    "vgg16": lambda: _vgg(False, 30),  # with the activation behind its 13th convolution, which no pooling follows
    "vgg16-bn-12": lambda: _vgg(True, 40),  # the same behind the 12th: what a CRAFT keeps of it
    "faces": Faces,
    "xception-keras": _xception,
}
