"""The bootstrap that serves every metric: whole groups, and whether the intervals keep their promise."""

import numpy as np
import pytest
from scipy.stats import norm

from by_metric import paired, single
from headstart.judge import bootstrap, interval
from headstart.judge.metric import accuracy, macro_f1, mae, micro_f1

ALIKE = 0.5  # correlation of what two examples of one group have of luck


def luck(groups, rng):
    """[n] standard normal, alike within groups."""
    own, common = rng.standard_normal(len(groups)), rng.standard_normal(groups.max() + 1)[groups]
    return np.sqrt(1 - ALIKE) * own + np.sqrt(ALIKE) * common


def members(many, each, rng=None):
    """Groups of `each` examples, or with a generator of so many on average."""
    return np.repeat(np.arange(many), each if rng is None else np.maximum(rng.geometric(1 / each, many), 1))


def right(groups, share, rng):
    return luck(groups, rng) < norm.ppf(share)


@pytest.mark.parametrize(("many", "each", "even"), [(12, 13, True), (30, 10, False), (20, 50, True)])
def test_with_groups_the_interval_holds_the_truth_as_often_as_it_says(many, each, even):
    rng, held, alone, repeats = np.random.default_rng(0), 0, 0, 300
    for seed in range(repeats):
        groups = members(many, each, None if even else rng)
        a, b = right(groups, 0.85, rng), right(groups, 0.8, rng)
        low, high = interval.paired(a, b, groups=groups, resamples=300, seed=seed)
        held += low <= 0.05 <= high
        low, high = interval.paired(a, b, resamples=300, seed=seed)
        alone += low <= 0.05 <= high
    assert 0.925 < held / repeats < 0.985  # 95 %, and two standard errors
    assert alone / repeats < 0.9  # as if each example stood alone


@pytest.mark.parametrize("metric", [accuracy, macro_f1, micro_f1, mae])
def test_one_model_alone_and_other_metrics_hold_it_too(metric):
    rng, held, both, repeats = np.random.default_rng(1), 0, 0, 150
    groups, shares = members(15, 8), (0.85, 0.75)

    def draw(groups):
        """Truth, and answers of two models, whose errors are alike within groups."""
        n = len(groups)
        if metric is mae:
            y = rng.standard_normal(n)
            return y, *(y + 1 - share + abs(luck(groups, rng)) * share for share in shares)
        wrong = [~right(groups, share, rng) for share in shares]
        if metric is micro_f1:
            y = rng.integers(0, 2, (n, 4))
            return y, *(np.where(w[:, None] & (rng.random((n, 4)) < 0.5), 1 - y, y) for w in wrong)
        y = rng.choice(3, n, p=(0.5, 0.3, 0.2))
        return y, *(np.where(w, (y + 1) % 3, y) for w in wrong)

    y, a, b = draw(members(20_000, 8))
    one, other = (float(bootstrap.values(metric, metric.sums(side, y, 4))[0]) for side in (a, b))
    for seed in range(repeats):
        y, a, b = draw(groups)
        low, high = single(metric, a, y, 4, groups=groups, resamples=200, seed=seed)
        held += low <= one <= high
        low, high = paired(metric, a, b, y, 4, groups=groups, resamples=200, seed=seed)
        both += low <= metric.BETTER * (one - other) <= high
    assert held / repeats > 0.89
    assert 0.91 < both / repeats


def test_groups_of_one_are_no_groups_but_for_the_widening_that_so_many_are_due():
    a, b = np.ones(200), np.arange(200) % 8 > 0
    given, none = interval.paired(a, b, groups=np.arange(200)), interval.paired(a, b)
    assert given == pytest.approx(none, abs=0.003)


def test_few_groups_that_all_agree_are_no_proof_of_no_difference():
    ones, groups = np.ones(150), members(10, 15)
    low, high = interval.paired(ones, ones, groups=groups)
    assert high - low > 3 * np.ptp(interval.paired(ones, ones))


def test_strata_are_kept_where_every_group_is_of_one_class_and_let_go_where_not():
    y = np.repeat([0, 1], [60, 30])
    answers = np.where(np.arange(90) % 10 < 8, y, 1 - y)
    side = macro_f1.sums(answers, y, 2)
    pure, mixed = np.arange(90) // 5, np.arange(90) % 18
    assert bootstrap._Units(pure, side.strata, np.zeros(90)).kept
    assert not bootstrap._Units(mixed, side.strata, np.zeros(90)).kept
    for groups in (pure, mixed):
        low, high = bootstrap.single(macro_f1, side, groups=groups)
        assert low < bootstrap.values(macro_f1, side)[0] < high


def test_more_examples_are_needed_where_groups_are_alike():
    rng = np.random.default_rng(3)
    groups = members(40, 10)
    a, b = right(groups, 0.9, rng), right(groups, 0.8, rng)
    sides = [accuracy.mean(np.asarray(side, float)[None]) for side in (a, b)]
    alone, together = bootstrap.needed(accuracy, *sides), bootstrap.needed(accuracy, *sides, groups=groups)
    assert together > 1.5 * alone


def test_seeds_that_vary_most_are_the_cure_and_not_more_examples():
    rng = np.random.default_rng(0)
    steady, unsteady = rng.random((3, 57)) < 0.8, rng.random((3, 57)) < np.array([[0.6], [0.75], [0.9]])
    sides = [accuracy.mean(x.astype(float)) for x in (np.ones((1, 57)), unsteady, steady)]
    assert bootstrap.needed(accuracy, sides[0], sides[1]) is None
    assert bootstrap.needed(accuracy, sides[0], sides[2]) < 200


@pytest.mark.parametrize("metric", [accuracy, macro_f1])
def test_what_each_example_adds_has_the_metric_as_its_mean(metric):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 80)
    side = metric.sums([np.where(rng.random(80) < 0.8, y, 0) for _ in range(2)], y, 5)
    np.testing.assert_allclose(bootstrap.influence(metric, side).mean(1), bootstrap.values(metric, side))
