"""A person's data → a `Task`: one file a modality (`_reader` says what it holds), the rest common to all.

Imports go downwards alone:
    `__init__` (`read`), `_unseen`, `_idle`, `_other`
    image.py, text.py, the readers: all that is known of a modality
    `_task`, `_unlabelled`, `_split`: records → a task
    picture/, words/: what readers are made of; picture/ stands below words/
    table/, then folder/: data → records
    `_reader`, `_clean`, `_near`
    `_record`, `_table`, `_roles`, `_options`: values and names
What lies below the readers asks them by `_reader`, and knows none by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..family import names
from ..types import Task
from ._options import ReadOptions
from .folder.walk import files, subfolders

if TYPE_CHECKING:
    from ._record import Shape
    from ._table import Table

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
    from ._idle import refuse_idle
    from ._other import refuse
    from ._reader import SURE, reader
    from ._task import absolute
    from .table.table import open_table

    path = absolute(data)
    table = open_table(path, options)
    claims = {"text": SURE} if options.text else _claims(path, table)
    found = max(claims, key=lambda name: claims[name])
    refuse_idle(path, table, reader(found).SHAPE, options)
    if claims[found] < SURE:
        refuse(path, table, options.label)
    task = reader(found).read(path, options, name=name, seed=seed, progress=progress, table=table)
    return replace(task, notes=(*_among(path, found), *task.notes)) if path.is_dir() and table is None else task


def modality(path: Path, table: Table | None) -> str:
    """Whose the examples are: the name of the reader that claims them most. `table`: what the path holds."""
    claims = _claims(path, table)
    return max(claims, key=lambda name: claims[name])


def _claims(path: Path, table: Table | None) -> dict[str, float]:
    from ._reader import reader

    return {name: reader(name).sniff(path, table) for name in names("read")}


def _among(folder: Path, found: str) -> tuple[str, ...]:
    """What is said of other examples that lie among those that are read: they might be what was meant."""
    from ._reader import reader, shapes

    own, notes = reader(found).SHAPE, []
    for other in shapes():
        wanted = partial(_only, other, own)
        count = sum(len(files(inside, wanted)) for inside in subfolders(folder)) if other is not own else 0
        if count:
            them = f"The {count:,} {other.noun} files among the {own.nouns} are"
            them = them if count > 1 else f"One {other.noun} file among the {own.nouns} is"
            notes.append(f"{them} not read. To learn from {other.nouns}, pass a folder of these alone.")
    return tuple(notes)


def _only(shape: Shape, other: Shape, path: Path) -> bool:
    return shape.wanted(path) and not other.wanted(path)
