"""LogME against the evidence as a normal density, maximised by brute force, and against the paper's fixed point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from any_score import drawn
from headstart.score import logme

SHAPES = [(40, 6, 3), (20, 50, 2), (24, 24, 3)]


def evidence(x, y, log_alpha, log_beta):
    """log N(y | 0, F Fᵀ / α + I / β)."""
    covariance = x @ x.T / np.exp(log_alpha) + np.eye(len(y)) / np.exp(log_beta)
    quadratic, log_volume = y @ np.linalg.solve(covariance, y), np.linalg.slogdet(covariance)[1]
    return float(-(quadratic + log_volume + len(y) * np.log(2 * np.pi)) / 2)


def by_brute_force(x, y):
    grid = [(a, b) for a in range(-8, 13, 2) for b in range(-4, 9, 2)]
    starts = sorted(grid, key=lambda at: -evidence(x, y, *at))[:2]
    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000}
    return max(
        -minimize(lambda at: -evidence(x, y, *at), start, method="Nelder-Mead", options=options).fun for start in starts
    )


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_of_classes_it_is_the_highest_evidence(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.5)
    x = look.x.astype(float)
    expected = np.mean([by_brute_force(x, (look.y == c).astype(float)) / n for c in range(k)])
    assert logme.score(look) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES[:2], ids=str)
def test_of_numbers_and_label_sets_too(n, d, k):
    look = drawn("regression", n, d, far=0.5)
    y = (look.y - look.y.mean()) / look.y.std()
    assert logme.score(look) == pytest.approx(by_brute_force(look.x.astype(float), y) / n, abs=1e-5)
    look = drawn("multilabel", n, d, k, far=0.5)
    expected = np.mean([by_brute_force(look.x.astype(float), c.astype(float)) / n for c in look.y.T])
    assert logme.score(look) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("n", "d", "k"), [(60, 6, 3), (200, 20, 2)], ids=str)
def test_the_papers_fixed_point_is_the_same_or_lower(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.5)
    x, found = look.x.astype(float), []
    for c in range(k):
        y, alpha, beta = (look.y == c).astype(float), 1.0, 1.0
        for _ in range(500):
            a = alpha * np.eye(d) + beta * x.T @ x
            m = beta * np.linalg.solve(a, x.T @ y)
            gamma = (beta * x.T @ x @ np.linalg.inv(a)).trace()
            alpha, beta = gamma / (m @ m), (n - gamma) / ((x @ m - y) ** 2).sum()
        found.append(evidence(x, y, np.log(alpha), np.log(beta)) / n)
    assert logme.score(look) >= np.mean(found) - 1e-9
    assert logme.score(look) == pytest.approx(np.mean(found), abs=1e-6)


def test_the_unit_of_numbers_is_of_no_matter():
    look = drawn("regression")
    assert logme.score(replace(look, y=1000 * look.y + 7)) == pytest.approx(logme.score(look), abs=1e-8)
