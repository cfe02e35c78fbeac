"""One vector of a text: its tokens' states pooled, then what stands behind the pooling.

The ways are those of sentence-transformers (Reimers & Gurevych 2019, Sentence-BERT). A torch module: import it inside
functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_ACTIVATIONS = {"identity": nn.Identity, "tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid,
                "silu": nn.SiLU}  # fmt: skip


def pool(states: Tensor, mask: Tensor, how: str) -> Tensor:
    """States [b, l, d] of tokens, rows padded behind them → [b, d] for each way of `how`, side by side.

    Args:
        states: of the tokens.
        mask: [b, l], 1 where there is a token, 0 where the row is padded.
        how: ways joined by "+": "cls" (the first token), "last", "max", "mean", "root" (the sum over the root of the
            number of tokens), "weighted" (a mean in which the n-th token counts n times).
    """
    seen, x = mask.unsqueeze(2).float(), states.float()
    return torch.cat([_one(x, seen, way) for way in how.split("+")], 1)


def _one(x: Tensor, seen: Tensor, way: str) -> Tensor:
    if way == "cls":
        return x[:, 0]
    if way == "last":
        return x[torch.arange(len(x)), seen[:, :, 0].sum(1).long() - 1]
    if way == "max":
        return x.masked_fill(seen == 0, -torch.inf).amax(1)
    if way == "weighted":
        seen = seen * torch.arange(1, x.shape[1] + 1, device=x.device)[None, :, None]
    count = seen.sum(1).clamp_min(1)
    return (x * seen).sum(1) / (count.sqrt() if way == "root" else count)


class Dense(nn.Module):
    """A linear layer and what it goes through: [b, into] → [b, width]."""

    def __init__(self, into: int, width: int, activation: str) -> None:
        super().__init__()
        self.linear, self.activation = nn.Linear(into, width), _ACTIVATIONS[activation]()

    def forward(self, x: Tensor) -> Tensor:
        """[b, into] → [b, width]."""
        out: Tensor = self.activation(self.linear(x))
        return out


class Unit(nn.Module):
    """Rows [b, d] of length 1."""

    def forward(self, x: Tensor) -> Tensor:
        """[b, d] → [b, d]."""
        return nn.functional.normalize(x, dim=1)


def after(words: Sequence[str]) -> nn.Sequential:
    """What stands behind the pooling, weights random; `words` as in `TextSpec.after`."""
    parts: list[nn.Module] = []
    for word in words:
        _, *how = word.split(":")
        parts.append(Dense(int(how[0]), int(how[1]), how[2]) if how else Unit())
    return nn.Sequential(*parts)
