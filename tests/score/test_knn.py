"""Nearest neighbours against scikit-learn, refitted without each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from any_score import drawn
from headstart.score import knn
from headstart.score._look import Look


def weights(distances):
    return np.exp((1 - np.asarray(distances, float)) / 0.07)


def without(look, i):
    rows, x = np.arange(len(look.y)) != i, look.x.astype(float)
    x = x - x.mean(0)
    return x[rows], look.y[rows], x[i : i + 1]


@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (15, 40, 2), (45, 45, 9)], ids=str)
def test_classes_are_scikit_learns(n, d, k):
    look, right = drawn(n=n, d=d, k=k, far=0.2), []
    for i in range(n):
        x, y, mine = without(look, i)
        model = KNeighborsClassifier(min(20, n - 1), weights=weights, metric="cosine").fit(x, y)
        right.append(model.predict(mine)[0] == look.y[i])
    assert 0 < np.mean(right) < 1
    assert knn.score(look) == pytest.approx(np.mean(right))


@pytest.mark.parametrize("kind", ["regression", "multilabel"])
@pytest.mark.parametrize(("n", "d"), [(60, 12), (15, 40)], ids=str)
def test_numbers_and_label_sets_are_scikit_learns(kind, n, d):
    look, said = drawn(kind, n, d, far=1.0), []
    for i in range(n):
        x, y, mine = without(look, i)
        said.append(KNeighborsRegressor(min(20, n - 1), weights=weights, metric="cosine").fit(x, y).predict(mine)[0])
    error = ((np.array(said) - look.y) ** 2).mean(0) / look.y.var(0)
    assert knn.score(look) == pytest.approx(-error.mean(), rel=1e-6)


def test_what_is_level_votes_together_and_counts_in_part():
    """Of four alike rows, two of each class, every one sees one of its own and two others: none is right."""
    flat = Look(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]), 2)
    assert knn.score(flat) == 0
    three = replace(flat, x=np.ones((6, 3), np.float32), y=np.array([0, 0, 1, 1, 2, 2]), k=3)
    assert knn.score(three) == 0
    pairs = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0], [0, 0.5], [0, -0.5]], np.float32)
    level = Look(pairs, np.array([0, 1, 0, 1, 0, 1]), 2)
    assert 0 <= knn.score(level) < 0.5


def test_of_more_than_twenty_alike_all_vote():
    rng = np.random.default_rng(0)
    at, y = rng.permutation(np.arange(75) % 3), rng.integers(0, 2, 75)
    look = Look(rng.normal(size=(3, 37)).astype(np.float32)[at], y, 2)
    said = knn.votes(look.directions, look.targets)
    for i in range(75):
        others = (at == at[i]) & (np.arange(75) != i)
        assert others.sum() == 24
        assert said[i, 1] == pytest.approx(y[others].mean())


def test_a_label_that_all_have_says_nothing():
    look = drawn("multilabel")
    assert knn.score(replace(look, y=np.column_stack([look.y, np.ones(60, int)]))) == pytest.approx(knn.score(look))


@pytest.mark.parametrize("n", [60, 24])
def test_groups_are_left_out_whole(n):
    """Of 24 in three groups fewer than twenty are left to vote."""
    groups, right = np.random.default_rng(3).permutation(np.arange(n) ** 2 // (n * n // 3 + 1)), []
    look = replace(drawn(n=n, far=0.2), groups=groups)
    x = look.x.astype(float) - look.x.mean(0, dtype=float)
    for i in range(n):
        rows = groups != groups[i]
        model = KNeighborsClassifier(min(20, rows.sum()), weights=weights, metric="cosine").fit(x[rows], look.y[rows])
        right.append(model.predict(x[i : i + 1])[0] == look.y[i])
    assert 0 < np.mean(right) < 1
    assert knn.score(look) == pytest.approx(np.mean(right))
