"""Nearest prototype against scikit-learn's nearest centroid and discriminant analysis."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

import drawn_task
from headstart.transfer import prototype
from headstart.types import FitContext, Fitted, View


def fit(train, k, shrinkage):
    context = prototype.run(prototype.Config(shrinkage), FitContext(train, k, View("some")))
    next(context)
    with pytest.raises(StopIteration) as stop:
        next(context)
    return Fitted("prototype", View("some"), {}, tuple("abcde"[:k]), stop.value.value.state, 0, 0)


def root(x):
    return np.copysign(np.abs(x) ** 0.5, x)  # what heads on features see


def standard(train, x):
    return (root(x) - root(train.x).mean(0)) / root(train.x).std(0)


@pytest.mark.parametrize(("n", "d"), [(40, 12), (20, 60)], ids=str)
def test_full_shrinkage_is_the_nearest_centroid(n, d):
    train, new = (drawn_task.features(size, 4, seed, d, spread=4) for size, seed in ((n, 1), (200, 2)))
    scores = prototype.logits(fit(train, 4, 1.0), new.x)
    theirs = NearestCentroid().fit(standard(train, train.x), train.y)
    np.testing.assert_array_equal(scores.argmax(1), theirs.predict(standard(train, new.x)))


@pytest.mark.parametrize(("n", "d"), [(40, 12), (20, 60)], ids=str)
@pytest.mark.parametrize("shrinkage", [0.9, 0.5, 0.05])
def test_less_shrinkage_is_discriminant_analysis(n, d, shrinkage):
    """Equal classes: both pool the same covariance, ours over n − k, theirs over n; scores differ by that factor."""
    train, new = (drawn_task.features(size, 4, seed, d, spread=4) for size, seed in ((n, 1), (200, 2)))
    scores = prototype.logits(fit(train, 4, shrinkage), new.x)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[0.25] * 4)
    theirs.fit(standard(train, train.x), train.y)
    wanted = theirs.decision_function(standard(train, new.x)) * (n - 4) / n
    np.testing.assert_allclose(
        scores - scores.mean(1, keepdims=True), wanted - wanted.mean(1, keepdims=True), rtol=1e-3, atol=5e-3
    )


def test_one_example_a_class_is_the_nearest_example():
    train, new = drawn_task.features(5, 5, 1), drawn_task.features(60, 5, 2, spread=4)
    scores = prototype.logits(fit(train, 5, 0.2), new.x)
    near = ((standard(train, new.x)[:, None] - standard(train, train.x)) ** 2).sum(2).argmin(1)
    np.testing.assert_array_equal(scores.argmax(1), near)
