"""Macro-F1 and its intervals against scikit-learn, against a slow bootstrap, and against what they should cover."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from by_metric import drawn, needed, paired, single, values
from headstart.judge.bootstrap import PSEUDO, influence
from headstart.judge.metric import accuracy, macro_f1


def answers(sizes, right, seed=0):
    """True classes [n], and answers [n] that are right with a probability for each class."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    wrong = (y + rng.integers(1, len(sizes), len(y))) % len(sizes)
    return y, np.where(rng.random(len(y)) < np.asarray(right)[y], y, wrong)


def slow(y, sides, rounds, seed):
    """A bootstrap stratified by class, one resample and one model at a time: each side's mean macro-F1 [rounds sides].

    In every class each side wins a part of an example, which the other answers as the other classes are frequent.
    """
    rng, k, n = np.random.default_rng(seed), int(y.max()) + 1, len(y)
    sizes, out = np.bincount(y), []
    for _ in range(rounds):
        hits, given = ([np.zeros((len(side), k)) for side in sides] for _ in range(2))
        for c in range(k):
            members, part = np.flatnonzero(y == c), PSEUDO / k
            chance = np.array([1.0] * len(members) + [part, part]) / (len(members) + 2 * part)
            pick = rng.choice(len(members) + 2, len(members), p=chance)
            for s, side in enumerate(sides):
                for m, answers in enumerate(side):
                    told = answers[members[pick[pick < len(members)]]]
                    given[s][m] += np.bincount(told, minlength=k)
                    hits[s][m, c] += (told == c).sum()
                    won, lost = (pick == len(members) + s).sum(), (pick == len(members) + 1 - s).sum()
                    given[s][m] += won * np.eye(k)[c] + lost * np.where(np.arange(k) == c, 0, sizes) / (n - sizes[c])
                    hits[s][m, c] += won
        out.append([(2 * h / (g + sizes)).mean() for h, g in zip(hits, given, strict=True)])
    return np.array(out)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_values_are_scikit_learns(k):
    y, a = answers([40, *[9] * (k - 1)], [0.8] * k)
    wanted = f1_score(y, a, average="macro", zero_division=0)
    assert values(macro_f1, [a, y], y, k + 1) == pytest.approx([wanted, 1.0])  # one class occurs nowhere
    a[0] = k  # and now in an answer
    assert values(macro_f1, a, y, k + 1) == pytest.approx([f1_score(y, a, average="macro", zero_division=0)])


def test_the_interval_is_that_of_the_slow_bootstrap():
    y, a = answers([70, 30, 12], [0.9, 0.8, 0.7], 1)
    _, b = answers([70, 30, 12], [0.8, 0.7, 0.6], 2)
    gaps = slow(y, [[a], [b]], 3000, 3) @ [1, -1]
    assert paired(macro_f1, a, b, y, 3) == pytest.approx(np.quantile(gaps, [0.025, 0.975]), abs=0.012)


def test_sides_of_several_seeds_are_drawn_as_in_the_slow_bootstrap():
    y, a = answers([50, 20, 9, 4], [0.9, 0.8, 0.7, 0.5], 1)
    sides = [np.stack([a, y]), np.stack([answers([50, 20, 9, 4], [0.7] * 4, s)[1] for s in (5, 6, 7)])]
    found = drawn(macro_f1, sides, y, 4, 8000)
    ends = [0.025, 0.5, 0.975]
    np.testing.assert_allclose(np.quantile(found, ends, 0), np.quantile(slow(y, sides, 3000, 3), ends, 0), atol=0.012)


