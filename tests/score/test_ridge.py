"""Left-out answers against refits without each row or group, and the losses against kind/'s own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from any_score import KINDS, drawn
from headstart.errors import UsageError
from headstart.kind import classification, multilabel, regression
from headstart.score import ridge
from headstart.score._axes import penalties, spectrum, standardise
from headstart.score._ridge import GRID, out_of_sample

SHAPES = [(30, 8, 3), (30, 70, 3), (24, 24, 2)]


def groupings(n: int) -> list:
    """Of two, of different sizes in no order, and two halves."""
    rng = np.random.default_rng(3)
    return [None, np.arange(n) // 2, rng.permutation(np.arange(n) ** 2 // 90), np.arange(n) % 2, 7 * np.arange(n)]


def refitted(look, targets, groups):
    """The answers of refits without each group, at the penalty whose squares are least."""
    root = np.sign(look.x) * np.sqrt(np.abs(look.x.astype(float)))
    z = (root - root.mean(0)) / root.std(0)
    best, least = None, np.inf
    for penalty in penalties(spectrum(z)[0], GRID):
        guess = np.empty_like(targets)
        for group in np.unique(groups):
            out = groups == group
            x, mean = z[~out] - z[~out].mean(0), targets[~out].mean(0)
            w = np.linalg.solve(x.T @ x + penalty * np.eye(z.shape[1]), x.T @ (targets[~out] - mean))
            guess[out] = (z[out] - z[~out].mean(0)) @ w + mean
        if ((targets - guess) ** 2).sum() < least:
            best, least = guess, ((targets - guess) ** 2).sum()
    return best


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
@pytest.mark.parametrize("at", range(5))
def test_it_is_that_of_refitting_without_each_group(kind, n, d, k, at):
    look, groups = drawn(kind, n, d, k, far=0.7), groupings(n)[at]
    targets = np.eye(k)[look.y] if kind == "classification" else look.y.reshape(n, -1).astype(float)
    guess = refitted(look, targets, np.arange(n) if groups is None else groups)
    losses, right = out_of_sample(look.x, look.y, k, kind, groups)
    assert losses.shape == right.shape == (n,)
    assert 0 < losses.std()
    if kind == "classification":
        np.testing.assert_allclose(losses, classification.KIND.compared(guess, look.y)[1], rtol=1e-4, atol=1e-8)
        np.testing.assert_array_equal(right, guess.argmax(1) == look.y)
    elif kind == "multilabel":
        np.testing.assert_allclose(losses, multilabel.KIND.compared(guess - 0.5, look.y)[1], rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(right, multilabel.KIND.gains(guess - 0.5, look.y))
    else:
        np.testing.assert_allclose(losses, (guess[:, 0] - look.y) ** 2, rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(right, regression.KIND.gains(guess, look.y), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_minus_the_mean_loss(kind):
    look = drawn(kind, far=0.7)
    losses, _ = out_of_sample(look.x, look.y, look.k, kind)
    assert ridge.score(look) == pytest.approx(-losses.mean() / (look.y.var() if kind == "regression" else 1))


def test_groups_that_share_a_secret_are_told_by_leaving_them_out_together():
    """Rows come twice, under labels that are drawn: alone each is known from its twin, together not."""
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(40, 100)), 2, axis=0).astype(np.float32)
    y, groups = np.repeat(rng.permutation(np.arange(40) % 2), 2), np.repeat(np.arange(40), 2)
    alone, whole = (out_of_sample(x, y, 2, groups=g)[1].mean() for g in (None, groups))
    assert alone == 1
    assert whole < 0.75


def test_what_is_level_counts_in_part():
    """Features that say nothing: each of three classes is as likely, whether an example or a group is left out."""
    look = drawn(n=30, k=3)
    for groups in (None, look.y.argsort(kind="stable").argsort() % 10):
        _, right = out_of_sample(np.ones_like(look.x), look.y, 3, groups=groups)
        np.testing.assert_allclose(right, 1 / 3)


def test_classes_need_not_be_the_first_numbers():
    look = drawn(far=0.7)
    plain, gaps = (out_of_sample(look.x, y, k) for y, k in ((look.y, 3), (np.array([2, 5, 11])[look.y], 12)))
    for one, two in zip(plain, gaps, strict=True):
        np.testing.assert_array_equal(one, two)


def test_features_in_axes_are_the_standardised_ones():
    x = drawn(n=20, d=30).x
    centred, _, _ = standardise(x, each=True)
    found, _ = spectrum(centred)
    np.testing.assert_allclose(found.z @ found.z.T, centred @ centred.T, atol=1e-8)


def test_what_cannot_be_compared():
    look = drawn()
    with pytest.raises(UsageError, match="60 examples of 1 classes were given"):
        out_of_sample(look.x, np.zeros(60, int), 3)
    with pytest.raises(UsageError, match="60 rows in 1 groups were given for 60 examples"):
        out_of_sample(look.x, look.y, 3, groups=np.zeros(60, int))
    with pytest.raises(UsageError, match="59 rows in 59 groups were given for 60 examples"):
        out_of_sample(look.x, look.y, 3, groups=np.arange(59))
    with pytest.raises(UsageError, match="There is no kind of task 'clasification'"):
        replace(look, kind="clasification")


def test_what_knows_nothing_is_level_with_guessing_and_with_all_else_that_knows_nothing():
    """Labels without a link to the features: a row left out would get the mean of the others, its own class's less."""
    y = np.arange(128) % 2
    found = [out_of_sample(np.random.default_rng(seed).normal(size=(128, 40)), y, 2) for seed in range(12)]
    losses = np.array([losses for losses, _ in found])
    right = np.array([right.mean() for _, right in found])
    assert right.min() > 0.3, "not surely wrong"
    level = np.isclose(right, 0.5)
    assert level.sum() >= 4
    np.testing.assert_allclose(losses[level], np.log(2), atol=1e-3)
