"""Whatever a person holds → inputs of a modality: the same for predictions and for embedding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from ..errors import DataError, UsageError
from ..family import load, names
from ..pixels import PLAIN, Pixels
from ..read import ReadOptions
from ..read._reader import reader
from ..read._record import Shape
from ..read.folder.walk import expand
from ..read.table.formats import suffix_of
from ..types import Example
from ._input import Input, rows_of

_FOLDER = "ship/modality"


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

    def held(self, given: Any, how: Pixels = PLAIN, most: int = 0) -> tuple[Example, Any]:  # noqa: ANN401
        """One example that lies in memory, and its content as `extract/modality` has it; no file is looked for.

        Args:
            given: a picture's bytes or pixels; a text, or a tuple of those of several columns.
            how: pictures are read.
            most: pixels that a picture's header may promise.

        Raises:
            HeadstartError: it cannot be read, and why.
        """


class Files:
    """What holds for a modality without such a file: each example is a file, found by its name, in a folder or table.

    A file is opened when it is looked at; one that cannot be read gets its reason then.
    """

    def single(self, given: Any) -> bool:  # noqa: ANN401 - whatever a person holds
        """Nothing in memory is one."""
        return False

    def inputs(
        self,
        given: Iterable[Any],
        folder: Path,
        shape: Shape,
        how: Pixels = PLAIN,
        options: ReadOptions = ReadOptions(),
    ) -> Iterator[Input]:
        """See `Modality`."""
        for one in given:
            if not isinstance(one, str | Path):
                yield Input(str(one), f"A {type(one).__name__} is no {shape.noun}. Give the path of a file.")
                continue
            for path in expand([one], shape.wanted):
                table = path.is_dir() or suffix_of(path)
                rows = rows_of(path, shape, lambda _, file: _file(file, shape), options) if table else None
                yield from rows or [Input(str(path), _file(path, shape))]

    def held(self, given: Any, how: Pixels = PLAIN, most: int = 0) -> tuple[Example, Any]:  # noqa: ANN401
        """See `Modality`: there is no way."""
        raise DataError("Such examples are read from files alone, and not in memory. Use `headstart predict`.")


def _file(path: Path | None, shape: Shape) -> Example | str:
    """The file as an example without a label, or why there is none."""
    if path is None:
        return f"The row names no {shape.noun}."
    try:
        return Example(str(path.absolute()), hashlib.sha256(path.read_bytes()).hexdigest())
    except IsADirectoryError:
        return f"The folder holds no {shape.nouns}."
    except OSError as error:
        return f"The file cannot be read: {error.strerror or error}."


def member(name: str) -> Modality:
    """The file of that name, or what holds without one."""
    return cast(Modality, load(_FOLDER, name)) if name in names(_FOLDER) else Files()


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
