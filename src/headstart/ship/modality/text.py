"""Texts to be predicted: rows of tables, .txt files, folders of these, lines of standard input, or texts as they are.

Out: an `Input` a text, its example without a label.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...pixels import PLAIN, Pixels
from ...read import ReadOptions
from ...read._record import Record, Shape
from ...read.folder.walk import files
from ...read.table.formats import suffix_of
from ...read.text import content, digest, reads
from ...types import PAIR, Example
from .._input import Input, rows_of


def single(given: Any) -> bool:  # noqa: ANN401 - whatever a person holds
    """A text is a string, which every modality takes for one; what else can be gone through holds several."""
    return False


def inputs(
    given: Iterable[Any], folder: Path, shape: Shape, how: Pixels = PLAIN, options: ReadOptions = ReadOptions()
) -> Iterator[Input]:
    """See `_inputs.Modality`.

    A word that is no file, folder or table is itself the text; "-" stands for lines on standard input, a tuple for
    texts of several columns.
    """
    for one in given:
        if str(one) == "-":
            for number, line in enumerate(sys.stdin, 1):
                yield Input(f"line {number}", _example(Record(Path(f"line {number}"), "", content=line.rstrip("\r\n"))))
        elif isinstance(one, tuple):
            text = PAIR.join(one)
            yield Input(text, _example(Record(Path("text"), "", content=text)))
        elif isinstance(one, str | Path):
            yield from _of(one, shape, options)
        else:  # an empty cell of a column in memory, a number
            yield Input(str(one), f"A {type(one).__name__} is no text.")


def held(given: Any, how: Pixels = PLAIN, most: int = 0) -> tuple[Example, Any]:  # noqa: ANN401 - what a person holds
    """See `_inputs.Modality`: the text, whatever file may be called so."""
    text = PAIR.join(given) if isinstance(given, tuple) else given
    found = _example(Record(Path("text"), "", content=text)) if isinstance(text, str) else "This is no text."
    if isinstance(found, str):
        raise DataError(found)
    return found, found.content


def _of(given: str | Path, shape: Shape, options: ReadOptions = ReadOptions()) -> Iterator[Input]:
    path = Path(given)
    try:
        path = path.expanduser()
        there = path.exists()
    except (OSError, RuntimeError, ValueError):  # longer than a file's name may be, "~5 dollars", or a zero byte
        there = False
    if not there:
        missing = isinstance(given, Path) or path.suffix.lower() == ".txt" or suffix_of(path)
        found = "There is no such file." if missing else _example(Record(Path("text"), "", content=str(given)))
        yield Input(str(given), found)
        return
    inside = files(path, shape.wanted) if path.is_dir() else [path]
    rows = rows_of(path, shape, _row, options, alone=not inside)  # beside texts to predict a table is none of them
    if rows is not None:
        yield from rows
        return
    if not inside:
        yield Input(str(given), "The folder holds no texts.")
    for file in inside:
        binary = file == path and file.stat().st_size and not reads(file)  # a folder's were looked at
        yield Input(str(file), "This file holds no text." if binary else _example(Record(file, ""), options.encoding))


def _row(where: str, cell: object) -> Example | str:
    return _example(Record(Path(where), "", content=str(cell or "")))


def _example(record: Record, encoding: str | None = None) -> Example | str:
    text, why = content(record, encoding=encoding)
    return why.detail if why else Example(str(record.path), digest(text), text)
