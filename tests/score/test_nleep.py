"""NLEEP against scikit-learn's mixture from the same start, on scikit-learn's principal axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from any_score import drawn, taken
from headstart.score import nleep
from headstart.score._leep import expected_log


def theirs(z, centres):
    """scikit-learn's probability of each component, steps and end as ours."""
    flat = np.ones_like(centres)
    model = GaussianMixture(
        len(centres), covariance_type="diag", means_init=centres, precisions_init=flat,
        weights_init=flat[:, 0] / len(centres), reg_covar=nleep.FLOOR, tol=nleep.GAIN, max_iter=nleep.STEPS,
    )  # fmt: skip
    return model.fit(z).predict_proba(z)


@pytest.mark.parametrize(("n", "d", "k"), [(150, 8, 3), (60, 90, 2), (40, 20, 10)], ids=str)
def test_it_is_scikit_learns_mixture_on_its_principal_axes(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.7)
    z = PCA(0.8, svd_solver="full").fit_transform(look.x.astype(float)[look.order])
    z /= np.sqrt((z**2).mean())
    centres = nleep.start(z, max(k, min(5 * k, n // 5)), seed=0)
    codes = look.y[look.order]
    assert nleep.score(look) == pytest.approx(expected_log(theirs(z, centres), codes), abs=1e-6)


@pytest.mark.parametrize(("n", "size"), [(200, 4), (50, 12)])
def test_the_mixture_is_scikit_learns(n, size):
    z = np.random.default_rng(0).normal(size=(n, 5)) * [3, 2, 1, 0.5, 0.1]
    centres = nleep.start(z, size, 0)
    assert len(centres) == size
    np.testing.assert_allclose(nleep.mixture(z, centres), theirs(z, centres), atol=1e-7)


def test_rows_in_another_order_have_the_same_start_to_the_last_bit():
    look = drawn(n=100, d=30, far=0.3)
    there = taken(look, np.random.default_rng(2).permutation(100))
    assert nleep.score(there) == nleep.score(look)


def test_a_seed_matters():
    look = drawn(n=100, d=30, far=0.3)
    assert len({nleep.score(replace(look, seed=seed)) for seed in range(3)}) > 1


def test_rows_that_are_alike_need_no_second_centre():
    assert len(nleep.start(np.repeat([[0.0, 0.0], [3.0, 1.0]], 10, axis=0), 6, 0)) == 2
