"""A normalising flow of affine couplings with one Gaussian for each class (real NVP).

z = f(x) [b r]; each coupling leaves half of the columns as they are and stretches and shifts the other half by numbers
that a small network reads from the first: its inverse and the logarithm of its determinant cost no more than it does.
Dinh, Sohl-Dickstein & Bengio 2017, Density Estimation Using Real NVP.
"""

from __future__ import annotations

import math

import torch  # only imported by methods, inside their functions
from torch import Tensor, nn


class Coupling(nn.Module):
    """Stretches and shifts the columns that `kept` does not name; at the start it changes nothing."""

    def __init__(self, kept: Tensor, hidden: int) -> None:
        super().__init__()
        self.kept = nn.Buffer(kept)  # [r] of 0 and 1
        last = nn.Linear(hidden, 2 * len(kept))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(nn.Linear(len(kept), hidden), nn.Tanh(), last)

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithms of the stretches, within ±2, and shifts, both [b r] and 0 where a column is kept."""
        stretch, shift = self.net(x * self.kept).chunk(2, 1)
        moved = 1 - self.kept
        return 2 * torch.tanh(stretch / 2) * moved, shift * moved

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[b r] → [b r], log |det| [b]."""
        stretch, shift = self.terms(x)
        return x * stretch.exp() + shift, stretch.sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """[b r] → [b r]; the kept columns are the same before and after, so that the terms are too."""
        stretch, shift = self.terms(z)
        return (z - shift) * (-stretch).exp()


class Flow(nn.Module):
    """f, and the classes' Gaussians: means that are learnt, unit variances.

    Args:
        start: mean of each class before training [k r].
        layers: couplings; every two share a random half of the columns, one each way.
        hidden: width of the small networks.
    """

    def __init__(self, start: Tensor, layers: int, hidden: int) -> None:
        super().__init__()
        columns = start.shape[1]
        self.means = nn.Parameter(start.clone())
        self.couplings = nn.ModuleList()
        for layer in range(layers):
            if layer % 2 == 0:
                half = torch.zeros(columns)
                half[torch.randperm(columns)[: columns // 2]] = 1
            self.couplings.append(Coupling(half if layer % 2 == 0 else 1 - half, hidden))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Rows [b r] → z [b r], log |det ∂z/∂x| [b]."""
        total = torch.zeros(len(x), device=x.device, dtype=x.dtype)
        for coupling in self.couplings:
            x, one = coupling(x)
            total = total + one
        return x, total

    def decode(self, z: Tensor) -> Tensor:
        """z [b r] → rows [b r]."""
        for coupling in reversed(self.couplings):
            z = coupling.inverse(z)  # type: ignore[operator]
        return z

    def forward(self, x: Tensor) -> Tensor:
        """Rows [b r] → log-density of each in every class [b k], by the change of variables."""
        z, volume = self.encode(x)
        away = (z[:, None, :] - self.means).square().sum(2)
        return -0.5 * away - 0.5 * x.shape[1] * math.log(2 * math.pi) + volume[:, None]
