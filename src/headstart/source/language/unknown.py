"""Does a tokenizer know the words of some texts? Where it does not, whatever the model learnt says little of them.

A tokenizer of another model, of other letters (DNA, formulas) or with lower case lost gives [UNK] for most words, or
drops them without a token, and everything after it works as if nothing had happened. So letters are counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...types import Source
from .model import tokenizer

ALARM = 0.2  # share from which on it is told
SOME, _LONG = 256, 1000  # texts that are looked at, and characters of each


def unknown(source: Source, weights: Path, texts: Sequence[str]) -> float:
    """The share of the texts' characters, blanks aside, that no token stands for, or one for unknown words.

    Raises:
        SourceError: the weights file carries no tokenizer.
    """
    made = tokenizer(source, weights)
    made.no_truncation()
    mark = _mark(json.loads(made.to_str())["model"], made)
    some = [text[:_LONG] for text in texts[:: max(1, len(texts) // SOME)][:SOME]]
    seen = known = 0
    for text, found in zip(some, made.encode_batch(some, add_special_tokens=False), strict=True):
        covered = {at for id_, span in zip(found.ids, found.offsets, strict=True) if id_ != mark for at in range(*span)}
        letters = {at for at, letter in enumerate(text) if not letter.isspace()}
        seen, known = seen + len(letters), known + len(letters & covered)
    return 1 - known / seen if seen else 0.0


def warning(source: Source, share: float) -> str:
    """What a person is told of such a share; nothing below `ALARM`."""
    if share < ALARM:
        return ""
    return (
        f"The tokenizer of {source.key} knows few of these words ({100 * share:.0f} % of the letters are unknown to "
        "it), so its features say little of the texts. Does it belong to this model (tokenizer.json, vocab.txt), and "
        "know this language?"
    )


def _mark(model: dict[str, Any], made: Any) -> int | None:  # noqa: ANN401 - a Tokenizer
    """The id of its token for what it does not know."""
    if model.get("unk_id") is not None:  # of a Unigram model
        return int(model["unk_id"])
    name = model.get("unk_token")
    return None if name is None else made.token_to_id(name)
