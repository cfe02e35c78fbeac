"""A folder of class folders, with or without train/, val/ and test/ above them.

The first level below the root (or the split) is the class, however deep the examples lie. Loose files beside
class folders are no class: examples among them are set aside by name, notes are passed over.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import DataError
from ..types import SetAside
from ._record import Found, Record, Shape, label_text, split_name
from ._walk import files, loose, subfolders


def read_folder(root: Path, shape: Shape) -> Found:
    """Every example below `root` with its class and, where given, its split.

    Raises:
        DataError: no examples, no class folders, or val/ and test/ without train/.
    """
    inside = {folder: files(folder, shape.wanted) for folder in subfolders(root)}
    holding = {folder: found for folder, found in inside.items() if found}
    if not holding:
        raise DataError(_nothing(root, shape))
    splits = _split_folders(list(holding), shape)
    if not splits:
        return replace(_classes(root, None, holding, shape), warnings=_split_as_class(list(holding)))
    if "train" not in splits.values():
        given = " and ".join(f"{p.name}/" for p in splits)
        raise DataError(f"{root.name}/ holds {given} but no train/. Add train/ with a folder for each class.")
    parts = [
        _classes(folder, split, {f: files(f, shape.wanted) for f in subfolders(folder)}, shape)
        for folder, split in splits.items()
    ]
    ignored = tuple(f"{f.name}/ stands beside train/ and is left out." for f in holding if f not in splits)
    return Found(
        tuple(r for part in parts for r in part.records),
        tuple(s for part in parts for s in part.set_aside) + _unlabelled(root, shape),
        ignored,
    )


def _split_folders(folders: list[Path], shape: Shape) -> dict[Path, str]:
    """The folders that are splits. `train/` full of pictures beside `bus/` is a class: locomotives."""
    named = {f: s for f in folders if (s := split_name(f.name))}
    splits = {f: s for f, s in named.items() if any(files(sub, shape.wanted) for sub in subfolders(f))}
    others = len(folders) - len(splits)
    return splits if len(splits) >= 2 or ("train" in splits.values() and not others) else {}


def _split_as_class(folders: list[Path]) -> tuple[str, ...]:
    """A warning where a folder has the name of a split but is read as a class."""
    named = [f"{f.name}/" for f in folders if split_name(f.name)]
    others = [f"{f.name}/" for f in folders if not split_name(f.name)]
    if not named:
        return ()
    one = len(named) == 1
    beside = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    why = f"beside {beside}" if others else "as not each holds class folders"
    return (
        f"{' and '.join(named)} {'is read as a class, not as a split' if one else 'are read as classes, not as splits'}"
        f", {why}. If {'it is a split' if one else 'they are splits'}, keep only train/, val/ and test/ there, "
        "each with a folder for every class; if not, rename to end this warning.",
    )


def _classes(folder: Path, split: str | None, classes: dict[Path, list[Path]], shape: Shape) -> Found:
    records = tuple(
        Record(path, label_text(sub.name) or sub.name, split) for sub, found in classes.items() for path in found
    )
    return Found(records, _unlabelled(folder, shape))


def _unlabelled(folder: Path, shape: Shape) -> tuple[SetAside, ...]:
    detail = "It lies beside the class folders, in none of them."
    return tuple(SetAside(str(path), "no_label", detail) for path in loose(folder, shape.wanted))


def _nothing(root: Path, shape: Shape) -> str:
    here = len(loose(root, shape.wanted))
    if here:
        return f"{root.name}/ holds {here} {shape.nouns} but no class folders, so none has a label. {shape.how}"
    return f"{root.name}/ holds no {shape.nouns}. {shape.how}"
