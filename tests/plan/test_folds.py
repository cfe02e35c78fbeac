"""Folds: groups whole, classes spread, and training never without a class."""

from __future__ import annotations

import time

import numpy as np
import pytest

from headstart.plan._folds import FEW, FOLDS, PLENTY, QUICK, folds, of_task, units, worth
from headstart.types import Example, Sealed, Task


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
        assert len(set(drawn[groups == group].tolist())) == 1


def test_a_group_stays_whole_where_a_class_of_it_can_not_be_held_out():
    drawn = folds([0, 0, 0, 1, *[1] * 10], [0, 0, 0, 0, *range(1, 11)])
    assert drawn[:4].tolist() == [-1] * 4
    assert (drawn[4:] >= 0).all()


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


def task(train: list[tuple[int, str | None]], valid: list[tuple[int, str | None]]) -> Task:
    """Pictures as (label, group)."""
    both = [
        tuple(Example(f"/{i}", str(i), answer=label, group=group) for i, (label, group) in enumerate(p))
        for p in (train, valid)
    ]
    return Task("drawn", ("a", "b"), *both, Sealed((Example("/t", "t", answer=0),)))


def test_of_a_task_named_groups_stay_whole_and_the_others_stand_alone():
    train = [(i % 2, "pair" if i < 2 else None) for i in range(30)]
    drawn = of_task(task(train, [(0, None), (1, None)] * 3))
    assert len(drawn) == 36
    assert drawn[0] == drawn[1]
    assert len(set(drawn[2:].tolist())) == FOLDS


def test_with_plenty_of_validation_there_are_none():
    labelled = [(i % 2, None) for i in range(PLENTY)]
    assert of_task(task(labelled, labelled)) is None
    assert of_task(task(labelled, labelled[1:])) is not None


def test_where_a_validation_picture_could_not_be_held_out_there_are_none():
    """Class b is one group, given for training and validation by the user."""
    train = [(0, None)] * 6 + [(1, "only")]
    assert of_task(task(train, [(0, None), (1, "only")])) is None


def test_folds_of_label_sets_share_out_every_label_and_keep_groups_whole():
    rng = np.random.default_rng(0)
    y, groups = (rng.random((200, 4)) < [0.5, 0.3, 0.1, 0.05]).astype(int), rng.integers(0, 120, 200)
    found = folds(y, groups)
    assert set(found) == set(range(5))
    assert all(len(set(found[groups == g])) == 1 for g in groups)
    for fold in range(5):
        np.testing.assert_allclose(y[found == fold].sum(0), y.sum(0) / 5, atol=2)
        assert y[found != fold].any(0).all(), "the training part of every fold holds every label"


def test_a_label_that_one_group_alone_has_is_never_held_out():
    y = np.array([[1, 0], [0, 1]] * 10 + [[0, 0]] * 5)
    y = np.column_stack([y, [1, 1] + [0] * 23])
    found = folds(y, [0, 0, *range(1, 24)])
    assert found[:2].tolist() == [-1, -1]
    assert (found[2:] >= 0).all()


def test_folds_of_a_long_candidate_are_trained_where_they_are_few_quick_and_leave_time_for_others():
    ends = time.monotonic() + 300
    assert worth(FEW, QUICK, 1e6, None), "without a budget its CPU time decides, on a busy machine too"
    assert worth(50, 5.0, 10.0, ends)
    assert not worth(FEW + 1, 5.0, 10.0, None)
    assert not worth(50, QUICK + 1, 10.0, None)
    assert not worth(50, 5.0, 21.0, ends), "five times that is more than a third of the time"


def test_without_groups_each_stands_alone():
    some = [Example(f"{i}", f"{i:064x}") for i in range(3)]
    assert units(some) is None
    assert units([some[0], *(Example(e.path, e.digest, group="g") for e in some[1:])]).tolist() == [0, 1, 1]
