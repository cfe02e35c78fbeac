"""An index as it lies in its folder: `search.json` (which examples, through what), their rows, and a graph of many.

No pickle: rows are a safetensors file, the graph is faiss's own. `search.json` is written last and names the other
files by what they hold, so that a killed build leaves the index that was there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataError
from ...runtime import write, write_json
from ...types import FloatArray, IntArray
from . import graph as _graph
from .graph import Graph
from .nearest import nearest

FILE = "search.json"
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One content in an index."""

    shown: tuple[str, ...]  # where it stands; several places where files are equal
    digest: str
    content: str | None = None  # of a text: what it is


@dataclass(frozen=True)
class Through:
    """What its rows were made by."""

    kind: str  # "source" or "run"
    name: str  # the source, or the run's folder as it was named
    place: str  # the run's folder, from the index; of a source nothing
    take: str  # which of the run's models; of a source nothing
    identity: str  # of the features, see `lens.Lens`
    modality: str


@dataclass(frozen=True)
class Index:
    """Entries, and a row of length 1 for each."""

    through: Through
    data: str  # what was indexed
    entries: tuple[Entry, ...]
    rows: FloatArray = field(repr=False)  # [n d]
    graph: Graph | None = None
    notes: tuple[str, ...] = ()  # what the last build has to say

    def nearest(self, queries: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
        """Positions [q k] and cosines [q k] of the rows nearest to queries [q d] of length 1."""
        if self.graph is not None:
            return self.graph.search(queries, self.rows, k)
        return nearest(queries, self.rows, k)


def save(folder: Path, index: Index) -> None:
    """Write it; files of the index that was there go last."""
    from safetensors.numpy import save as packed

    kept = {FILE}
    files: dict[str, Any] = {"rows": _put(folder, kept, "rows", packed({"rows": index.rows})), "graph": None}
    if index.graph is not None:
        measured = {"width": index.graph.width, "recall": index.graph.recall}
        files["graph"] = _put(folder, kept, "graph", index.graph.file()) | measured
    about = {"format": FORMAT, "through": asdict(index.through), "data": index.data, "notes": list(index.notes)}
    write_json(folder / FILE, about | files | {"entries": [asdict(entry) for entry in index.entries]})
    for old in (*folder.glob("rows-*"), *folder.glob("graph-*")):
        if old.name not in kept:
            old.unlink(missing_ok=True)


def _put(folder: Path, kept: set[str], what: str, data: bytes) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{what}-{sha256[:12]}.{'safetensors' if what == 'rows' else 'faiss'}"
    kept.add(name)
    if not (folder / name).exists():
        write(folder / name, data)
    return {"file": name, "sha256": sha256}


def load(folder: Path) -> Index:
    """Read an index.

    Raises:
        DataError: there is none, another headstart made it, or a file of it was changed.
    """
    from safetensors.numpy import load as unpacked

    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} holds no index ({FILE} is missing). Build one: headstart search RUN|SOURCE build FOLDER."
        ) from error
    except ValueError as error:
        raise DataError(f"{folder / FILE} is damaged ({error}). Remove {folder} and build it again.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        given = said.get("format") if isinstance(said, dict) else None
        raise DataError(
            f"The index in {folder} has format {given}; this headstart reads {FORMAT}. Remove it and build it again."
        )
    entries = tuple(Entry(tuple(e["shown"]), e["digest"], e["content"]) for e in said["entries"])
    rows = unpacked(_take(folder, said["rows"]))["rows"]
    if len(rows) != len(entries):
        raise DataError(f"{folder} has {len(entries)} entries and {len(rows)} rows. Remove it and build it again.")
    found = said["graph"]
    graph = None
    if found is not None and _graph.available():
        graph = _graph.opened(_take(folder, found), found["width"], found["recall"])
    return Index(Through(**said["through"]), said["data"], entries, rows, graph, tuple(said["notes"]))


def _take(folder: Path, said: Mapping[str, Any]) -> bytes:
    path = folder / str(said["file"])
    data = path.read_bytes() if path.is_file() else b""
    if (found := hashlib.sha256(data).hexdigest()) != said["sha256"]:
        raise DataError(
            f"{path} is not the file that was built (sha256 {found[:12]}, not {said['sha256'][:12]}). Remove {folder} "
            "and build it again."
        )
    return data


def positions(entries: Sequence[Entry]) -> dict[str, int]:
    """Digest → where its row is."""
    return {entry.digest: at for at, entry in enumerate(entries)}


def empty(through: Through, data: str) -> Index:
    """One of nothing, to begin with."""
    return Index(through, data, (), np.empty((0, 0), np.float32))
