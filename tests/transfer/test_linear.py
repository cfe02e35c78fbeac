"""The linear heads against explicit refits and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from headstart.score._axes import decompose, one_hot, penalties
from headstart.transfer.heads.linear import axes, logistic, ridge_path, squared_hinge

SHAPES = [(25, 60, 3), (25, 8, 3), (24, 24, 2), (25, 60, 2), (13, 3, 3)]  # n, d, k: more and fewer features than rows


def draw(n: int, d: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    x = rng.normal(0, 1, (k, d))[y] + rng.normal(0, 1.5, (n, d))
    return x * rng.uniform(0.1, 5, d) + rng.normal(0, 3, d), y


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / x.std(0)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_the_axes_hold_all_of_the_data(n, d, k):
    x, _ = draw(n, d, k)
    a = decompose(x)
    assert len(a.power) == min(n - 1, d)
    assert (np.diff(a.power) <= 0).all()
    np.testing.assert_allclose(a.power, np.linalg.svd(standard(x), compute_uv=False)[: len(a.power)] ** 2, rtol=1e-8)
    np.testing.assert_allclose(a.z @ a.rotation.T, standard(x), atol=1e-8)
    np.testing.assert_allclose(a.rotation.T @ a.rotation, np.eye(len(a.power)), atol=1e-8)
    assert a.mean_square == pytest.approx((standard(x) ** 2).sum(1).mean())


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_unrotated_weights_read_the_original_units(n, d, k):
    x, _ = draw(n, d, k)
    a, rng = decompose(x), np.random.default_rng(1)
    w, b = rng.normal(size=(a.z.shape[1], k)), rng.normal(size=k)
    weight, bias = a.unrotate(w, b)
    assert weight.dtype == bias.dtype == np.float32
    np.testing.assert_allclose(x @ weight + bias, a.z @ w + b, atol=1e-4)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 300.0])
def test_leave_one_out_is_that_of_refitting_without_each_row(n, d, k, penalty):
    x, y = draw(n, d, k)
    a, z, targets = decompose(x), standard(x), one_hot(y, k)
    left_out = np.empty((n, k))
    for i in range(n):
        rest = np.arange(n) != i
        left_out[i] = Ridge(alpha=penalty, solver="svd").fit(z[rest], targets[rest]).predict(z[i : i + 1])
    errors, accuracies = ridge_path(a, y, k, np.array([penalty, 2 * penalty]))
    assert errors[0] == pytest.approx(((targets - left_out) ** 2).mean(), rel=1e-6)
    assert accuracies[0] == pytest.approx((left_out.argmax(1) == y).mean())


def softmax_loss(scores: np.ndarray, y: np.ndarray) -> float:
    return float((np.logaddexp.reduce(scores, 1) - scores[np.arange(len(y)), y]).sum())


@pytest.mark.parametrize(("n", "d", "k"), [s for s in SHAPES if s[2] > 2], ids=str)
@pytest.mark.parametrize("l2", [1e-2, 1.0, 100.0])
def test_logistic_is_scikit_learns(n, d, k, l2):
    x, y = draw(n, d, k)
    a, z = decompose(x), standard(x)
    w, b = logistic(a.z, y, k, l2)
    theirs = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=20_000).fit(z, y)
    ours = softmax_loss(a.z @ w + b, y) + l2 / 2 * (w**2).sum()
    best = softmax_loss(theirs.decision_function(z), y) + l2 / 2 * (theirs.coef_**2).sum()
    assert ours <= best * (1 + 1e-6) + 1e-6
    scores = a.z @ w + b
    probabilities = np.exp(scores - np.logaddexp.reduce(scores, 1)[:, None])
    np.testing.assert_allclose(probabilities, theirs.predict_proba(z), atol=2e-3)


def test_logistic_of_two_classes_is_the_binary_one_at_half_the_penalty():
    """Two columns ±w/2 cost l2/2 · ‖w‖²/2: the two-column head with l2 is the one-column head with l2/2."""
    x, y = draw(25, 8, 2)
    w, b = logistic(decompose(x).z, y, 2, 2.0)
    theirs = LogisticRegression(C=1 / 1.0, tol=1e-10, max_iter=20_000).fit(standard(x), y)
    scores = decompose(x).z @ w + b
    np.testing.assert_allclose(scores[:, 1] - scores[:, 0], theirs.decision_function(standard(x)), atol=1e-2)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
@pytest.mark.parametrize("c", [1e-3, 0.1, 10.0])
def test_squared_hinge_is_liblinears(n, d, k, c):
    x, y = draw(n, d, k)
    a, z, signs = decompose(x), standard(x), 2 * one_hot(y, k) - 1
    w, b = squared_hinge(a.z, y, k, c)

    def cost(scores: np.ndarray, norm: float) -> float:
        return 0.5 * norm + c * float((np.maximum(0, 1 - signs * scores) ** 2).sum())

    scores, norm = np.empty((n, k)), 0.0
    for j in range(k):
        # A large intercept_scaling leaves the intercept all but free, as ours is.
        one = LinearSVC(C=c, intercept_scaling=100, tol=1e-8, max_iter=200_000, dual=d > n).fit(z, signs[:, j])
        scores[:, j], norm = one.decision_function(z), norm + float((one.coef_**2).sum())
    ours = cost(a.z @ w + b, float((w**2).sum()))
    assert ours <= cost(scores, norm) * (1 + 1e-5) + 1e-9
    np.testing.assert_allclose(a.z @ w + b, scores, atol=0.02)


@pytest.mark.parametrize("head", [logistic, squared_hinge])
def test_more_features_than_rows_costs_nothing_in_exactness(head):
    """The head on the principal axes is the head on all d features."""
    x, y = draw(25, 60, 3)
    a, z = decompose(x), standard(x)
    w, b = head(a.z, y, 3, 0.5)
    wide, free = head(z, y, 3, 0.5)
    np.testing.assert_allclose(a.z @ w + b, z @ wide + free, atol=5e-3)
    np.testing.assert_allclose((w**2).sum(), (wide**2).sum(), rtol=1e-2)


@pytest.mark.parametrize("head", [logistic, squared_hinge])
@pytest.mark.parametrize("strength", [1e-6, 1e6])
def test_extreme_penalties_stay_finite(head, strength):
    x, y = draw(25, 60, 3)
    w, b = head(decompose(x).z, y, 3, strength)
    assert np.isfinite(w).all()
    assert np.isfinite(b).all()


def test_the_free_bias_learns_the_shares_of_the_classes():
    """With an all but infinite penalty only the bias is left: the log of the class shares."""
    y = np.array([0] * 15 + [1] * 5 + [2] * 5)
    x = np.random.default_rng(0).normal(size=(25, 4))
    _, b = logistic(decompose(x).z, y, 3, 1e9)
    np.testing.assert_allclose(np.exp(b) / np.exp(b).sum(), [0.6, 0.2, 0.2], atol=1e-4)


def test_the_logistic_gradient_vanishes_at_the_answer():
    x, y = draw(25, 8, 3)
    z, l2 = decompose(x).z, 1.0
    w, b = logistic(z, y, 3, l2)
    r, at = z.shape[1], np.concatenate([w.ravel(), b])

    def value(flat):
        real = flat[: 3 * r].reshape(r, 3)
        return softmax_loss(z @ real + flat[3 * r :], y) + l2 / 2 * float((real**2).sum())

    assert check_grad(value, lambda flat: np.zeros_like(flat), at) < 1e-2


@pytest.mark.parametrize("n", [6, 40])
def test_constant_features_change_nothing(n):
    x, y = draw(n, 10, 3)
    padded = np.concatenate([x, np.zeros((n, 2)), np.full((n, 2), 1e4), np.full((n, 1), 0.1)], 1)
    for head, strength in ((logistic, 1.0), (squared_hinge, 1.0)):
        plain, odd = decompose(x), decompose(padded)
        one = plain.unrotate(*head(plain.z, y, 3, strength))
        two = odd.unrotate(*head(odd.z, y, 3, strength))
        np.testing.assert_allclose(two[0][10:], 0, atol=1e-6)
        np.testing.assert_allclose(padded @ two[0] + two[1], x @ one[0] + one[1], atol=1e-2)


def test_no_feature_varying_at_all_is_no_crash():
    y = np.array([0, 0, 0, 1])
    a = decompose(np.full((4, 5), 3.0))
    assert a.z.shape == (4, 0)
    assert a.mean_square == 1
    errors, _ = ridge_path(a, y, 2, penalties(a))
    # Leaving a row out, what is foretold is the mean of the others.
    assert errors[0] == pytest.approx(np.mean([(1 / 3) ** 2] * 3 + [1.0]))
    weight, bias = a.unrotate(*logistic(a.z, y, 2, 1.0))
    assert not weight.any()
    assert np.exp(bias[0] - bias[1]) == pytest.approx(3, rel=1e-3)


def test_penalties_surround_the_power_of_the_axes():
    a = decompose(draw(25, 8, 3)[0])
    grid = penalties(a)
    assert len(grid) == 30
    assert (np.diff(np.log(grid)) > 0).all()
    assert grid[0] < a.power.min() < a.power.max() < grid[-1]


def test_too_few_rows():
    with pytest.raises(ValueError, match="needs two rows or more, got 1"):
        decompose(np.ones((1, 3)))


def test_axes_remembers_the_very_rows_alone():
    x, _ = draw(25, 8, 3)
    first = axes(x, root=True)
    assert axes(x, root=True) is first
    assert axes(x.copy(), root=True) is not first
    assert not np.allclose(axes(x, root=False).mean, axes(x, root=True).mean)
