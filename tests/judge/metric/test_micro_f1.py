"""Micro-F1 (and macro-F1 of label sets): against scikit-learn, against a slow bootstrap, and against its promise."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from headstart.judge.metric import macro_f1, micro_f1

K, SHARES = 5, np.array([0.5, 0.3, 0.3, 0.15, 0.08])
METRICS = pytest.mark.parametrize(("metric", "average"), [(micro_f1, "micro"), (macro_f1, "macro")])


def draw(n, *errors, seed=0):
    """True label sets [n k], and for each error rate answers [n k]; some examples are harder for all."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n, K)) < SHARES).astype(np.int64)
    hard = rng.choice([0.4, 2.0], (n, 1), p=[0.625, 0.375])
    return y, *(np.where(rng.random((n, K)) < e * hard, 1 - y, y) for e in errors)


@METRICS
def test_values_are_scikit_learns(metric, average):
    y, a, b = draw(90, 0.1, 0.2)
    wanted = [f1_score(y, side, average=average, zero_division=0) for side in (a, b)]
    assert metric.values([a, b], y, K) == pytest.approx(wanted)
    nothing = np.zeros_like(y)
    assert metric.values(nothing, nothing, K).tolist() == [0.0]


@METRICS
def test_counts_of_the_sample_itself_give_the_value_itself(metric, average, monkeypatch):
    """Were each resample the sample, every drawn F1 would be scikit-learn's."""

    class Same:
        def multinomial(self, n, shares, size):
            return np.tile(np.rint(shares * (n - 2)).astype(int), (size, 1))

    monkeypatch.setattr(micro_f1, "PSEUDO", 0.0)
    y, *models = draw(60, 0.1, 0.2, 0.15)
    sides = [micro_f1._counted(np.array(m), y, average == "macro") for m in (models[:1], models[1:])]
    wanted = [np.mean([f1_score(y, m, average=average) for m in side]) for side in (models[:1], models[1:])]
    np.testing.assert_allclose(micro_f1._drawn(sides, 3, Same()), np.tile(wanted, (3, 1)))


@METRICS
def test_the_bootstrap_is_the_slow_one_but_for_the_labels_that_are_added(metric, average):
    y, a, b = draw(150, 0.1, 0.15)
    rng, gaps = np.random.default_rng(3), []
    for _ in range(1000):
        pick = rng.integers(0, len(y), len(y))
        gaps.append(np.subtract(*(f1_score(y[pick], s[pick], average=average, zero_division=0) for s in (a, b))))
    assert metric.paired(a, b, y, K) == pytest.approx(np.quantile(gaps, [0.025, 0.975]), abs=0.012)


@METRICS
@pytest.mark.parametrize(("n", "first", "second"), [(40, 0.05, 0.08), (120, 0.1, 0.12), (400, 0.01, 0.012)])
def test_the_interval_holds_the_truth_as_often_as_it_says(metric, average, n, first, second):
    y, a, b = draw(200_000, first, second, seed=9)
    truth = float(metric.values(a, y, K)[0] - metric.values(b, y, K)[0])
    held = 0
    for seed in range(300):
        y, a, b = draw(n, first, second, seed=seed)
        low, high = metric.paired(a, b, y, K, resamples=600, seed=seed)
        held += low <= truth <= high
    assert held / 300 > 0.92


def test_a_label_that_the_test_lacks_only_makes_the_mean_smaller():
    y, a, b = draw(200, 0.1, 0.15)
    none = np.zeros((200, 3), np.int64)
    wide = [np.hstack([side, none]) for side in (a, b, y)]
    assert np.array(macro_f1.paired(*wide, K + 3)) == pytest.approx(
        np.array(macro_f1.paired(a, b, y, K)) * 5 / 8, abs=0.002
    )
    assert np.array(macro_f1.single(wide[0], wide[2], K + 3)) == pytest.approx(
        np.array(macro_f1.single(a, y, K)) * 5 / 8, abs=0.002
    )


def test_a_rare_label_that_is_never_found_cannot_be_found_in_a_resample():
    y, a = draw(200, 0.0)
    rare = np.zeros((200, 1), np.int64)
    rare[:2] = 1
    low, high = macro_f1.single(np.hstack([a, 0 * rare]), np.hstack([y, rare]), K + 1)
    assert macro_f1.single(a, y, K)[0] * 5 / 6 - 0.01 < low < high < 5 / 6 + 0.02


@METRICS
def test_no_label_told_differently_is_no_proof_of_no_difference(metric, average):
    y, a = draw(100, 0.1)
    low, high = metric.paired(a, a, y, K)
    assert low < 0 < high
    assert metric.single(y, y, K)[0] < 1.0 == metric.single(y, y, K)[1]
    low, high = metric.single(a, y, K)
    assert low < metric.values(a, y, K)[0] < high


def test_a_rare_label_counts_as_much_as_a_common_one_in_macro_alone():
    y = np.zeros((200, 2), np.int64)
    y[:150, 0], y[:10, 1] = 1, 1
    blind = y * [1, 0]
    assert macro_f1.values(y, y, 2)[0] - macro_f1.values(blind, y, 2)[0] == pytest.approx(0.5)
    assert micro_f1.values(y, y, 2)[0] - micro_f1.values(blind, y, 2)[0] < 0.05


def test_seeds_that_differ_widen_the_interval():
    y, a, b, worse, better = draw(300, 0.1, 0.15, 0.3, 0.01)
    steady, unsteady = np.stack([a] * 3), np.stack([a, worse, better])
    assert np.ptp(micro_f1.paired(unsteady, b, y, K)) > 2 * np.ptp(micro_f1.paired(steady, b, y, K))


@METRICS
def test_needed_is_the_number_at_which_the_interval_would_clear_the_margin(metric, average):
    y, a, b = draw(300, 0.1, 0.12)
    n = metric.needed(a, b, y, K, margin=0.001)
    times = round(n / len(y))
    assert times >= 1
    low, high = metric.paired(*(np.tile(s, (times, 1)) for s in (a, b, y)), K, resamples=4000)
    gap = float(metric.values(a, y, K)[0] - metric.values(b, y, K)[0])
    assert (abs(gap) - 0.001) / ((high - low) / 2 / 1.96) == pytest.approx(1.96 + 0.84, rel=0.25)
    assert metric.needed(a, a, y, K, margin=0.01) is None


def test_the_same_seed_gives_the_same_interval():
    y, a, b = draw(60, 0.1, 0.2)
    assert micro_f1.paired(a, b, y, K, seed=4) == micro_f1.paired(a, b, y, K, seed=4)
    assert micro_f1.paired(a, b, y, K, seed=4) != micro_f1.paired(a, b, y, K, seed=5)
