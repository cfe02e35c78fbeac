import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.read._split import SHARES, TEST, TRAIN, VALID, VALID_OF_TRAIN, assign

SHARED = settings(max_examples=80, deadline=None)
labels_of = st.lists(st.integers(0, 4), min_size=2, max_size=120).map(lambda y: np.unique(y, return_inverse=True)[1])


def keys(n):
    return [f"digest{i}" for i in range(n)]


@SHARED
@given(labels_of, st.integers(0, 99))
def test_every_class_is_in_train_and_from_three_pictures_on_everywhere(y, seed):
    split = assign(y, keys(len(y)), seed=seed)
    for k in np.unique(y):
        n = [int((split[y == k] == s).sum()) for s in (TRAIN, VALID, TEST)]
        assert n[TRAIN] >= 1
        if sum(n) >= 3:
            assert min(n) >= 1
        if sum(n) >= 10:
            np.testing.assert_allclose(n, np.array(SHARES) * sum(n), atol=1.01)


@SHARED
@given(labels_of, st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(y, seed, random):
    names, shuffled = keys(len(y)), list(range(len(y)))
    random.shuffle(shuffled)
    groups = np.array([i // 3 for i in range(len(y))])
    one = assign(y, names, groups, seed=seed)
    two = assign(y[shuffled], [names[i] for i in shuffled], groups[shuffled] * 7 % 1009, seed=seed)
    np.testing.assert_array_equal(one[shuffled], two)


@SHARED
@given(labels_of, st.integers(1, 40), st.integers(0, 99))
def test_groups_never_straddle_and_train_has_every_class(y, n_groups, seed):
    groups = np.random.default_rng(seed).integers(0, n_groups, len(y))
    split = assign(y, keys(len(y)), groups, seed=seed)
    for g in np.unique(groups):
        assert len(np.unique(split[groups == g])) == 1
    assert set(y[split == TRAIN]) == set(y)


@SHARED
@given(labels_of, st.integers(0, 99))
def test_groups_of_one_class_leave_each_split_a_picture_where_there_are_three(y, seed):
    groups = y * 1000 + np.random.default_rng(seed).integers(0, 6, len(y))
    split = assign(y, keys(len(y)), groups, seed=seed)
    for k in np.unique(y):
        if len(np.unique(groups[y == k])) >= 3:
            assert set(split[y == k]) == {TRAIN, VALID, TEST}


@SHARED
@given(labels_of, st.integers(0, 99))
def test_validation_out_of_train_leaves_the_test_empty(y, seed):
    split = assign(y, keys(len(y)), seed=seed, shares=VALID_OF_TRAIN)
    assert not (split == TEST).any()
    assert set(y[split == TRAIN]) == set(y)


def test_groups_are_balanced_by_class():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), rng.integers(2, 9, 100))
    y = (groups % 4).astype(int)
    split = assign(y, keys(len(y)), groups)
    for k in range(4):
        shares = [float((split[y == k] == s).mean()) for s in range(3)]
        assert shares == pytest.approx(SHARES, abs=0.06)


def test_seeds_differ_and_one_more_picture_moves_few_others():
    y = np.arange(200) % 2
    one, two = assign(y, keys(200), seed=0), assign(y, keys(200), seed=1)
    assert 0.3 < (one != two).mean() < 0.8
    more = assign(np.append(y, 0), [*keys(200), "new"], seed=0)
    assert (more[:200] != one).sum() <= 4


def test_nothing_gives_nothing():
    assert len(assign(np.empty(0, np.int64), [])) == 0
