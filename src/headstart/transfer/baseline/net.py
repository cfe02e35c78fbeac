"""The network that starts from nothing: a small pre-activated-free ResNet that two CPU cores train in seconds.

[b, 3, s, s] → [b, k]. 0.3 M parameters at width 32: on a few hundred pictures a bigger one only overfits later.
"""

from __future__ import annotations

from typing import cast

import torch  # only imported by strategies, inside their functions
import torch.nn.functional as F
from torch import Tensor, nn

from ...extract._augment import standardise


class Block(nn.Module):
    """Two 3 × 3 convolutions and a shortcut; the last batch-norm starts at zero, so a block starts as its shortcut."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, 2, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outer)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(inner, outer, 1, bias=False), nn.BatchNorm2d(outer)
        )
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[b, inner, s, s] → [b, outer, ⌈s/2⌉, ⌈s/2⌉]."""
        inside = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(self.shortcut(x) + inside)


class Net(nn.Module):
    """Stem, three halving blocks, mean over the picture, a linear head. `stride` 2 suits 64 px, 1 suits 32 px."""

    def __init__(self, k: int, width: int, stride: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 5, stride, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.body = nn.Sequential(Block(width, width), Block(width, 2 * width), Block(2 * width, 4 * width))
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(4 * width, k)

    def forward(self, x: Tensor) -> Tensor:
        """[b, 3, s, s] → logits [b, k]."""
        return cast(torch.Tensor, self.head(self.drop(self.body(self.stem(x)).mean((2, 3)))))


class Whole(nn.Module):
    """Standardisation and network in one: eats small pictures."""

    mean: Tensor
    std: Tensor

    def __init__(self, net: Net, mean: Tensor, std: Tensor, mirror: bool) -> None:
        super().__init__()
        self.net, self.mirror = net, mirror
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x: Tensor) -> Tensor:
        """uint8 [b, s, s, 3] → logits [b, k]; `mirror`: the mean of a picture's and its mirror image's."""
        ready = standardise(x, self.mean, self.std)
        scores: Tensor = self.net(ready)
        return (scores + self.net(ready.flip(3))) / 2 if self.mirror else scores
