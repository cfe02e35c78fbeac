"""Texts over the wire: UTF-8, or texts in JSON; of several columns a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ....errors import DataError

INPUT = "text"  # what the page asks for
EXAMPLE = "Who wrote Hamlet ?"  # of JSON, for the API page
PIXELS = False  # whether an array of pixels is one, too
SPANS = 24  # runs of words that are left out in turn, at most


def sample() -> Any:  # noqa: ANN401 - what `ship/modality` holds
    """An input that every model takes, to warm it up."""
    return EXAMPLE


def received(data: bytes) -> Any:  # noqa: ANN401 - what `ship/modality` holds
    """Bytes of a tensor, an upload or a body → an input.

    Raises:
        DataError: they are no UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise DataError(f"A text is sent in UTF-8; byte {problem.start} is none. Encode it as UTF-8.") from None


def written(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value of JSON → an input: a text, or texts of several columns.

    Raises:
        DataError: it is none.
    """
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return tuple(value)
    if not isinstance(value, str):
        raise DataError(f"A text was expected, or a list of those of several columns; got a {type(value).__name__}.")
    return value


def hidden(given: Any, most: int) -> Iterator[tuple[list[float], Any]]:  # noqa: ANN401 - what `ship/modality` holds
    """The text, and copies with a run of words left out.

    Li, Monroe & Jurafsky 2016, Understanding Neural Networks through Representation Erasure.

    Yields:
        Where the run begins and ends in the text, in characters, [] for the whole text; the text without it.

    Raises:
        DataError: it has one word alone, or is of several columns.
    """
    words = list(re.finditer(r"\S+", given)) if isinstance(given, str) else []
    if len(words) < 2:
        raise DataError("Of a single text of two words or more, parts can be left out; of this none can.")
    yield [], given
    for run in np.array_split(np.arange(len(words)), min(SPANS, len(words))):
        start, end = words[run[0]].start(), words[run[-1]].end()
        yield [start, end], (given[:start] + given[end:]).strip()
