"""Two domains as one representation shows them: rows to align, the head that fits such rows, and how it is saved.

A representation is what a saved model can stand on: the top features of a source (read by `transfer/probe.py` or
`mlp.py`), or TF-IDF of texts (`transfer/baseline/tfidf_linear.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...align import Head, Method, Model, Pair
from ...align._pair import Fit
from ...align._rows import below, drawn
from ...score._axes import FLOOR, decompose, penalties
from ...transfer.baseline import tfidf_linear as tfidf
from ...transfer.heads.linear import logistic, ridge_path
from ...transfer.probe import Config as Probe
from ...types import FloatArray, IntArray, View

TFIDF = "TF-IDF"
# Of the mean deviation, what each column's counts at least: one that is constant among the source rows alone would lie
# hundreds of thousands of deviations off in the target.
LEAST = 0.2
USED = 4000  # rows of either domain that methods see, at most; predictions are of all


@dataclass(frozen=True)
class Representation:
    """Rows of the labelled source examples and the unlabelled target ones, as one view shows them."""

    name: str  # a source's key, or TF-IDF
    view: View
    config: Mapping[str, Any]  # of the strategy that reads a linear head on it
    train: Any  # [n d]
    valid: Any  # [v d]
    target: Any  # [m d]
    fit: Fit
    state: Callable[[Model], Mapping[str, NDArray[Any]]]  # what a saved model of it holds
    copies: Any = None  # [n + v d], changed copies of the training and validation examples; or there are none
    notes: Mapping[str, Any] = field(default_factory=dict)  # of how it came about, for a report

    @property
    def dense(self) -> bool:
        """Whether the rows are arrays."""
        return isinstance(self.train, np.ndarray)

    def takes(self, way: Method) -> bool:
        """Whether a method can work on it, and what comes of that be saved: networks stand on sources alone."""
        return (self.dense or "dense" not in way.needs) and (self.view.source is not None or not way.deep)

    def pair(self, y: IntArray, k: int, seed: int) -> Pair:
        """What methods see when they are compared: training rows against target rows, of many a draw.

        Args:
            y: classes of the training rows.
            k: classes.
            seed: of the draw and of the methods.
        """
        mine, theirs = drawn(self.train.shape[0], USED, seed), drawn(self.target.shape[0], USED, seed + 1)
        xs, ys = self.train[mine], y[mine]
        if self.copies is not None:
            xs, ys = below(xs, self.copies[mine]), np.tile(ys, 2)
        return Pair(xs, ys, self.target[theirs], k, self.fit, seed)

    def whole(self, y: IntArray, y_valid: IntArray, k: int, seed: int) -> Pair:
        """The same with the validation rows among those that are learnt from."""
        return replace(self, train=below(self.train, self.valid)).pair(np.concatenate([y, y_valid]), k, seed)


def dense(
    name: str,
    view: View,
    rows: Sequence[FloatArray],
    y: IntArray,
    k: int,
    setting: Mapping[str, Any],
    strategy: str = "probe",
) -> Representation:
    """Features of few columns: of a source, or made by hand.

    Args:
        name: what people call it.
        view: what is looked at.
        rows: of training, validation and target examples, [n d] each, as `strategy` reads them; and of copies, if any.
        y: classes of the training ones: the penalty is the one that suits them, whatever rows are fitted later on.
        k: classes.
        setting: of the strategy; of a probe its `share`.
        strategy: reads the head when it was saved.
    """
    train = np.asarray(rows[0], np.float64)
    spread = train.std(0)
    mean, scale = train.mean(0), np.maximum(spread, max(LEAST * float(spread.mean()), FLOOR))
    train, valid, target, *copies = ((np.asarray(x, np.float64) - mean) / scale for x in rows)
    own = decompose(train, each=False)  # in one unit: what a method's axes weigh is not undone
    grid = penalties(own)
    penalty = setting.get("share", Probe().share) * float(grid[ridge_path(own, y, k, grid)[0].argmin()])

    def fit(x: Any, y: NDArray[Any], weight: FloatArray | None) -> Head:  # noqa: ANN401 - rows
        a = decompose(x, each=False)
        given = None if weight is None else np.asarray(weight, np.float64)
        w, b = a.unrotate(*logistic(a.z, y, k, penalty, weight=given))
        return Head(np.asarray(w, np.float64), np.asarray(b, np.float64), strategy)

    return Representation(
        name, view, setting, train, valid, target, fit, lambda model: model.behind(mean, scale), *copies
    )


def words(view: View, texts: Sequence[NDArray[Any]], y: IntArray, k: int, features: str, c: float) -> Representation:
    """TF-IDF, its vocabulary from the source's training texts.

    Args:
        view: texts as they are.
        texts: of training, validation and target, [n] each.
        y: classes of the training texts.
        k: classes.
        features: of `tfidf_linear.FEATURES`.
        c: inverse penalty.
    """
    known = tfidf.fit(texts[0], y, k, features, c, "softmax")
    train, valid, target = (tfidf.rows(x, known, features) for x in texts)

    def fit(x: Any, y: NDArray[Any], weight: FloatArray | None) -> Head:  # noqa: ANN401 - rows
        if y.ndim == 2:  # each row once for every class it may have
            at, classes = np.nonzero(y > 1e-3)
            counts = y[at, classes] * (1.0 if weight is None else np.asarray(weight)[at])
            w, b = tfidf.logistic(x[at], classes, k, c, counts)
        else:
            w, b = tfidf.logistic(x, y, k, c, weight)
        return Head(np.asarray(w, np.float64), np.asarray(b, np.float64), "classical")

    def state(model: Model) -> Mapping[str, NDArray[Any]]:
        return {**known, **model.behind(np.zeros(train.shape[1]), np.ones(train.shape[1]))}

    setting = {"features": features, "c": c}
    return Representation(TFIDF, view, setting, train, valid, target, fit, state)
