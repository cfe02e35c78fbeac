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


class Unit(nn.Module):
    """Rows of length 1."""

    def forward(self, x: Tensor) -> Tensor:
        """[n, d] → [n, d]."""
        return nn.functional.normalize(x, dim=1, eps=1e-6)


class Shift(nn.Module):
    """x − mean."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(d))

    def forward(self, x: Tensor) -> Tensor:
        """[n, d] → [n, d]."""
        return x - self.mean


class Head(nn.Sequential):
    """`steps`, one after the other: "root:EPSILON", "unit", "relu", "shift:D", "linear:D:K"."""

    def __init__(self, steps: Sequence[str]) -> None:
        super().__init__(*map(_made, steps))


def _made(step: str) -> nn.Module:
    name, *sizes = step.split(":")
    if name == "root":
        return Root(float(sizes[0]))
    if name == "linear":
        return nn.Linear(int(sizes[0]), int(sizes[1]))
    return Shift(int(sizes[0])) if name == "shift" else nn.ReLU() if name == "relu" else Unit()
