"""Texts to be predicted: rows of tables, .txt files, folders of these, lines of standard input, or texts as they are.

Out: (how it is shown, an example without a label or the reason why there is none), one a text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import HeadstartError
from ..read._record import Record, Shape
from ..read._rows import unlabelled
from ..read._table import open_table
from ..read._walk import files
from ..read.text import content, digest
from ..types import Example


def texts(inputs: Iterable[str | Path], shape: Shape) -> Iterator[tuple[str, Example | str]]:
    """Each text of the inputs. `shape` says which column of a table holds the texts.

    A word that is no file, folder or table is itself the text; "-" stands for lines on standard input.
    """
    for given in inputs:
        if str(given) == "-":
            for number, line in enumerate(sys.stdin, 1):
                yield f"line {number}", _example(Record(Path(f"line {number}"), "", text=line.rstrip("\r\n")))
        else:
            yield from _of(given, shape)


def _of(given: str | Path, shape: Shape) -> Iterator[tuple[str, Example | str]]:
    path = Path(given)
    try:
        path = path.expanduser()
        there = path.exists()
    except (OSError, RuntimeError, ValueError):  # longer than a file's name may be, "~5 dollars", or a zero byte
        there = False
    if not there:
        missing = isinstance(given, Path) or path.suffix.lower() in (".txt", ".csv", ".tsv", ".jsonl", ".parquet")
        if missing:
            yield str(given), "There is no such file."
        else:
            yield str(given), _example(Record(Path("text"), "", text=str(given)))
        return
    found = files(path, shape.wanted) if path.is_dir() else [path]
    try:
        table = open_table(path, alone=not found)  # beside texts to predict a table is none of them
        if table is not None:
            for row in unlabelled(table, shape):
                yield row.where, _example(Record(Path(row.where), "", text=str(row.example or "")))
            return
    except HeadstartError as problem:
        yield str(given), str(problem)
        return
    if not found:
        yield str(given), "The folder holds no texts."
    for file in found:
        yield str(file), _example(Record(file, ""))


def _example(record: Record) -> Example | str:
    text, why = content(record)
    return why.detail if why else Example(str(record.path), -1, digest(text), text=text)
