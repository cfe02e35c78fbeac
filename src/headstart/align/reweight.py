"""Source rows count by how much they look like target rows: the density ratio, by a classifier of the domains.

The classifier is logistic, with both domains of equal weight, so that its odds are the ratio. A row's odds come from a
classifier that did not see it, are held between 1 / `most` and `most`, and are scaled to a mean of 1.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import Progress
from ._pair import Head, Pair
from ._rows import below

TITLE = "weights by a classifier of the domains"
PAPER = "Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate Shift"
NEEDS: frozenset[str] = frozenset()
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    c: float = 0.1  # of the classifier; smaller is a stronger penalty
    folds: int = 3
    most: float = 10.0  # a weight, before scaling


def cost(n: int, m: int, d: int, k: int) -> float:
    """Three classifiers of the domains, a head."""
    return 300.0 * (n + m) * d + 100.0 * n * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Weigh, fit."""
    ratios = density_ratio(config, pair)
    yield Progress(1, 1)
    weights = np.clip(ratios, 1 / config.most, config.most)
    return pair.fit(pair.xs, pair.ys, (weights / weights.mean()).astype(np.float32))


def density_ratio(config: Config, pair: Pair) -> NDArray[np.float64]:
    """Density of the target over that of the source at each source row [n]."""
    n, m = pair.xs.shape[0], pair.xt.shape[0]
    folds = min(config.folds, n, m)
    rows, target = below(pair.xs, pair.xt), np.repeat([0, 1], [n, m])
    order = np.random.default_rng(pair.seed)
    fold = np.concatenate([order.permutation(n) % folds, order.permutation(m) % folds])
    log_odds = np.empty(n)
    for at in range(folds):
        learns = fold != at if folds > 1 else np.ones(n + m, bool)  # a single row can not be left out
        asked = fold[:n] == at
        log_odds[asked] = _log_odds(config, rows[learns], target[learns], pair.xs[asked])
    return np.asarray(np.exp(np.clip(log_odds, -30, 30)))


def _log_odds(config: Config, rows: object, target: NDArray[np.int64], asked: object) -> NDArray[np.float64]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near the best is enough of a ratio that is bounded
        model = LogisticRegression(C=config.c, class_weight="balanced", max_iter=300, tol=1e-3).fit(rows, target)
    return np.asarray(model.decision_function(asked))
