"""Masks of pictures, as data for segmentation brings them: beside each picture, or in a folder of their own.

A file is a mask where its name says so, a picture has the same name without that, and its pixels are of few tones, that
picture's are not. By names alone photographs of people in masks would be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .picture import Unreadable, decode, file_bytes

_WORDS = "masks?|seg|segm|segmentations?|segmented|annotations?|annots?|labels?|gt|groundtruth|ground_truth"
_BEHIND = re.compile(rf"(.+?)[\W_]+({_WORDS})([\W_]*\d+)?", re.IGNORECASE)
_BEFORE = re.compile(rf"({_WORDS})[\W_]+(.+)", re.IGNORECASE)
_FOLDER = re.compile(rf"(.*[\W_])?({_WORDS})([\W_].*)?", re.IGNORECASE)
_LOOKED = 12  # pairs that are opened
_TONES = 12  # of 5 bits a colour
_MOST = 0.97  # of the pixels


def without_masks(paths: Sequence[Path], root: Path) -> tuple[list[Path], list[str]]:
    """The pictures alone, and a sentence on the masks if there were any."""
    found = _pairs(paths, root)
    some = sorted(found)[:: max(1, len(found) // _LOOKED)]
    flat = [m for m in some if _few_tones(m) and not _few_tones(found[m])]
    if not some or 2 * len(flat) < len(some):
        return list(paths), []
    left = set(found) | _alone(paths, found, root)
    said = (
        f"{len(left)} files such as {flat[0].relative_to(root)} are masks of the pictures beside them, by name and "
        "content, and left out."
    )
    return [path for path in paths if path not in left], [said]


def _alone(paths: Sequence[Path], found: Mapping[Path, Path], root: Path) -> set[Path]:
    """The masks without a picture: of the same kind of name, or in a folder of masks."""
    behind = any(_bare(path.stem) != _key(path.stem) for path in found)
    folders = {path.parent for path in found if _in_masks(path, root)}
    return {p for p in paths if (behind and _bare(p.stem) != _key(p.stem)) or p.parent in folders}


def _pairs(paths: Sequence[Path], root: Path) -> dict[Path, Path]:
    """Each file that is named as a mask, and the picture of the same name."""
    beside = {(path.parent, _key(path.stem)): path for path in paths}
    by_stem: dict[str, list[Path]] = {}
    for path in paths:
        by_stem.setdefault(_key(path.stem), []).append(path)
    out = {}
    for path in paths:
        stem = _bare(path.stem)
        own = beside.get((path.parent, stem)) if stem != _key(path.stem) else None
        if own is None and _in_masks(path, root):
            others = [p for s in {stem, _key(path.stem)} for p in by_stem.get(s, ()) if p != path]
            own = next((p for p in others if not _in_masks(p, root)), None)
        if own is not None:
            out[path] = own
    return out


def _bare(stem: str) -> str:
    """The name without the word for a mask, as a key.

    >>> _bare("lung (3)_mask_1"), _bare("mask-7"), _bare("maskless")
    ('lung (3', '7', 'maskless')
    """
    if m := _BEHIND.fullmatch(stem):
        return _key(m[1])
    return _key(m[2] if (m := _BEFORE.fullmatch(stem)) else stem)


def _key(stem: str) -> str:
    """A name by which two files are known to belong together: marks at its end and case say nothing."""
    return re.sub(r"[\W_]+$", "", stem.casefold())


def _in_masks(path: Path, root: Path) -> bool:
    """Whether a folder above it has the name of one of masks."""
    return any(_FOLDER.fullmatch(part) for part in path.relative_to(root).parts[:-1])


def _few_tones(path: Path) -> bool:
    """Whether nearly all pixels have one of few colours."""
    try:
        pixels = decode(file_bytes(path))
    except Unreadable:
        return False
    small = np.asarray(Image.fromarray(pixels).resize((128, 128), Image.Resampling.NEAREST), np.int64) >> 3
    tones = np.bincount((small @ np.array([1024, 32, 1])).ravel())
    return bool(np.sort(tones)[-_TONES:].sum() >= _MOST * tones.sum())
