"""Whatever a person holds → inputs of a modality: the same for predictions and for embedding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..family import load
from ..pixels import PLAIN, Pixels
from ._input import Input
from ._pictures import one_by_one, pictures
from ._texts import texts


def inputs_of(
    modality: str,
    given: Iterable[Any],
    folder: Path,
    columns: Mapping[str, str] | None = None,
    pixels: Pixels = PLAIN,
    text: str | None = None,
) -> Iterator[Input]:
    """Each input, in order.

    Args:
        modality: "image" or "text".
        given: files, folders, tables, "-" for standard input; texts as they are, or pictures in memory.
        folder: pictures in memory are written there.
        columns: what the model's own table called them; looked for first.
        pixels: how pictures are read.
        text: the table's column of texts, where a person names it.
    """
    shape = load("read", modality).SHAPE.known(columns or {})
    if modality == "text":
        return texts(one_by_one(given), shape.reading(text))
    return pictures(one_by_one(given), folder, shape, pixels)
