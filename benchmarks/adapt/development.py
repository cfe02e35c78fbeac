"""What choosing and estimating without target labels gets wrong on the development pairs, a family left out at a time.

Run: OMP_NUM_THREADS=1 PYTHONPATH=src python benchmarks/adapt/development.py [--deep] [--most PAIRS]

Every method of align/ that is not deep (all with --deep), each pair, one split: 70 % of the source rows are learnt
from, 30 % are shown with their labels. Target labels measure the errors that are printed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from development_pairs import Development

from headstart.align import Head, Pair, methods
from headstart.align._evidence import Shown, density_ratio
from headstart.kind.classification import softmax, temperature


@dataclass(frozen=True)
class Measured:
    """All candidates of a pair, and what no one else sees: their accuracy on the target."""

    pair: Development
    shown: list[Shown]
    accuracy: np.ndarray


def fit_of(xs: Any, ys: np.ndarray, k: int):  # the plain head, its penalty fixed by the source rows
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    sizes = (0.3, 3.0, 30.0) if not isinstance(xs, np.ndarray) else (0.001, 0.01, 0.1, 1.0)
    best = max(sizes, key=lambda c: cross_val_score(LogisticRegression(C=c, max_iter=300), xs, ys, cv=3).mean())

    def fit(x: Any, y: np.ndarray, weight: np.ndarray | None) -> Head:
        if y.ndim == 2:  # probabilities: each row once a class
            keep = y.ravel() > 1e-6
            rows, classes = np.repeat(np.arange(len(y)), k)[keep], np.tile(np.arange(k), len(y))[keep]
            weight = y.ravel()[keep] * (1.0 if weight is None else np.repeat(weight, k)[keep])
            x, y = x[rows], classes
        model = LogisticRegression(C=best, max_iter=300).fit(x, y, sample_weight=weight)
        w, b = np.zeros((x.shape[1], k)), np.full(k, -30.0)
        if len(model.classes_) == 2:
            a, c = model.classes_
            w[:, c], b[a], b[c] = model.coef_[0], 0.0, model.intercept_[0]
        else:
            w[:, model.classes_], b[model.classes_] = model.coef_.T, model.intercept_
        return Head(w, b)

    return fit


def measured(pair: Development, deep: bool = False) -> Measured:
    """Each method on each representation."""
    k = int(max(pair.ys.max(), pair.yt.max())) + 1
    learnt = np.random.default_rng(1).random(len(pair.ys)) < 0.7
    shown, accuracy = [], []
    for key, (xs, xt) in pair.views.items():
        if isinstance(xs, np.ndarray):
            mean, spread = xs[learnt].mean(0), xs[learnt].std(0)
            scale = np.maximum(spread, 0.2 * spread.mean())
            xs, xt = (xs - mean) / scale, (xt - mean) / scale
        ys = pair.ys[learnt]
        given = Pair(xs[learnt], ys, xt, k, fit_of(xs[learnt], ys, k))
        valid, ratio = xs[~learnt], density_ratio(xs[~learnt], xt) if given.dense else None
        rows = (valid, xt) if given.dense else (None, None)
        for method in methods().values():
            if not method.takes(given) or (method.deep and not deep):
                continue
            steps = method.run(method.config(), given)
            try:
                while True:
                    next(steps)
            except StopIteration as end:
                head = end.value
            y, scores = pair.ys[~learnt], head(valid)
            even = temperature(scores, y)
            there = softmax(head(xt), even)
            shown.append(Shown(method.name, key, softmax(scores, even), y, there, *rows, ratio))
            accuracy.append(float((there.argmax(1) == pair.yt).mean()))
    return Measured(pair, shown, np.array(accuracy))
