"""Micro-F1 (and macro-F1 of label sets): against scikit-learn, against a slow bootstrap, and against its promise."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from by_metric import drawn, needed, paired, single, values
from headstart.judge.bootstrap import PSEUDO
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
    assert values(metric, [a, b], y, K) == pytest.approx(wanted)
    nothing = np.zeros_like(y)
    assert values(metric, nothing, nothing, K).tolist() == [0.0]


def slow(y, sides, average, rounds, seed):
    """A bootstrap of whole examples, one resample and one model at a time: each side's mean F1 [rounds sides].

    Each side wins a part of a label (of each label a part, as it is frequent), which the other does not give. A label
    that is neither true nor given in a resample counts 0.
    """
    rng, n = np.random.default_rng(seed), len(y)
    count = (lambda table: table.sum(1, keepdims=True)) if average == "micro" else (lambda table: table)
    true, out = count(y), []
    part = true.sum(0) / true.sum()
    weights = np.array([1.0] * n + [PSEUDO] * 2)
    for _ in range(rounds):
        pick = rng.choice(n + 2, n + 2, p=weights / weights.sum())
        rows, extra, row = pick[pick < n], [(pick == n + s).sum() for s in (0, 1)], []
        for s, side in enumerate(sides):
            scores = []
            for answers in side:
                hits, given, there = (table[rows].sum(0) for table in (count(y * answers), count(answers), true))
                f1 = 2 * (hits + extra[s] * part) / (given + extra[s] * part + there + sum(extra) * part)
                scores.append(np.where(given + there > 0, f1, 0.0).mean())
            row.append(np.mean(scores))
        out.append(row)
    return np.array(out)


@METRICS
def test_sides_of_several_seeds_are_drawn_as_in_the_slow_bootstrap(metric, average):
    y, *models = draw(60, 0.1, 0.2, 0.15)
    sides = [np.array(m) for m in (models[:1], models[1:])]
    found = drawn(metric, sides, y, K, 8000)
    ends, wanted = [0.025, 0.5, 0.975], slow(y, sides, average, 3000, 3)
    np.testing.assert_allclose(np.quantile(found, ends, 0), np.quantile(wanted, ends, 0), atol=0.012)


@METRICS
def test_the_interval_is_that_of_the_slow_bootstrap(metric, average):
    y, a, b = draw(150, 0.1, 0.15)
    gaps = slow(y, [[a], [b]], average, 3000, 3) @ [1, -1]
    assert paired(metric, a, b, y, K) == pytest.approx(np.quantile(gaps, [0.025, 0.975]), abs=0.012)


@METRICS
@pytest.mark.parametrize(("n", "first", "second"), [(40, 0.05, 0.08), (120, 0.1, 0.12), (400, 0.01, 0.012)])
def test_the_interval_holds_the_truth_as_often_as_it_says(metric, average, n, first, second):
    y, a, b = draw(200_000, first, second, seed=9)
    truth = float(values(metric, a, y, K)[0] - values(metric, b, y, K)[0])
    held = 0
    for seed in range(300):
        y, a, b = draw(n, first, second, seed=seed)
        low, high = paired(metric, a, b, y, K, resamples=600, seed=seed)
        held += low <= truth <= high
    assert held / 300 > 0.92


def test_a_label_in_neither_truth_nor_answers_does_not_count():
    y, a, b = draw(200, 0.1, 0.15)
    none = np.zeros((200, 3), np.int64)
    wide = [np.hstack([side, none]) for side in (a, b, y)]
    assert paired(macro_f1, *wide, K + 3) == pytest.approx(paired(macro_f1, a, b, y, K), abs=0.002)
    assert single(macro_f1, wide[0], wide[2], K + 3) == pytest.approx(single(macro_f1, a, y, K), abs=0.002)


def test_a_rare_label_that_is_never_found_cannot_be_found_in_a_resample():
    y, a = draw(200, 0.0)
    rare = np.zeros((200, 1), np.int64)
    rare[:2] = 1
    low, high = single(macro_f1, np.hstack([a, 0 * rare]), np.hstack([y, rare]), K + 1)
    assert single(macro_f1, a, y, K)[0] * 5 / 6 - 0.01 < low < high < 5 / 6 + 0.02


@METRICS
def test_no_label_told_differently_is_no_proof_of_no_difference(metric, average):
    y, a = draw(100, 0.1)
    low, high = paired(metric, a, a, y, K)
    assert low < 0 < high
    assert single(metric, y, y, K)[0] < 1.0 == single(metric, y, y, K)[1]
    low, high = single(metric, a, y, K)
    assert low < values(metric, a, y, K)[0] < high


def test_a_rare_label_counts_as_much_as_a_common_one_in_macro_alone():
    y = np.zeros((200, 2), np.int64)
    y[:150, 0], y[:10, 1] = 1, 1
    blind = y * [1, 0]
    assert values(macro_f1, y, y, 2)[0] - values(macro_f1, blind, y, 2)[0] == pytest.approx(0.5)
    assert values(micro_f1, y, y, 2)[0] - values(micro_f1, blind, y, 2)[0] < 0.05


def test_seeds_that_differ_widen_the_interval():
    y, a, b, worse, better = draw(300, 0.1, 0.15, 0.3, 0.01)
    steady, unsteady = np.stack([a] * 3), np.stack([a, worse, better])
    assert np.ptp(paired(micro_f1, unsteady, b, y, K)) > 2 * np.ptp(paired(micro_f1, steady, b, y, K))


@METRICS
def test_needed_is_the_number_at_which_the_interval_would_clear_the_margin(metric, average):
    y, a, b = draw(300, 0.1, 0.12)
    n = needed(metric, a, b, y, K, margin=0.001)
    times = round(n / len(y))
    assert times >= 1
    low, high = paired(metric, *(np.tile(s, (times, 1)) for s in (a, b, y)), K, resamples=4000)
    gap = float(values(metric, a, y, K)[0] - values(metric, b, y, K)[0])
    assert (abs(gap) - 0.001) / ((high - low) / 2 / 1.96) == pytest.approx(1.96 + 0.84, rel=0.25)
    assert needed(metric, a, a, y, K, margin=0.01) is None


def test_the_same_seed_gives_the_same_interval():
    y, a, b = draw(60, 0.1, 0.2)
    assert paired(micro_f1, a, b, y, K, seed=4) == paired(micro_f1, a, b, y, K, seed=4)
    assert paired(micro_f1, a, b, y, K, seed=4) != paired(micro_f1, a, b, y, K, seed=5)
