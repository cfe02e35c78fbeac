"""Approximate search: a navigable graph over the rows (HNSW, by faiss), whose candidates are compared exactly.

Malkov & Yashunin 2018, Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
World graphs. faiss (`pip install 'headstart[search]'`) keeps the rows in half precision for its way through the graph;
the cosines that are told are those of the rows themselves.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from ...types import FloatArray, IntArray
from .nearest import among, nearest

ABOVE = 100_000  # rows: fewer are compared with all
KIND = "HNSW32_SQfp16"  # in faiss's words: a graph of 32 links a row, over rows in half precision
BUILDING = 80  # candidates kept while a row is linked
WIDTHS = (64, 128, 256, 512)  # candidates kept while searching; the first that recalls enough is taken
ENOUGH = 0.98  # recall@10 on the sample
SAMPLE, NEIGHBOURS = 200, 10
FEW = 50  # rows that join: of fewer nothing is measured anew
HOW = "pip install 'headstart[search]'"


class Graph:
    """A graph over rows at length 1, which it does not keep in full.

    Args:
        index: faiss's.
        width: candidates kept while searching.
        recall: share of the ten nearest that it found for a sample of rows before these joined it.
    """

    def __init__(self, index: Any, width: int, recall: float) -> None:  # noqa: ANN401 - faiss has no types
        self.index, self.width, self.recall = index, width, recall

    def search(self, queries: FloatArray, rows: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
        """As `nearest.nearest`, of the rows that it was made of; some of the k may be missed."""
        self.index.hnsw.efSearch = max(self.width, 2 * k)
        found = self.index.search(queries, min(2 * k, len(rows)))[1]
        return among(queries, rows, np.asarray(found, np.int64), min(k, len(rows)))

    def file(self) -> bytes:
        """What `opened` takes."""
        import faiss

        return bytes(faiss.serialize_index(self.index))


def available() -> bool:
    """Whether faiss is installed."""
    return find_spec("faiss") is not None


def built(rows: FloatArray, before: Graph | None = None, known: int = 0) -> Graph:
    """A graph over rows [n d] in an order of chance; where one over the first `known` of them is given, others join it.

    Recall is measured before the last rows join, on these: of what is in it already a graph finds more.
    """
    import faiss

    if before is None:
        index: Any = faiss.index_factory(rows.shape[1], KIND, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction, known = BUILDING, 0
        index.train(rows[:1])  # half precision has nothing to learn; faiss asks for it
    else:
        index = before.index
    held = max(len(rows) - min(SAMPLE, len(rows) // 2), known)
    index.add(rows[known:held])
    few = before is not None and len(rows) - held < FEW
    made = Graph(index, before.width, before.recall) if few and before else _measured(index, rows[:held], rows[held:])
    index.add(rows[held:])
    return made


def opened(file: bytes, width: int, recall: float) -> Graph:
    """The graph of a file that `Graph.file` made, with what was measured of it."""
    return Graph(_read(file), width, recall)


def _read(file: bytes) -> Any:  # noqa: ANN401 - faiss has no types
    import faiss

    return faiss.deserialize_index(np.frombuffer(file, np.uint8))


def _measured(index: Any, rows: FloatArray, queries: FloatArray) -> Graph:  # noqa: ANN401 - faiss has no types
    """The graph at the first width that finds enough of the nearest rows of the queries; at the last, if none does."""
    truth = nearest(queries, rows, NEIGHBOURS)[0]
    graph = Graph(index, WIDTHS[0], 0.0)
    for width in WIDTHS:
        graph.width = width
        found = graph.search(queries, rows, NEIGHBOURS)[0]
        graph.recall = float(np.mean([len({*f} & {*t}) / len(t) for f, t in zip(found, truth, strict=True)]))
        if graph.recall >= ENOUGH:
            break
    return graph
