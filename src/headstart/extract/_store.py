"""A content-addressed store of arrays: one row a picture, found again by the picture's sha256.

A store is a folder for one way of looking (its `key`). Rows come in shards: `NAME.OUTPUT.npy` files, read by
memory map, and `NAME.json`, the digests in row order, written last: a shard without it does not exist.
Knows nothing of pictures or models.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runtime import digest, write


class Store:
    """Rows of one or more named outputs, by digest."""

    def __init__(self, folder: Path, outputs: Sequence[str]) -> None:
        self.folder, self.outputs = folder, tuple(outputs)
        self._where: dict[str, tuple[str, int]] = {}
        for index in sorted(folder.glob("*.json")):
            self._learn(index.stem, json.loads(index.read_text()))

    def __contains__(self, picture: str) -> bool:
        return picture in self._where

    def add(self, pictures: Sequence[str], rows: Mapping[str, NDArray[Any]]) -> None:
        """Append a shard: `rows[output]` is [len(pictures), …]. A killed call leaves nothing that counts."""
        name = digest(*pictures)
        for output in self.outputs:
            buffer = io.BytesIO()
            np.save(buffer, rows[output], allow_pickle=False)
            write(self.folder / f"{name}.{output}.npy", buffer.getvalue())
        write(self.folder / f"{name}.json", json.dumps(list(pictures)))
        self._learn(name, pictures)

    def get(self, pictures: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The rows of `pictures`, in their order. All must be in the store."""
        shards: dict[str, list[tuple[int, int]]] = {}
        for at, picture in enumerate(pictures):
            name, row = self._where[picture]
            shards.setdefault(name, []).append((at, row))
        return {output: self._gather(output, shards, len(pictures)) for output in self.outputs}

    def _gather(self, output: str, shards: dict[str, list[tuple[int, int]]], n: int) -> NDArray[Any]:
        out: NDArray[Any] | None = None
        for name, places in shards.items():
            rows = np.load(self.folder / f"{name}.{output}.npy", mmap_mode="r", allow_pickle=False)
            if out is None:
                out = np.empty((n, *rows.shape[1:]), rows.dtype)
            to, at = zip(*places, strict=True)
            out[list(to)] = rows[list(at)]
        return out if out is not None else np.empty((0, 0), np.float32)

    def _learn(self, name: str, pictures: Sequence[str]) -> None:
        self._where.update({picture: (name, row) for row, picture in enumerate(pictures)})