@pytest.mark.parametrize(
    ("sizes", "first", "second"),
    [
        ((170, 900), (0.93, 0.995), (0.9, 0.995)),
        ((12, 200), (0.85, 0.98), (0.7, 0.98)),
        ((40, 300), (0.98, 0.999), (0.97, 0.999)),  # hardly anything is answered differently
        ((60, 30, 20, 10, 8), (0.9, 0.9, 0.8, 0.8, 0.7), (0.85, 0.8, 0.8, 0.7, 0.6)),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(sizes, first, second):
    k, many = len(sizes), 200 * np.array(sizes)
    truth = np.subtract(*(values(macro_f1, answers(many, p, s)[1], np.repeat(range(k), many), k) for p, s in
                          ((first, 10_001), (second, 10_002))))  # fmt: skip
    held = 0
    for at in range(300):
        y, a = answers(sizes, first, 2 * at)
        low, high = paired(macro_f1, a, answers(sizes, second, 2 * at + 1)[1], y, k, resamples=600, seed=at)
        held += low <= truth[0] <= high
    assert held / 300 > 0.92


def test_no_discordant_example_is_no_proof_of_no_difference():
    y = np.repeat([0, 1], [90, 10])
    low, high = paired(macro_f1, y, y, y, 2)
    assert low < -0.01 < 0.01 < high
    assert single(macro_f1, y, y, 2)[0] < 0.97
    assert single(macro_f1, y, y, 2)[1] == 1.0


def test_a_rare_class_counts_as_much_as_a_common_one():
    y = np.repeat([0, 1], [950, 50])
    blind = np.zeros(1000, int)
    assert values(accuracy, y, y, 2)[0] - values(accuracy, blind, y, 2)[0] == pytest.approx(0.05)
    assert values(macro_f1, y, y, 2)[0] - values(macro_f1, blind, y, 2)[0] > 0.5


def test_what_each_example_adds_has_the_metric_as_its_mean_and_its_spread():
    y, a = answers([300, 90, 40], [0.9, 0.8, 0.7], 4)
    parts = influence(macro_f1, macro_f1.sums(a, y, 3))[0]
    assert parts.mean() == pytest.approx(f1_score(y, a, average="macro"))
    inside = sum(((parts[y == c] - parts[y == c].mean()) ** 2).sum() for c in range(3))
    found = drawn(macro_f1, [a], y, 3, 4000)[:, 0]
    assert found.std() == pytest.approx(np.sqrt(inside) / len(y), rel=0.1)


def test_seeds_that_differ_widen_the_interval():
    y, a = answers([200, 60], [0.9, 0.85], 1)
    steady, unsteady = np.stack([a] * 3), np.stack([a, np.where(y == 1, 0, a), y])
    _, b = answers([200, 60], [0.8, 0.7], 2)
    narrow, wide = (np.ptp(paired(macro_f1, side, b, y, 2)) for side in (steady, unsteady))
    assert wide > 2 * narrow


def test_needed_is_the_number_at_which_the_interval_would_clear_the_margin():
    y, a = answers([300, 60], [0.93, 0.9], 1)
    _, b = answers([300, 60], [0.92, 0.86], 2)
    n = needed(macro_f1, a, b, y, 2, margin=0.01)
    times = round(n / len(y))
    assert times > 1
    low, high = paired(macro_f1, np.tile(a, times), np.tile(b, times), np.tile(y, times), 2, resamples=4000)
    gap = float(values(macro_f1, a, y, 2)[0] - values(macro_f1, b, y, 2)[0])
    error = (high - low) / 2 / 1.96
    assert (abs(gap) - 0.01) / error == pytest.approx(1.96 + 0.84, rel=0.15)


def test_needed_is_none_where_nothing_is_known():
    y, a = answers([90, 10], [0.9, 0.9], 1)
    assert needed(macro_f1, a, a, y, 2, margin=0.01) is None
    assert needed(macro_f1, a, a, y, 2, margin=0.0) is None


def test_the_same_seed_gives_the_same_interval():
    y, a = answers([90, 20], [0.9, 0.8], 1)
    _, b = answers([90, 20], [0.8, 0.8], 2)
    assert paired(macro_f1, a, b, y, 2, seed=4) == paired(macro_f1, a, b, y, 2, seed=4)
    assert paired(macro_f1, a, b, y, 2, seed=4) != paired(macro_f1, a, b, y, 2, seed=5)
