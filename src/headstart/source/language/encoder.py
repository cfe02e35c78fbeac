"""A language model as a torch module: token ids → pooled features at every depth.

A torch module: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UnknownName
from ...types import Source
from . import pooling
from .pairs import token_types


class Static(nn.Module):
    """A table of token vectors: the only stage there is."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Any) -> Any:  # noqa: ANN401
        """[b, l] → the same shape of answer as transformers gives."""
        found = self.embedding(input_ids)
        return _Answer(found, (found, found))


class _Answer:
    def __init__(self, last: Tensor, states: tuple[Tensor, ...]) -> None:
        self.last_hidden_state, self.hidden_states = last, states


class Language(nn.Module):
    """A pre-trained language model.

    Attributes:
        source: the record it was made from.
        net: transformers' network without a head, in eval mode.
        between: the token between two texts, where token types tell these apart.
        after: what the pooled states of the last layer go through; of most models nothing.
        depths: where pooled features can be taken: "stage1", …, "top".
    """

    def __init__(self, source: Source, net: nn.Module, between: int | None = None) -> None:
        super().__init__()
        self.source, self.net, self.depths, self.between = source, net, source.depths, between
        self.after = pooling.after(source.words.after)

    def forward(self, ids: Tensor, mask: Tensor, depths: Sequence[str] = ("top",)) -> tuple[Tensor, ...]:
        """Pooled features at each of `depths`.

        Args:
            ids: [b, l] tokens.
            mask: [b, l], 1 where there is one, 0 where the row is padded.
            depths: names from `self.depths`, or "all" of them side by side.

        Returns:
            ([b, d_1], …, [b, d_m]), float32.

        Raises:
            UnknownName: a depth that this model has not.
        """
        if unknown := [d for d in depths if d not in (*self.depths, "all")]:
            raise UnknownName("depth", unknown[0], [*self.depths, "all"])
        types = token_types(ids, self.between)
        answer = self.net(input_ids=ids, attention_mask=mask, output_hidden_states=True, **types)
        states = [*answer.hidden_states[1:-1], answer.last_hidden_state]
        every = len(states) // len(self.depths)  # ALBERT runs one layer several times: one depth
        states = states[every - 1 :: every]
        how = self.source.words.pooling
        found = {depth: pooling.pool(state, mask, how) for depth, state in zip(self.depths, states, strict=True)}
        found["top"] = self.after(found["top"])
        if "all" in depths:
            found["all"] = torch.cat([found[depth] for depth in self.depths], 1)
        return tuple(found[depth] for depth in depths)

    def top(self, states: Tensor, mask: Tensor) -> Tensor:
        """The last layer's states [b, l, d] → the text's vector [b, d']."""
        out: Tensor = self.after(pooling.pool(states, mask, self.source.words.pooling))
        return out


class Rows(nn.Module):
    """A language model that eats tokens as one array and gives the features of one depth."""

    def __init__(self, body: Language, depth: str) -> None:
        super().__init__()
        self.body, self.depth = body, depth
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Tokens [b, l], −1 where a row is padded → [b, d]."""
        out: Tensor = self.body(x.clamp_min(0), (x >= 0).long(), (self.depth,))[0]
        return out


def layers(net: nn.Module) -> nn.ModuleList | None:
    """The stack of layers that a text goes through, in order; of ALBERT those that differ. None where there is none."""
    config = getattr(net, "config", None)
    depth = getattr(config, "num_hidden_groups", None) or getattr(config, "num_hidden_layers", 0)
    return next((m for m in net.modules() if isinstance(m, nn.ModuleList) and len(m) == depth), None)


def behind(net: nn.Module) -> list[nn.Module]:
    """Modules with weights of their own that run behind the last layer: the last norm of GPT, T5 and Llama."""
    out: list[nn.Module] = []
    if (stack := layers(net)) is None:
        return out
    inside = {id(m) for m in stack.modules()}

    def note(module: nn.Module, *_: Any) -> None:  # noqa: ANN401
        if id(module) in inside:
            out.clear()
        elif module not in out:
            out.append(module)

    own = [m for m in net.modules() if any(True for _ in m.parameters(recurse=False))]
    hooks = [m.register_forward_pre_hook(note) for m in own]
    try:
        with torch.inference_mode():
            one = torch.zeros((1, 1), dtype=torch.long, device=next(net.parameters()).device)
            net(input_ids=one, attention_mask=one + 1)
    finally:
        for hook in hooks:
            hook.remove()
    return out


def batch(rows: Sequence[Sequence[int]], pad: int = 0) -> tuple[Tensor, Tensor]:
    """Token rows padded to the longest: ids [b, l], mask [b, l]."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask
