"""Copies by name: `cat_0_flip.png` beside `cat_0.png`, or several of one name before Roboflow's `.rf.`.

A copy that is mirrored or turned looks like no twin, so that nothing but its name tells what it was made from.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

_MADE = re.compile(
    r"(?i)[_\- .]*(h?v?flip(ped)?|mirror(ed)?|aug(mented|mentation)?|rot(ated?)?|blur(red)?|noise|noisy|bright(er)?"
    r"|dark(er)?|crop(ped)?|jitter|copy)[_\- ]*\d*$"
)
_SHARE = 0.05  # of all, from which on they are told


def copies(paths: Sequence[Path]) -> tuple[str, ...]:
    """What is said of pictures that are called as copies of others in their folder.

    >>> copies([Path("a/1.png"), Path("a/1_flip.png"), Path("a/2.png")])[0][:63]
    '2 of 3 pictures are called as copies of each other (1_flip.png '
    """
    same: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in paths:
        same[path.parent, _base(path.stem)].append(path)
    several = [(base, found) for (_, base), found in same.items() if len(found) > 1]
    n = sum(len(found) for _, found in several)
    if not n or n < _SHARE * len(paths):
        return ()
    base, found = several[0]
    longest = max((path.name for path in found), key=len)
    return (
        f"{n:,} of {len(paths):,} pictures are called as copies of each other ({longest} of {base}), and may stand on "
        "both sides of the split: leave such copies out (training makes its own), or pass a table of files and what "
        "they were made from with --group.",
    )


def _base(stem: str) -> str:
    """A name without what says how a copy was made.

    >>> _base("cat_0_aug1"), _base("cat_0-rot90_flip"), _base("street_png.rf.0a1b"), _base("crop")
    ('cat_0', 'cat_0', 'street_png', 'crop')
    """
    stem = stem.split(".rf.")[0]
    while (shorter := _MADE.sub("", stem)) != stem and shorter:
        stem = shorter
    return stem
