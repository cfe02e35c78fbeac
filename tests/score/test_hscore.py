"""Regularised H-score with scikit-learn's Ledoit-Wolf covariance and a written-out inverse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from any_score import drawn
from headstart.score import hscore

SHAPES = [(60, 12, 3), (15, 40, 2), (45, 45, 9)]


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_it_is_the_trace_of_explicit_covariances(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.7)
    x = look.x.astype(float)
    shrunk, alpha = ledoit_wolf(x)
    means = np.stack([x[look.y == c].mean(0) for c in look.y]) - x.mean(0)
    expected = np.trace(np.linalg.pinv(shrunk) @ ((1 - alpha) * means.T @ means / n))
    assert 0 < alpha < 1
    assert hscore.score(look) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_the_shrinkage_is_scikit_learns(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.7)
    axes = look.spectrum
    assert hscore.shrinkage((axes.z**2).sum(1), axes.power, d) == pytest.approx(ledoit_wolf(look.x.astype(float))[1])


def test_of_many_examples_it_is_the_plain_h_score():
    look = drawn(n=20_000, d=5, k=3, far=0.7)
    x = look.x.astype(float)
    means = np.stack([x[look.y == c].mean(0) for c in range(3)])[look.y] - x.mean(0)
    plain = np.trace(np.linalg.pinv(np.cov(x.T, ddof=0)) @ (means.T @ means / len(x)))
    assert hscore.score(look) == pytest.approx(plain, rel=5e-3)


def test_with_more_features_than_rows_the_plain_one_cannot_tell_and_this_one_can():
    look = drawn(n=20, d=60, k=2, far=2.0)
    rng = np.random.default_rng(0)
    x = look.x.astype(float)
    plain, ours = [], []
    for y in (look.y, rng.permutation(look.y)):
        means = np.stack([x[y == c].mean(0) for c in range(2)])[y] - x.mean(0)
        plain.append(np.trace(np.linalg.pinv(np.cov(x.T, ddof=0)) @ (means.T @ means / len(x))))
        ours.append(hscore.score(replace(look, y=y)))
    assert plain == pytest.approx([1, 1])
    assert ours[0] > ours[1] + 0.05
