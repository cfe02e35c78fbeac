"""A person's data → a `Task`: one file a modality; what they share stands in the files with an underscore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..types import Task

if TYPE_CHECKING:
    from ._table import Table


def read(
    data: str | Path,
    *,
    name: str | None = None,
    seed: int = 0,
    group: str | None = None,
    text: str | None = None,
    label: str | None = None,
    kind: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Task:
    """Read a person's examples, whichever they are.

    Args:
        data: a folder of class folders (with or without train/ val/ test/) that hold pictures or .txt files; a CSV,
            TSV, JSONL or Parquet with image or text and label columns; a folder of such tables named train, valid,
            test, or with one alone; or a folder saved by Hugging Face `datasets`.
        name: of the task; else the folder's or file's own.
        seed: of the split.
        group: the table's column whose values must not stand on both sides of a split.
        text: the table's column of texts, where it has another name than the usual ones.
        label: the same for the classes, or numbers; by comma several columns of 0 and 1, one a label.
        kind: "classification"; "regression": labels are numbers to predict (else they are such where all of a
            table's are numbers, more than twenty differ, and some are no whole ones); or "multilabel": several an
            example (else where there are lists, or several columns), which also cuts texts at ";" or "|".
        progress: called with (done, total) examples looked at.

    Raises:
        DataError: nothing there, no examples, one class, a class with fewer than 2 examples, or in val/test alone; or
            train, validation or test would be empty.
        UsageError: `group` for a folder, or no such column; another kind.
    """
    from ..family import load
    from ._table import open_table
    from ._task import absolute

    path = absolute(data)
    table = open_table(path)
    given: dict[str, Any] = {
        "name": name,
        "seed": seed,
        "group": group,
        "label": label,
        "kind": kind,
        "progress": progress,
    }
    found = "text" if text else modality(path, table)
    if found == "text":
        given |= {"text": text}
    task: Task = load("read", found).read(path, table=table, **given)
    return task


def modality(path: Path, table: Table | None) -> str:
    """Of which kind the examples are: "image" or "text"; "image" where there are none. `table`: what the path holds."""
    from ._walk import files
    from .image import SHAPE as IMAGE
    from .text import SHAPE as TEXT

    if table is not None:
        names = {c.strip().casefold() for c in table.columns}
        pictures = [c for c in IMAGE.columns if c in names]
        return "text" if names & set(TEXT.columns) and not pictures else "image"
    return "text" if path.is_dir() and not files(path) and files(path, TEXT.wanted) else "image"
