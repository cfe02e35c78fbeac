"""A folder of class folders, with or without splits above or inside them; `layout` says which level is which.

In: a folder. Out: every example below with its class and split. Loose files beside class folders are no class: they are
without a label where such may be learnt from too (`Shape.loose`), else set aside by name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from ...errors import DataError
from ...types import SetAside
from .._options import ReadOptions
from .._record import Found, Record, Shape
from .layout import Folder, arrange
from .walk import files


def read_folder(root: Path, shape: Shape, options: ReadOptions = ReadOptions(), tables: Sequence[Path] = ()) -> Found:
    """Every example below `root` with its class and, where given, its split. `tables`: what lies there beside folders.

    Raises:
        DataError: no examples, no class folders, val/ and test/ without train/, or folders with two readings.
    """
    paths, notes = files(root, shape.wanted), list[str]()
    if shape.sift:
        paths, notes = shape.sift(paths, root)
    silent = unread(tables)
    held: dict[Folder, list[Path]] = defaultdict(list)
    for path in paths:
        held[path.relative_to(root).parts[:-1]].append(path)
    if not any(held):
        raise DataError(_nothing(root, paths, shape))
    layout = arrange(held, root.name, options.layout, _hint(paths) + silent)
    records, loose, aside = [], [], []
    for folder, inside in held.items():
        place = layout.places[folder]
        if place is None:
            continue
        for path in inside:
            if place.label:
                records.append(Record(path, place.label, place.split))
            elif shape.loose and place.split in (None, "train"):
                loose.append(Record(path, ""))
            else:
                aside.append(SetAside(str(path), "no_label", place.why))
    notes += [*layout.notes, *([f"Classes are the folders' names.{silent}"] if silent else [])]
    if aside:
        notes.append(f"Without a label and left out: {len(aside)} {shape.nouns if aside[1:] else shape.noun}.")
    return Found(tuple(records), tuple(aside), layout.warnings, loose=tuple(loose), notes=tuple(notes))


def unread(tables: Sequence[Path]) -> str:
    """What is said of tables that lie beside the folders."""
    names = [path.name for path in tables if path.suffix.lower() != ".json"]  # may say anything
    some = ", ".join(names[:3]) + (", …" if names[3:] else "")
    return f" {some} beside them is not read; if it names the labels, pass {names[0]} itself." if names else ""


def _nothing(root: Path, paths: Sequence[Path], shape: Shape) -> str:
    """Why no example has a class."""
    if not paths:
        return f"{root.name}/ holds no {shape.nouns}. {shape.how}"
    here = f"{root.name}/ holds {len(paths)} {shape.nouns} but no class folders, so none has a label."
    return f"{here} {shape.how}{_hint(paths)}"


def _hint(paths: Collection[Path]) -> str:
    """What the names of the files seem to say, if they do."""
    words = _named(paths)
    some = ", ".join(words[:3]) + (", …" if words[3:] else "")
    return (
        f" The files' names seem to hold classes ({some}): a table of files and labels would say so." if words else ""
    )


def _named(paths: Collection[Path]) -> list[str]:
    """The words that, at one end of the files' names, take few values, each of them often.

    >>> _named([Path(f"{i}_{c}.png") for i in range(10) for c in ("cat", "dog")])
    ['cat', 'dog']
    """
    for end in (0, -1):
        words = [re.findall(r"[^\W\d_]+", path.stem) for path in paths]
        counts = Counter(found[end] for found in words if found)
        if len(counts) > 1 and min(counts.values()) > 1 and 4 * len(counts) <= len(paths):
            return sorted(counts)
    return []
