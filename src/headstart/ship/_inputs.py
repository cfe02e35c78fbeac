"""Whatever a person holds → inputs of a modality: the same for predictions and for embedding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from ..errors import UsageError
from ..family import load
from ..pixels import PLAIN, Pixels
from ..read import ReadOptions
from ..read._reader import reader
from ..read._record import Shape
from ._input import Input


class Modality(Protocol):
    """What a file of `ship/modality/` offers."""

    def single(self, given: Any) -> bool:  # noqa: ANN401 - whatever a person holds
        """Whether something in memory that can be gone through is one input, as the pixels of a picture are."""

    def inputs(
        self,
        given: Iterable[Any],
        folder: Path,
        shape: Shape,
        how: Pixels = PLAIN,
        options: ReadOptions = ReadOptions(),
    ) -> Iterator[Input]:
        """Files, folders, tables, "-" for lines on standard input, or examples in memory → an `Input` each.

        Args:
            given: one after the other.
            folder: what lies in memory and is to be read as a file is written there.
            shape: tells the column of a table.
            how: pictures are read.
            options: how tables and text files are read.
        """


def member(name: str) -> Modality:
    """The file of that name."""
    return cast(Modality, load("ship/modality", name))


def one_by_one(inputs: Any, modality: str) -> Iterable[Any]:  # noqa: ANN401 - whatever a person holds
    """The inputs as something to go through: a single path, text, picture or open file is one input.

    >>> one_by_one("a.jpg", "image"), one_by_one(["a.jpg", "b.jpg"], "image")
    (['a.jpg'], ['a.jpg', 'b.jpg'])

    Raises:
        UsageError: it is a table in memory.
    """
    if hasattr(inputs, "columns"):
        raise UsageError(
            f"A {type(inputs).__name__} was given; inputs are single ones. Give one of its columns, or write it to a "
            "CSV file and give that."
        )
    file = isinstance(inputs, str | bytes | Path) or hasattr(inputs, "read")
    return [inputs] if file or not isinstance(inputs, Iterable) or member(modality).single(inputs) else inputs


def inputs_of(
    modality: str,
    given: Iterable[Any],
    folder: Path,
    columns: Mapping[str, str] | None = None,
    pixels: Pixels = PLAIN,
    options: ReadOptions = ReadOptions(),
) -> Iterator[Input]:
    """Each input, in order.

    Args:
        modality: a member of the family.
        given: files, folders, tables, "-" for standard input; texts as they are, or pictures in memory.
        folder: pictures in memory are written there.
        columns: what the model's own table called them; looked for first.
        pixels: how pictures are read.
        options: how tables and text files are read; `text` is the table's column of examples.
    """
    shape = reader(modality).SHAPE.known(columns or {}).reading(options.text)
    return member(modality).inputs(one_by_one(given, modality), folder, shape, pixels, options)
