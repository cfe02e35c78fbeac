"""Labelled rows of several domains, drawn; and a logistic head to fit on them, written out for tests alone."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from headstart.align import Head
from headstart.align.unseen import Domains


class LogisticFit:
    """Weighted cross-entropy with ‖w‖² / 2, by L-BFGS; remembers what it was given."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.calls = []

    def __call__(self, x, y, weights):
        self.calls.append((x, y, weights))
        y = np.asarray(y)
        soft = y if y.ndim == 2 else np.eye(self.k)[y]
        share = np.ones(len(soft)) if weights is None else np.asarray(weights, float)
        d = x.shape[1]

        def objective(flat):
            w, b = flat[: d * self.k].reshape(d, self.k), flat[d * self.k :]
            scores = x @ w + b
            slope = (softmax(scores, axis=1) - soft) * share[:, None]
            value = -(soft * log_softmax(scores, axis=1)).sum(1) @ share + (w**2).sum() / 2
            return value, np.concatenate([(x.T @ slope + w).ravel(), slope.sum(0)])

        found = minimize(objective, np.zeros((d + 1) * self.k), jac=True, method="L-BFGS-B").x
        return Head(found[: d * self.k].reshape(d, self.k), found[d * self.k :])


def domains(n=40, d=5, k=3, g=3, seed=0, shift=0.5, absent=False, sparse=False) -> Domains:
    """n rows a domain around class means; each domain moves all of its rows by `shift` some way of its own.

    `absent`: the last domain lacks the last class. `sparse`: counts in a sparse matrix, many of them 0.
    """
    rng = np.random.default_rng(seed)
    ys, domain = np.tile(np.arange(n) % k, g), np.repeat(np.arange(g), n)
    if absent:
        ys[(domain == g - 1) & (ys == k - 1)] = 0
    x = 1.5 * rng.normal(size=(k, d))[ys] + shift * rng.normal(size=(g, d))[domain] + rng.normal(size=(n * g, d))
    if sparse:
        from scipy.sparse import csr_matrix

        x = csr_matrix(np.maximum(x - 0.5, 0).round(1))
    else:
        x = (x - x.mean(0)) / x.std(0)
    return Domains(x, ys, domain, k, LogisticFit(k), seed)
