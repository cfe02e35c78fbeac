"""Pictures like those that a source learnt from, given by the caller: to see, and to keep, what the source knows.

A folder of pictures; where each stands in a folder named as one of the source's classes ("tabby", "tabby cat"), the
source's accuracy on them is known too. In: the folder and the source. Out: `Example`s, labelled with the source's class
numbers, or −1 where any folder is no class of it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, UsageError
from ..judge.forgetting import FEWEST
from ..read.folder.walk import expand
from ..read.picture.picture import Unreadable, file_bytes
from ..read.picture.suffixes import is_picture
from ..runtime import digest
from ..types import Example, Source, View

if TYPE_CHECKING:
    from ..extract.feature_store import FeatureStore

MOST = 1000  # pictures that are looked at


def fingerprint(folder: str | Path) -> str:
    """A name for what the folder holds.

    Raises:
        UsageError: there is no such folder.
    """
    if not Path(folder).is_dir():
        raise UsageError(f"--source-data {folder} is no folder. Name one that holds pictures of the source's own kind.")
    return digest(sorted((str(path), path.stat().st_size) for path in expand([folder], is_picture) if path.is_file()))


def source_examples(folder: str | Path, source: Source, store: FeatureStore, view: View) -> tuple[Example, ...]:
    """Up to `MOST` pictures below a folder, evenly chosen; files that cannot be read or decoded are left out.

    Raises:
        DataError: fewer than four pictures.
    """
    found = []
    classes = _classes(source)
    paths = [path for path in expand([folder], is_picture) if path.is_file()]
    for path in paths[:: max(1, -(-len(paths) // MOST))]:
        try:
            name = hashlib.sha256(file_bytes(path)).hexdigest()
        except Unreadable:
            continue
        label = classes.get(path.parent.name.replace("_", " ").casefold())
        found.append(Example(str(path.absolute()), name, answer=label))
    bad = store.unreadable(found, [view])
    found = [example for example in found if example.digest not in bad]
    if len(found) < FEWEST:
        raise DataError(
            f"{folder} holds {len(found)} readable pictures; --source-data needs {FEWEST} or more, of the kind that "
            f"'{source.key}' learnt from ({source.pretrained_on})."
        )
    return tuple(found)


def _classes(source: Source) -> dict[str, int]:
    """Name in lower case → class number; a class has several names. Names of two classes ("crane") are left out."""
    if source.classes != "imagenet-1k":
        return {}
    from ..source.vision.timm import class_names

    found: dict[str, int] = {}
    twice = set()
    for number, names in enumerate(class_names()):
        for name in {n.strip().casefold() for n in names.split(",")}:
            twice |= {name} if name in found else set()
            found[name] = number
    return {name: number for name, number in found.items() if name not in twice}
