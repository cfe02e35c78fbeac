"""Heads on frozen features as torch modules. A torch module: import it inside functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class SignedRoot(nn.Module):
    """See `score/_axes.signed_root`."""

    def forward(self, x: Tensor) -> Tensor:
        """[b, d] → [b, d]."""
        return x.sign() * x.abs().sqrt()


class Sparse(nn.Module):
    """A linear layer on rows that are nearly all zero: x @ weight + bias, where x is given as (column, value) pairs."""

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(np.array(weight, np.float32)))
        self.bias = nn.Parameter(torch.from_numpy(np.array(bias, np.float32)))

    def forward(self, x: Tensor) -> Tensor:
        """[b, m, 2], pairs of value 0 where a row has fewer than m → [b, k]."""
        return (nn.functional.embedding(x[..., 0].long(), self.weight) * x[..., 1:]).sum(1) + self.bias


class Always(nn.Module):
    """The same answer whatever is given."""

    def __init__(self, answer: NDArray[Any]) -> None:
        super().__init__()
        self.answer = nn.Parameter(torch.from_numpy(np.array(answer, np.float32)))

    def forward(self, x: Tensor) -> Tensor:
        """[b, 1] → [b, …]."""
        return x * 0 + self.answer


def affine(weight: NDArray[Any], bias: NDArray[Any]) -> nn.Linear:
    """x @ weight [d k] + bias [k]."""
    made = nn.Linear(*weight.shape)
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(np.array(weight.T, np.float32)))
        made.bias.copy_(torch.from_numpy(np.array(bias, np.float32)))
    return made.eval()
