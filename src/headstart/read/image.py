"""Labelled pictures → a `Task`: a folder of class folders, a table with paths (or pictures inside), a saved data set.

Does not resize pictures or know any model.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from .. import runtime
from ..types import Task
from ._hygiene import clean
from ._options import ReadOptions
from ._record import PICTURES, Shape
from ._table import Table, open_table
from ._task import Watch, absolute, make
from ._walk import is_picture


def read(
    data: str | Path,
    options: ReadOptions = ReadOptions(),
    *,
    name: str | None = None,
    seed: int = 0,
    progress: Watch | None = None,
    table: Table | None = None,
) -> Task:
    """Read a person's pictures; arguments and errors as for `read.read`; `table`, if the path is opened."""
    path = absolute(data)
    shape = SHAPE.columns_of(options.kind, options.label)
    cleaning = partial(clean, crop=options.crop)
    table = table or open_table(path, options)
    return make(path, table, shape, cleaning, options, name=name, seed=seed, progress=progress)


def cell(folder: Path, value: object) -> Path | None:
    """A table's cell as the path of a picture: a path, its bytes, or as `datasets` stores one, {"bytes", "path"}."""
    if isinstance(value, bytes):
        return _store(value) if value else None
    if isinstance(value, dict):
        if value.get("bytes"):
            return _store(value["bytes"])
        value = value.get("path")
    text = value.strip() if isinstance(value, str) else ""
    return folder / Path(text).expanduser() if text else None


def _store(data: bytes) -> Path:
    """Bytes → a file below the cache, named by their sha256."""
    from ._picture import suffix_of

    path = runtime.cache_dir() / "pictures" / f"{hashlib.sha256(data).hexdigest()}{suffix_of(data)}"
    if not path.is_file() or path.stat().st_size != len(data):
        runtime.write(path, data)
    return path


SHAPE = Shape(
    modality="image",
    noun="picture",
    how="Put each class into a folder of its own, or pass a table with image and label columns.",
    wanted=is_picture,
    columns=PICTURES,
    cell=cell,
)
