"""Errors of numbers against scikit-learn and scipy, and how predictions are told."""

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from headstart.kind import regression

RNG = np.random.default_rng(0)
Y = RNG.normal(3, 2, 50)
P = Y + RNG.normal(0, 1, 50)


def test_numbers_are_scikit_learns_and_scipys():
    found = regression.numbers(P, Y)
    assert found["mae"] == pytest.approx(mean_absolute_error(Y, P))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(Y, P))
    assert found["r2"] == pytest.approx(r2_score(Y, P))
    assert found["pearson"] == pytest.approx(pearsonr(Y, P).statistic)


def test_numbers_that_never_vary_have_no_correlation():
    assert regression.numbers([1.0, 1.0], [0.0, 2.0])["pearson"] == 0.0
    assert regression.numbers([1.0, 2.0], [2.0, 2.0])["r2"] == 0.0


def test_candidates_are_compared_by_squared_and_crowned_by_absolute_error():
    scores = P[:, None]
    mean, losses = regression.KIND.compared(scores, Y)
    np.testing.assert_allclose(losses, (P - Y) ** 2)
    np.testing.assert_allclose(regression.KIND.gains(scores, Y), -np.abs(P - Y))
    assert mean == pytest.approx(-mean_absolute_error(Y, P))
    told = regression.KIND.scores(regression.KIND.gains(scores, Y), losses)
    assert told["accuracy"] is told["log_loss"] is None
    assert told["scores"] == pytest.approx({"mae": mean_absolute_error(Y, P), "rmse": root_mean_squared_error(Y, P)})


def test_the_largest_errors_come_first():
    rows = regression.KIND.worst(np.array([[1.0], [5.0], [2.0]]), [1.0, 1.0, 4.5], ("score",), 2)
    assert [row["at"] for row in rows] == [1, 2]
    assert rows[0] == {"at": 1, "truth": "1", "predicted": "5", "probability": None}
