"""Networks of the deep methods."""

from __future__ import annotations

import torch  # only imported by methods, inside their functions
from torch import Tensor, nn


class Both(nn.Module):
    """A network of one hidden layer that shows that layer too: [b d] → [b h + k], hidden units and then scores.

    What learns beside it, and is called by the loss alone, is a part of it so that the loop trains it.
    """

    def __init__(self, net: nn.Sequential, beside: nn.Module | None) -> None:
        super().__init__()
        self.net, self.beside = net, beside

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        inside, head = self.net
        hidden = inside(x)
        return torch.cat([hidden, head(hidden)], 1)
