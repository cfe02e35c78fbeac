"""Are look-alikes alike, and what does it cost to find them?

Part one, `alike`: mean average precision. Every picture asks for all others of its set; those of its class count as
right (Manning et al. 2008, Introduction to Information Retrieval, 8.4). Frozen features of the default source against
32 × 32 pixels, grey levels taken off their mean (else all photographs are alike), both by cosine.

Part two, `quick`: 100,000 vectors of 384 numbers, drawn: 2,000 centres on the sphere, each row its centre and noise of
the same length times `SPREAD`, then length 1; 500 queries drawn in the same way. Exact search and the graph of
`headstart search`, beside scikit-learn's brute-force NearestNeighbors, in one process, by turns, on one thread.

Run: OMP_NUM_THREADS=1 python benchmarks/search/run.py [alike] [quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import folder as data_folder

SETS = {
    "pacs, photographs": "pacs_photo_art_painting/photo",
    "pacs, paintings": "pacs_photo_art_painting/art_painting",
    "tuxpaint": "tuxpaint_stamps",
}
SOURCE = "efficientnet-lite0"  # the first of the usual sources
SIDE = 32  # of pixels
CENTRES, WIDTH, SPREAD = 2000, 384, 1.0
ROUNDS = 3
Array = np.ndarray[Any, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["alike", "quick"])
    parser.add_argument("--source", default=SOURCE)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--each", type=int, default=0, help="pictures of a class at most; 0: all")
    given = parser.parse_args()
    if "alike" in given.parts:
        alike(given.source, given.each)
    if "quick" in given.parts:
        quick(given.rows, given.queries)
    return 0


def alike(source: str, each: int) -> None:
    print(f"| set | pictures, classes | {source}, mAP % | pixels | by chance |\n|---|---|---|---|---|")
    for name, place in SETS.items():
        files, y = pictures(data_folder() / place, each)
        with tempfile.TemporaryDirectory() as out:
            ours = indexed(files, y, source, Path(out))
        bare = mean_average_precision(pixels(files), y)
        luck = mean_average_precision(np.random.default_rng(0).normal(size=(len(y), 64)), y)
        kinds = f"{len(y)}, {len(set(y.tolist()))}"
        print(f"| {name} | {kinds} | {100 * ours:.1f} | {100 * bare:.1f} | {100 * luck:.1f} |", flush=True)


def pictures(folder: Path, each: int) -> tuple[list[Path], Array]:
    """Files and their classes [n], by folder."""
    kinds = [[*sorted(p for p in kind.iterdir() if p.is_file())] for kind in sorted(folder.iterdir()) if kind.is_dir()]
    kinds = [kind[: each or len(kind)] for kind in kinds]
    return [f for kind in kinds for f in kind], np.repeat(np.arange(len(kinds)), [len(kind) for kind in kinds])


def indexed(files: list[Path], y: Array, source: str, out: Path) -> float:
    """Through `headstart search` itself: an index of links to the files, asked for all of them."""
    import headstart as hs

    (out / "files").mkdir()
    links = [out / "files" / f"{at:05d}{file.suffix}" for at, file in enumerate(files)]
    for link, file in zip(links, files, strict=True):
        link.symlink_to(file)
    index = hs.search(source, out / "files", out=out / "index")
    precisions = []
    for own, found in enumerate(index.query(links, len(index))):
        ranked = [int(Path(place).stem) for hit in found.hits for place in hit.entry.shown]
        precisions.append(average_precision(y[[at for at in ranked if at != own]] == y[own]))
    return float(np.mean(precisions))


def pixels(files: list[Path]) -> Array:
    from PIL import Image

    return np.stack([np.asarray(Image.open(f).convert("RGB").resize((SIDE, SIDE)), np.float32).ravel() for f in files])


def mean_average_precision(x: Array, y: Array) -> float:
    x = x - x.mean(1, keepdims=True)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    near = x @ x.T
    orders = (np.argsort(-row) for row in near)
    return float(np.mean([average_precision(y[o[o != own]] == y[own]) for own, o in enumerate(orders)]))


def average_precision(right: Array) -> float:
    """Of a ranking [n]: the mean of the precision at each right one."""
    at = np.flatnonzero(right) + 1
    return float((np.arange(1, len(at) + 1) / at).mean()) if len(at) else 0.0


def drawn(n: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(CENTRES, WIDTH)).astype(np.float32)
    x = centres[rng.integers(CENTRES, size=n)] + SPREAD * rng.normal(size=(n, WIDTH)).astype(np.float32)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def quick(n: int, q: int) -> None:
    from sklearn.neighbors import NearestNeighbors

    from headstart.ship.search import graph
    from headstart.ship.search.nearest import nearest

    rows, queries = drawn(n, 2), drawn(q, 3)
    begun = time.perf_counter()
    made = graph.built(rows)
    building = time.perf_counter() - begun
    brute = NearestNeighbors(n_neighbors=10, algorithm="brute", metric="cosine").fit(rows)
    ways: dict[str, Callable[[Array], Array]] = {
        "scikit-learn, brute force": lambda some: brute.kneighbors(some, return_distance=False),
        "exact": lambda some: nearest(some, rows, 10)[0],
        "graph": lambda some: made.search(some, rows, 10)[0],
    }
    truth = ways["scikit-learn, brute force"](queries)
    spent: dict[tuple[str, int], list[float]] = {(way, size): [] for way in ways for size in (1, q)}
    for _ in range(ROUNDS):
        for (way, size), seconds in spent.items():
            asked = [queries[at : at + 1] for at in range(20)] if size == 1 else [queries]
            begun = time.perf_counter()
            for some in asked:
                ways[way](some)
            seconds.append((time.perf_counter() - begun) / sum(map(len, asked)))
    print(f"\n| {n:,} rows, {WIDTH} numbers | recall@10 % | ms a query, one by one | {q} at once | of scikit-learn's |")
    print("|---|---|---|---|---|")
    for way, search in ways.items():
        recall = np.mean([len({*a} & {*b}) / 10 for a, b in zip(truth, search(queries), strict=True)])
        one, many = (1e3 * min(spent[way, size]) for size in (1, q))
        ratio = one / (1e3 * min(spent["scikit-learn, brute force", 1]))
        print(f"| {way} | {100 * recall:.1f} | {one:.2f} | {many:.3f} | {ratio:.3f} |")
    size = len(made.file()) / 1e6
    print(
        f"\nThe graph: built in {building:.0f} s, {size:.0f} MB beside {rows.nbytes / 1e6:.0f} MB of rows, width "
        f"{made.width}, recall@10 of its own sample {100 * made.recall:.1f} %."
    )


if __name__ == "__main__":
    sys.exit(main())
