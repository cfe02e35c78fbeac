"""Labelled pictures → a `Task`: a folder of class folders, a table with paths (or pictures inside), a saved data set.

Does not resize pictures or know any model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import runtime
from ..pixels import Pixels
from ..types import Example, Task
from ._clean import Clean
from ._options import ReadOptions
from ._record import Found, Shape, Sifted, span
from ._table import Table
from ._task import Watch, make
from .folder.walk import any_of
from .picture.columns import choose, holds_pictures
from .picture.suffixes import is_picture

LOOKED = 500  # pictures whose headers are opened for `check`
_MET, _NONE = 0.9, 0.1  # what is claimed: what is nobody's is told by this reader's errors


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
    return make(data, SHAPE, clean, options, name=name, seed=seed, progress=progress, table=table)


def sniff(path: Path, table: Table | None) -> float:
    """Pictures go before texts that lie among them, or stand in the same table."""
    if table is not None:
        met = any(holds_pictures(table, column) for column in table.columns)
    else:
        met = path.is_dir() and any_of(path, is_picture)
    return _MET if met else _NONE


def clean(
    found: Found,
    root: Path,
    progress: Watch | None = None,
    options: ReadOptions = ReadOptions(),
    *,
    pixels: Pixels | None = None,
) -> Clean:
    """Look at every picture; see `picture/hygiene.py`."""
    from .picture.hygiene import clean

    return clean(found, root, progress, options, pixels=pixels)


def shapes(examples: Sequence[Example]) -> tuple[dict[str, Any], list[tuple[Example, Mapping[str, Any]]]]:
    """What `check` shows: widths, heights, modes and formats, by the headers of up to `LOOKED` evenly chosen files.

    Returns:
        the summary; and of each that could be opened what might give its class away.
    """
    from PIL import Image

    each: list[tuple[Example, Mapping[str, Any]]] = []
    for example in examples[:: max(1, -(-len(examples) // LOOKED))]:
        try:
            with Image.open(example.path) as picture:
                each.append((example, {"size": picture.size, "mode": picture.mode, "format": picture.format or "?"}))
        except OSError:  # told by whoever looks at its pixels
            continue
    return {
        "width": span([said["size"][0] for _, said in each]),
        "height": span([said["size"][1] for _, said in each]),
        "modes": dict(Counter(said["mode"] for _, said in each).most_common()),
        "formats": dict(Counter(said["format"] for _, said in each).most_common()),
    }, each


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
    from .picture.picture import suffix_of

    path = runtime.cache_dir() / "pictures" / f"{hashlib.sha256(data).hexdigest()}{suffix_of(data)}"
    if not path.is_file() or path.stat().st_size != len(data):
        runtime.write(path, data)
    return path


def _without_masks(paths: Sequence[Path], root: Path) -> Sifted:
    from .picture.masks import without_masks

    return without_masks(paths, root)


SHAPE = Shape(
    modality="image",
    how="Put each class into a folder of its own, or pass a table with image and label columns.",
    wanted=is_picture,
    columns=tuple(
        "image path file filename file_name picture img photo image_path filepath image_id image_name".split()
    ),
    cell=cell,
    holds=holds_pictures,
    files=True,
    options=("crop",),
    choose=choose,
    sift=_without_masks,
)
