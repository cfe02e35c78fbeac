"""Two domains drawn by chance, and the plain logistic head that a method to adapt is given."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from headstart.align import Head, Pair


def fit(k: int, c: float = 1.0):
    """What `Pair.fit` is: classes [n] or probabilities [n k], weights [n] or None → a head of k classes."""

    def fitted(x, y, weights=None) -> Head:
        weights = np.ones(x.shape[0]) if weights is None else np.asarray(weights, float)
        if y.ndim == 2:  # each row once for each class
            again = np.tile(np.arange(len(y)), k)
            x, weights, y = x[again], (y * weights[:, None]).T.ravel(), np.repeat(np.arange(k), len(y))
        counted = weights > 0
        x, y, weights = x[counted], y[counted], weights[counted]
        weight, bias = np.zeros((x.shape[1], k)), np.full(k, -30.0)
        present = np.unique(y)
        if len(present) == 1:
            bias[present] = 0
            return Head(weight, bias)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=c, max_iter=300, tol=1e-5).fit(x, y, weights)
        if len(present) == 2:
            weight[:, present] = np.concatenate([-model.coef_, model.coef_]).T / 2
            bias[present] = np.concatenate([-model.intercept_, model.intercept_]) / 2
        else:
            weight[:, present], bias[present] = model.coef_.T, model.intercept_
        return Head(weight, bias)

    return fitted


def pair(n=40, m=30, d=6, k=3, shift=0.5, seed=0, sparse_rows=False, **changed) -> Pair:
    """Gaussian classes; the target is turned a little, stretched and moved. Source rows are standardised."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, 2, (k, d))
    ys, yt = np.arange(n) % k, np.arange(m) % k
    xs, xt = centres[ys] + random.normal(size=(n, d)), centres[yt] + random.normal(size=(m, d))
    turn, _ = np.linalg.qr(np.eye(d) + 0.1 * shift * random.normal(size=(d, d)))
    xt = xt @ (turn * np.sign(np.diag(turn))) * (1 + 0.2 * shift) + shift
    mean, deviation = xs.mean(0), xs.std(0)
    xs, xt = (xs - mean) / deviation, (xt - mean) / deviation
    if sparse_rows:  # counts, as words have them
        xs, xt = (sparse.csr_matrix(np.maximum(np.round(x), 0)) for x in (xs, xt))
    given = {"xs": xs, "ys": ys, "xt": xt, "k": k, "fit": fit(k), "seed": seed}
    return Pair(**{**given, **changed})
