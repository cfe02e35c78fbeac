"""Off-the-shelf features and a linear SVM, with augmented features: headstart's features in scikit-learn's hands.

Razavian et al. 2014, CNN Features off-the-shelf: a network trained on ImageNet, never trained again; the signed root of
its features, scaled to length 1; a linear SVM. Augmented: it learns from changed copies of every training picture, and
may also read copies of a test picture and average what it says of them. Here all three on the same pictures, C chosen
on validation pictures, the chosen one trained again with them; the sealed test is read once, at the end.

The network looks at each picture and its copies once; a second run finds the features in headstart's cache.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer
from sklearn.svm import LinearSVC

from headstart.extract.feature_store import FeatureStore, median_side
from headstart.judge.interval import paired, single
from headstart.judge.wording import percent, points
from headstart.kind import labelled
from headstart.read.image import read
from headstart.score._axes import signed_root
from headstart.source import _catalogue
from headstart.types import View

GRID = (0.1, 1.0, 10.0, 100.0)  # C


def machine(x: NDArray[np.float32], y: NDArray[np.int64], c: float) -> Pipeline:
    """Fitted on copies [n v d]; each copy is a row with its picture's label."""
    svm = make_pipeline(FunctionTransformer(signed_root), Normalizer(), LinearSVC(C=c, max_iter=50_000, random_state=0))
    return svm.fit(x.reshape(-1, x.shape[-1]), y.repeat(x.shape[1]))


def right(svm: Pipeline, x: NDArray[np.float32], y: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pictures, [n v d], it names rightly by the mean of its decision values over their copies."""
    scores = svm.decision_function(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:2], -1).mean(1)
    said = scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(1)
    return np.asarray(said == y)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", help="a folder of class folders")
parser.add_argument("--source", default="mobilenet-v2", help="a key of `headstart sources list`")
parser.add_argument("--copies", type=int, default=8, help="of a picture, itself counted; 2 or more")


def main(given: argparse.Namespace) -> None:
    """Read, look once, choose C, judge."""
    task, record, n = read(given.data), _catalogue.get(given.source), max(2, given.copies)
    store = FeatureStore({record.key: record})
    style = "glyph" if median_side(task.modality, task.train) < 48 else "photo"  # a mirrored digit is another digit
    view = View(record.key, "top", variants=n, style=style)
    train, valid = (labelled(store.extract(part, [view])[0], task, part) for part in (task.train, task.valid))
    print(f"{record.key}: {len(train.y)} pictures to learn from, {len(valid.y)} to choose C on,")
    print(f"looked at now: {store.computed}; features {train.x.shape}")
    both, labels = np.concatenate([train.x, valid.x]), np.concatenate([train.y, valid.y])
    learnt = cache(lambda copies, c: machine(train.x[:, :copies], train.y, c))

    # Name → how many copies it learns from, and how many it looks at; the first copy is the picture itself.
    ways = {"plain": (1, 1), "augmented training": (n, 1), f"augmented training, {n} test copies": (n, n)}
    chosen, final = {}, {}
    for name, (learn, look) in ways.items():
        score = {c: right(learnt(learn, c), valid.x[:, :look], valid.y).mean() for c in GRID}
        chosen[name] = max(GRID, key=lambda c: score[c])  # of equals the smallest
        final[name] = machine(both[:, :learn], labels, chosen[name])

    sealed = task.test.open()
    test = labelled(store.extract(sealed, [view])[0], task, sealed)
    rows = {name: right(final[name], test.x[:, :look], test.y) for name, (_, look) in ways.items()}
    print(f"\n| {len(test.y)} sealed test pictures | C | accuracy | 95 % interval | against plain | 95 % interval |")
    print("|---|---|---|---|---|---|")
    for name, row in rows.items():
        gap, spread = row.mean() - rows["plain"].mean(), paired(row, rows["plain"])
        against = f"{points(gap)} | {' to '.join(map(points, spread))}" if name != "plain" else "– | –"
        own = " to ".join(map(percent, single(row)))
        print(f"| {name} | {chosen[name]:g} | {percent(row.mean())} | {own} | {against} |")


if __name__ == "__main__":
    main(parser.parse_args())
