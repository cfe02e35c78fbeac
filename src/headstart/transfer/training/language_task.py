"""A source's own language task on texts: masked words to be found, or the next word to be told.

In: rows of tokens; the parts of a text tail that learn. Out: the same tail, its parts moved. The head is that of the
source's file; where there is none, the input embeddings read the states that a square matrix, at first the identity,
and a bias, at first the words' frequencies, make ready. A torch module: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import SourceError, UsageError
from ...source import _transformers
from ...source.language import model as _language
from ...source.language.encoder import Language
from ...types import IntArray, Source
from .text_tail import TextTail

MASKED = 0.15  # of a text's tokens are asked for: 80 % of these masked, 10 % replaced, 10 % as they were (BERT)
ASKED = 640  # tokens of a batch that are asked for at most: an answer is a number for each word that there is
Batch = Callable[[int], tuple[Tensor, Tensor]]


class Speaker(nn.Module):
    """[b, 2, l], tokens shown (−1 where padded) above tokens asked for (−1 where none is) → [m, words], m asked for."""

    def __init__(self, tail: TextTail, head: nn.Module) -> None:
        super().__init__()
        self.tail, self.head = tail, head

    def forward(self, x: Tensor) -> Tensor:
        """The scores of every word where one is asked for, row by row."""
        shown, asked = x[:, 0], x[:, 1]
        states = self.tail.net(input_ids=shown.clamp_min(0), attention_mask=(shown >= 0).long()).last_hidden_state
        return cast(Tensor, self.head(states[asked >= 0]))

    def own(self) -> list[nn.Parameter]:
        """What the head learns: all but its matrix of words."""
        inside = {id(p) for p in self.tail.parameters()}
        known = [p for p in self.head.parameters() if id(p) not in inside]
        return [p for p in known if p.ndim < 2 or len(p) != words(self.tail)]


class Reader(nn.Module):
    """transformers' own head: states [m, d] → [m, words]."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model with a language-model head
        super().__init__()
        setattr(model, model.base_model_prefix, _Handed())
        self.model = model

    def forward(self, states: Tensor) -> Tensor:
        """The model is run on states that were made before."""
        return cast(Tensor, self.model(inputs_embeds=states[None]).logits[0])


class _Handed(nn.Module):
    """Stands for the network below a head: gives on what it is given."""

    def forward(self, *_: Any, inputs_embeds: Tensor, **__: Any) -> Any:  # noqa: ANN401 - BERT's names no input_ids
        outputs = _transformers.library().modeling_outputs
        return outputs.BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=inputs_embeds)


class Tied(nn.Module):
    """Input embeddings as output: states [m, d] → [m, words]."""

    def __init__(self, table: nn.Embedding, width: int, counts: NDArray[Any]) -> None:
        super().__init__()
        self.ready = nn.Linear(width, table.embedding_dim)
        nn.init.eye_(self.ready.weight)
        nn.init.zeros_(self.ready.bias)
        self.bias = nn.Parameter(torch.from_numpy(np.log((counts + 0.1) / (counts + 0.1).sum()).astype(np.float32)))
        self._table = [table]  # in a list: not to be registered a second time

    def forward(self, states: Tensor) -> Tensor:
        """Dot products with every word's embedding."""
        return nn.functional.linear(self.ready(states), self._table[0].weight, self.bias)


def speaker(source: Source, weights: Path | None, k: int, rows: Sequence[IntArray]) -> Speaker:
    """A source's tail with the head of its language task.

    Args:
        source: a language model.
        weights: its file.
        k: classes, of the tail's new head, which takes no part.
        rows: tokens that it will learn from, for a new head's bias.

    Raises:
        UsageError: it is no model whose words could be masked or told one after the other.
    """
    if _language.lm_kind(source) is None:
        raise UsageError(
            f"'{source.key}' ({source.architecture}) has no language task to go on with: it is no network that finds "
            "masked words or tells the next. Name a source that is, such as minilm-l6 or smollm2-135m."
        )
    try:
        model: Any = _language.language_model(source, weights)
    except SourceError:
        model = None
    if model is not None:
        model.config.use_cache = False
        tail = TextTail(Language(source, model.base_model), k)
        return Speaker(tail, Reader(model))
    tail = TextTail(_language.load(source, weights), k)
    counts = np.bincount(np.concatenate([*rows]), minlength=words(tail)) if len(rows) else np.zeros(words(tail))
    return Speaker(tail, Tied(table(tail), cast(Any, tail.net).config.hidden_size, counts))


