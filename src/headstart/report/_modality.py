"""How examples are shown and spoken of; a modality's file in `report/modality/` has one such object, `SHOWN`.

`of("image")` finds it by its name; nobody else in `report/` compares names. The base class says what holds for a
modality that has no such file, or says nothing else in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ..family import load, names
from ..pixels import Pixels

_FOLDER = "report/modality"


class Modality:
    """One kind of data, on a page, a card or a terminal."""

    one = "a"  # what stands before "classifier": "an image"
    tag = ""  # of the hub's pipelines, before "-classification"; none where it has none
    made = "made"  # how an example comes about: "taken", "written"
    kept = ""  # what is set aside, where that is not called as an example is
    new, more = "new.csv", "more.csv"  # what stands for one new input, and for many, in a command to copy
    given = "new.csv"  # for one new input in Python

    def thumbnail(self, path: Path, pixels: Pixels) -> bytes | None:
        """A small JPEG of an example; None where it is shown by its words, or cannot be read any more."""
        return None


def of(modality: str) -> Modality:
    """How that modality is shown."""
    return cast(Modality, load(_FOLDER, modality).SHOWN) if modality in names(_FOLDER) else Modality()
