"""GBC against the Bhattacharyya distance of two Gaussians with whole covariances."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from any_score import drawn
from headstart.score import gbc


def distance(one, two, covariance_one, covariance_two):
    middle = (covariance_one + covariance_two) / 2
    logs = [np.linalg.slogdet(c)[1] for c in (middle, covariance_one, covariance_two)]
    return (one - two) @ np.linalg.solve(middle, one - two) / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2


@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (20, 90, 2), (200, 100, 4), (31, 8, 5)], ids=str)
def test_it_is_the_explicit_formula(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.3)
    look.x[look.y == 1] *= 1.5  # so that variances differ
    x = look.x.astype(float)
    z = PCA(min(64, n - 1, d), svd_solver="full").fit_transform(x)
    groups = [z[look.y == c] for c in range(k)]
    squares = [((g - g.mean(0)) ** 2).mean(1).sum() for g in groups]
    shared = sum(squares) / (n - k)
    variance = [(s + shared) / (len(g) + 1) for s, g in zip(squares, groups, strict=True)]
    eye, expected = np.eye(z.shape[1]), 0.0
    for a in range(k):
        for b in set(range(k)) - {a}:
            apart = distance(groups[a].mean(0), groups[b].mean(0), variance[a] * eye, variance[b] * eye)
            expected -= np.exp(-apart)
    assert gbc.score(look) == pytest.approx(expected, rel=1e-6)


def test_round_gaussians_overlap_as_their_densities_do():
    """∫ √(p q) of two Gaussians in one dimension, by adding it up."""
    t = np.linspace(-40, 40, 400_001)
    p, q = (np.exp(-((t - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v) for m, v in ((0, 1), (1.5, 4)))
    expected = 2 * np.sqrt(p * q).sum() * (t[1] - t[0])
    assert gbc.overlap(np.array([[0.0], [1.5]]), np.array([1.0, 4.0]), 1) == pytest.approx(expected, rel=1e-6)


def test_classes_that_are_one_overlap_wholly():
    look = drawn(n=4000, d=3, k=3, far=0.0)
    assert gbc.score(look) == pytest.approx(-6, abs=0.01)
