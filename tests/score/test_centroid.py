"""Nearest class mean against scikit-learn, refitted without each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from any_score import drawn
from headstart.score import centroid
from headstart.score._look import Look


@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (15, 40, 2), (45, 45, 9)], ids=str)
def test_it_is_scikit_learns(n, d, k):
    look, right = drawn(n=n, d=d, k=k, far=0.2), []
    z = look.x.astype(float) - look.x.mean(0, dtype=float)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    for i in range(n):
        rows = np.arange(n) != i
        right.append(NearestCentroid().fit(z[rows], look.y[rows]).predict(z[i : i + 1])[0] == look.y[i])
    assert 0 < np.mean(right) < 1
    assert centroid.score(look) == pytest.approx(np.mean(right))


def test_the_own_mean_is_the_others():
    look = drawn(n=20, d=6, k=2)
    z, found = look.directions, centroid.distances(look)
    for i in range(20):
        others = (look.y == look.y[i]) & (np.arange(20) != i)
        assert found[i, look.y[i]] == pytest.approx(((z[i] - z[others].mean(0)) ** 2).sum(), rel=1e-9)


def test_a_class_of_one_is_never_found():
    x = np.array([[9, 0], [0, 1], [0, 2], [0, -1], [0, -2]], np.float32)
    look = Look(x, np.array([0, 1, 1, 2, 2]), 3)
    assert centroid.distances(look)[0, 0] > 1e300
    assert centroid.score(look) <= 0.8


def test_groups_are_left_out_whole_of_every_mean():
    """One group holds all of a class, others hold several classes."""
    groups = np.random.default_rng(3).permutation(np.arange(30) // 4)
    look = drawn(n=30, d=6, k=3, far=0.2)
    y = np.where(groups == 2, 3, look.y)
    look = replace(look, y=y, k=4, groups=groups)
    z, found = look.directions, centroid.distances(look)
    for i in range(30):
        for label in range(4):
            others = (y == label) & (groups != groups[i])
            if others.any():
                assert found[i, label] == pytest.approx(((z[i] - z[others].mean(0)) ** 2).sum(), rel=1e-9)
            else:
                assert found[i, label] == np.inf
