"""Two texts of one example (`--text question,sentence`) as a pair: the form in which BERT learnt to compare texts.

A tokenizer that puts tokens of its own between two texts is given both; others get them joined by a line break. Where
it also marks the second text by another token type, the network is told which tokens these are.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from ...types import PAIR

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn


def formed(made: Tokenizer, text: str, whole: bool) -> str | tuple[str, str]:
    """What a tokenizer is given for a text; `whole`: with its special tokens."""
    first, _, second = text.partition(PAIR)
    if not second:
        return first if text.endswith(PAIR) else text
    second = second.replace(PAIR, "\n")
    knows = whole and made.num_special_tokens_to_add(True) > made.num_special_tokens_to_add(False)
    return (first, second) if knows else f"{first}\n{second}"


def typed(net: nn.Module) -> bool:
    """Whether a network tells two texts apart by token types."""
    kinds = getattr(getattr(net, "config", None), "type_vocab_size", 0)
    return kinds > 1 and "token_type_ids" in signature(net.forward).parameters


def separator(made: Tokenizer, net: nn.Module) -> int | None:
    """The token between two texts, where tokenizer and network tell these apart by token types; else None."""
    if not typed(net):
        return None
    two = made.encode("a", "b")
    if 1 not in two.type_ids:
        return None
    before = two.type_ids.index(1) - 1
    return two.ids[before] if two.special_tokens_mask[before] else None  # else a word stands there, such as [UNK]


def token_types(ids: Tensor, between: int | None) -> dict[str, Tensor]:
    """What the network takes beside tokens [b, l]: 0 up to the separator, 1 behind it; of one text 0 throughout."""
    if between is None:
        return {}
    marks = (ids == between).long()
    return {"token_type_ids": (marks.cumsum(1) - marks).clamp(max=1)}
