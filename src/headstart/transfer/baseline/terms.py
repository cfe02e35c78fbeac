"""Terms of texts as scikit-learn's `CountVectorizer` cuts and counts them, without its import, which takes a second.

In: texts and a vocabulary. Out: for each text the columns of its terms and how often each is there. Who predicts one
text waits for nothing else; a test holds the two together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"(?u)\b\w\w+\b")


def counted(
    text: str, how: str, grams: tuple[int, int], columns: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Columns of the terms that a text has, ascending, and how often it has each.

    Args:
        text: in any case.
        how: "word", or "char_wb": characters within words, a blank on either side.
        grams: the shortest and longest runs that make a term.
        columns: the terms that are known.
    """
    cut = _words if how == "word" else _characters
    found = Counter(at for term in cut(text.lower(), *grams) if (at := columns.get(term)) is not None)
    where = sorted(found)
    return np.array(where, np.int64), np.array([found[at] for at in where], np.float32)


def _words(text: str, low: int, high: int) -> Iterator[str]:
    words = _WORD.findall(text)
    for n in range(low, high + 1):
        for at in range(len(words) - n + 1):
            yield " ".join(words[at : at + n])


def _characters(text: str, low: int, high: int) -> Iterator[str]:
    for word in text.split():
        word = f" {word} "
        for n in range(low, high + 1):
            if len(word) <= n:  # a short word counts once
                yield word
                break
            for at in range(len(word) - n + 1):
                yield word[at : at + n]
