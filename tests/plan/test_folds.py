"""Folds: groups whole, classes spread, and training never without a class."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.plan._folds import FOLDS, folds


@pytest.mark.parametrize("seed", range(4))
def test_every_picture_is_held_out_once_classes_evenly(seed):
    y = np.repeat([0, 1, 2], [20, 11, 5])
    drawn = folds(y, np.arange(len(y)), seed)
    assert set(drawn) == set(range(FOLDS))
    for label in range(3):
        counts = np.bincount(drawn[y == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1


def test_the_seed_draws_them():
    y = np.repeat([0, 1], 20)
    one, again, two = (folds(y, np.arange(40), seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)


def test_groups_stay_whole():
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 3, 60), rng.integers(0, 25, 60)
    drawn = folds(y, groups)
    for group in set(groups.tolist()):
        assert len(set(drawn[groups == group].tolist())) == 1 or -1 in drawn[groups == group]


@pytest.mark.parametrize("seed", range(6))
def test_training_never_lacks_a_class(seed):
    """Classes of one picture, of one group, and of two."""
    y = np.array([0] * 12 + [1] + [2, 2] + [3, 3] + [4, 4, 4])
    groups = np.array([*range(12), 12, 13, 13, 14, 15, 16, 16, 17])
    drawn = folds(y, groups, seed)
    assert (drawn[y == 1] == -1).all()
    assert (drawn[y == 2] == -1).all()
    assert (drawn[np.isin(y, [0, 3, 4])] >= 0).all()
    for fold in range(FOLDS):
        assert set(y[drawn == fold]) <= set(y[drawn != fold])
