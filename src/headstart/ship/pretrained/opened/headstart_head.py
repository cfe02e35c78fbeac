"""The head that headstart put on a pre-trained network: features [n, d] → logits [n, k], calibrated by softmax.

Its steps stand in config.json, its numbers in head.safetensors, by the number of their step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Root(nn.Module):
    """sign(x) · (√(|x| + ε) − √ε): tames the few features that are far larger than the rest."""

    def __init__(self, softly: float) -> None:
        super().__init__()
        self.softly = softly

    def forward(self, x: Tensor) -> Tensor:
        """[n, d] → [n, d]."""
        return x.sign() * (torch.sqrt(x.abs() + self.softly) - math.sqrt(self.softly))


class Head(nn.Sequential):
    """`steps`, one after the other: "root:EPSILON", "relu", "linear:D:K"."""

    def __init__(self, steps: Sequence[str]) -> None:
        super().__init__(*map(_made, steps))


def _made(step: str) -> nn.Module:
    name, *sizes = step.split(":")
    if name == "root":
        return Root(float(sizes[0]))
    return nn.Linear(int(sizes[0]), int(sizes[1])) if name == "linear" else nn.ReLU()