def table(tail: TextTail) -> nn.Embedding:
    """The embeddings of words."""
    return cast(nn.Embedding, cast(Any, tail.net).get_input_embeddings())


def words(tail: TextTail) -> int:
    """How many words there are."""
    return table(tail).num_embeddings


def pieces(rows: Sequence[NDArray[Any]], length: int) -> list[IntArray]:
    """Texts in pieces of up to `length` tokens, as equal as can be.

    >>> [piece.tolist() for piece in pieces([np.arange(5), np.arange(2)], 3)]
    [[0, 1, 2], [3, 4], [0, 1]]
    """
    return [np.asarray(part) for row in rows for part in np.array_split(row, max(1, -(-len(row) // length)))]


def batches(
    source: Source, weights: Path | None, parts: Sequence[IntArray], size: int, many: int, seed: int
) -> tuple[Batch, Callable[[Tensor, Tensor], Tensor]]:
    """`batch(step)`, a pure function of the step, and the loss of its answers.

    Args:
        source: whose task it is.
        weights: its file, which holds the tokenizer.
        parts: pieces of texts, tokens each.
        size: pieces a batch.
        many: words that there are.
        seed: with the step it decides what is drawn.
    """
    masked = _language.lm_kind(source) == "masked"
    made = _language.tokenizer(source, weights)
    names = [made.token_to_id(name) for name in ("<mask>", "[MASK]", "<unk>", "[UNK]")]
    mask = next((at for at in names if at is not None), 0)
    around = np.array(made.encode("").ids or [-1])
    per_epoch = max(1, -(-len(parts) // size))

    def batch(step: int) -> tuple[Tensor, Tensor]:
        epoch, at = divmod(step, per_epoch)
        order = np.random.default_rng((seed, epoch)).permutation(len(parts))
        rows, random = np.array_split(order, per_epoch)[at], np.random.default_rng((seed, epoch, at))
        draw = (lambda p: hidden(p, mask, around, many, random)) if masked else following
        pairs = [draw(parts[row]) for row in rows]
        x = torch.full((len(pairs), 2, max(len(shown) for shown, _ in pairs)), -1)
        for row, pair in enumerate(pairs):
            x[row, :, : len(pair[0])] = torch.from_numpy(np.stack(pair))
        some = np.argwhere(x[:, 1].numpy() >= 0)
        for row, place in random.permutation(some)[ASKED:].tolist():
            x[row, 1, place] = -1
        return x, x[:, 1]

    return batch, heard


def hidden(
    row: IntArray, mask: int, around: IntArray, many: int, random: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """A piece with some of its tokens masked (Devlin et al. 2019, section 3.1), and these tokens, −1 elsewhere.

    Args:
        row: tokens [l].
        mask: the token that stands for a masked one.
        around: tokens that stand around every text; they are not asked for.
        many: words that there are, of which some replace others.
        random: draws.
    """
    free = np.flatnonzero(~np.isin(row, around))
    chosen = random.permutation(free)[: max(1, round(MASKED * len(free)))]
    how = random.random(len(chosen))
    shown, asked = row.copy(), np.full_like(row, -1)
    asked[chosen] = row[chosen]
    shown[chosen[how < 0.8]] = mask
    other = chosen[how >= 0.9]
    shown[other] = random.integers(0, many, len(other))
    return shown, asked


def following(row: IntArray) -> tuple[IntArray, IntArray]:
    """A piece, and at each of its tokens the next one.

    >>> following(np.array([5, 6, 7]))[1].tolist()
    [6, 7, -1]
    """
    return row, np.append(row[1:], -1)


def heard(scores: Tensor, asked: Tensor) -> Tensor:
    """Cross-entropy of scores [m, words] against the tokens asked for in [b, l]; 0 where none is."""
    truth = asked[asked >= 0]
    if not len(truth):
        return scores.sum() * 0.0
    return nn.functional.cross_entropy(scores, truth)
