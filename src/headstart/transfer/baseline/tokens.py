"""Tokens of a tokenizer's as those that a small network knows. A torch module: import it inside functions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Known(nn.Module):
    """A network that knows some of the tokens, behind the table that says which.

    Args:
        net: tokens [b, l] (−1 where a row is padded), 0 for all that it does not know → [b, k].
        known: the tokens that it calls 1, 2, ….
        length: tokens of a text that are read.
    """

    table: Tensor

    def __init__(self, net: nn.Module, known: NDArray[np.int64], length: int) -> None:
        super().__init__()
        self.net, self.length = net, length
        table = torch.zeros(int(known.max()) + 2, dtype=torch.long)
        table[torch.from_numpy(np.array(known))] = torch.arange(1, len(known) + 1)
        self.register_buffer("table", table)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Tokens [b, l] (−1 where a row is padded) → [b, k]."""
        x = x[:, : self.length]
        named = self.table[x.clamp(0, len(self.table) - 1)]
        return self.net(torch.where(x < 0, x, named))  # type: ignore[no-any-return]
