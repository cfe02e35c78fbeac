"""Files `.curve` with a number a line, in class folders or named by a table."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..types import SetAside
from ._clean import Kept, settle
from ._options import ReadOptions
from ._reader import SURE
from ._record import Shape
from ._task import make
from .folder.walk import any_of


def numbers(path: Path) -> np.ndarray:
    """The numbers of a file, float64 [t]."""
    try:
        found = np.array(path.read_text().split(), np.float64)
    except ValueError as error:
        raise DataError(f"{path.name} holds something else than numbers ({error}). Give a number a line.") from error
    if not len(found):
        raise DataError(f"{path.name} is empty. Give a number a line.")
    return found


def wanted(path):
    """Whether a file is meant as an example."""
    return path.suffix == ".curve"


def cell(folder, value):
    """A table's cell as a file."""
    return folder / value if value else None


def holds(table, column):
    """Whether a column names such files."""
    return all(str(row.get(column)).endswith(".curve") for _, row, _ in table.rows)


def sniff(path, table):
    """By the suffix."""
    met = any(holds(table, c) for c in table.columns) if table else path.is_dir() and any_of(path, wanted)
    return SURE if met else 0.0


def clean(found, root, progress=None, options=None, *, pixels=None):
    """Set aside what holds no numbers, and exact doubles; curves that are nearly alike are not looked for."""
    good, aside, options = [], [], options or ReadOptions()
    for record in found.records:
        try:
            numbers(record.path)
            good.append((Kept(record, hashlib.sha256(record.path.read_bytes()).hexdigest()), None))
        except (DataError, OSError) as why:
            aside.append(SetAside(str(record.path), "unreadable", str(why)))
    near = lambda _: np.empty((0, 2), np.int64)  # noqa: E731
    return settle(good, near, aside, root, "curve", duplicates=options.duplicates, of=found)


def read(data, options=None, *, name=None, seed=0, progress=None, table=None):
    """As `read.read`."""
    return make(data, SHAPE, clean, options or ReadOptions(), name=name, seed=seed, progress=progress, table=table)


def shapes(examples):
    """What `check` shows: how long they are."""
    sizes = [len(numbers(Path(e.path))) for e in examples]
    return {"steps": [min(sizes), int(np.median(sizes)), max(sizes)]}, []


SHAPE = Shape(
    modality="curve",
    how="Put the curves of each class into a folder of its own.",
    wanted=wanted,
    columns=("curve",),
    cell=cell,
    holds=holds,
    labels=("label", "tags"),
    files=True,
)
