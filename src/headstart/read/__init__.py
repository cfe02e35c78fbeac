"""A person's data → a `Task`: one file a modality; what they share stands in the files with an underscore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..types import Task
from ._options import ReadOptions
from .folder.walk import files, subfolders

if TYPE_CHECKING:
    from .table.table import Table

__all__ = ["ReadOptions", "modality", "read"]


def read(
    data: str | Path,
    options: ReadOptions = ReadOptions(),
    *,
    name: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Task:
    """Read a person's examples, whichever they are.

    Args:
        data: a folder of class folders (with or without train/ val/ test/) that hold pictures or text files; a CSV,
            TSV, JSONL or Parquet with image or text and label columns; a folder of such tables named train, valid,
            test, or with one alone; or a folder saved by Hugging Face `datasets`.
        options: what a person says of the data. Of `kind`: labels are numbers to predict also where all of a
            table's are numbers, more than twenty differ, and some are no whole ones; several an example also where
            there are lists, or several columns, and "multilabel" cuts texts at ";" or "|".
        name: of the task; else the folder's or file's own.
        seed: of the split.
        progress: called with (done, total) examples looked at.

    Raises:
        DataError: nothing there, no examples, one class, a class with fewer than 2 examples, or in val/test alone; or
            train, validation or test would be empty.
        UsageError: an option that says nothing of such data, no such column, another kind.
    """
    from ..family import load
    from ._idle import refuse_idle
    from ._other import refuse
    from ._task import absolute
    from .table.table import open_table

    path = absolute(data)
    table = open_table(path, options)
    found = "text" if options.text else modality(path, table)
    refuse_idle(path, table, found, options)
    if not options.text:
        refuse(path, table, options.label)
    task: Task = load("read", found).read(path, options, name=name, seed=seed, progress=progress, table=table)
    return replace(task, notes=(*_texts_among(path), *task.notes)) if table is None and found == "image" else task


def _texts_among(folder: Path) -> tuple[str, ...]:
    """What is said of texts that lie among pictures: they might be what was meant."""
    from .text import SHAPE as TEXT

    texts = sum(len(files(inside, TEXT.wanted)) for inside in subfolders(folder)) if folder.is_dir() else 0
    if not texts:
        return ()
    them = f"The {texts:,} text files among the pictures are" if texts > 1 else "One text file among the pictures is"
    return (f"{them} not read. To learn from texts, pass a folder of these alone.",)


def modality(path: Path, table: Table | None) -> str:
    """Of which kind the examples are: "image" or "text"; "image" where there are none. `table`: what the path holds."""
    from .table.columns import find, headless, holds_pictures, is_text
    from .text import SHAPE as TEXT

    if table is not None:
        if any(holds_pictures(table, column) for column in table.columns):
            return "image"
        named = any(find(table.columns, column) for column in TEXT.columns)
        return "text" if named or headless(table) or any(is_text(table, c) for c in table.columns) else "image"
    return "text" if path.is_dir() and not files(path) and files(path, TEXT.wanted) else "image"
