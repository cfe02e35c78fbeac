"""The mean absolute error: its intervals against their promise, and on which side the better model stands."""

import numpy as np
import pytest

from by_metric import needed, paired, single, values
from headstart.judge.metric import mae


def errors(n, a, b, seed):
    """True numbers, and two sides whose errors share a part: one text is harder than another."""
    rng = np.random.default_rng(seed)
    y, common = rng.normal(0, 1, n), rng.exponential(1, n)
    return y, *(y + rng.choice([-1, 1], n) * size * (common + rng.exponential(1, n)) / 2 for size in (a, b))


def test_a_smaller_error_is_a_difference_above_0():
    y, a, b = errors(400, 0.5, 1.0, 0)
    low, high = paired(mae, a, b, y)
    gap = float(np.abs(b - y).mean() - np.abs(a - y).mean())
    assert 0 < low < gap < high
    assert mae.BETTER * (values(mae, a, y)[0] - values(mae, b, y)[0]) == pytest.approx(gap)
    assert paired(mae, b, a, y)[1] < 0


@pytest.mark.parametrize("n", [15, 60, 300])
def test_the_intervals_hold_the_truth_as_often_as_they_say(n):
    """The mean of the errors is the size itself, for both parts have a mean of 1."""
    held = one = 0
    many = 300 if n < 100 else 120
    for seed in range(many):
        y, a, b = errors(n, 0.8, 1.0, seed)
        low, high = paired(mae, a, b, y, resamples=400, seed=seed)
        held += low <= 0.2 <= high
        low, high = single(mae, a, y, resamples=400)
        one += low <= 0.8 <= high
    assert held / many > 0.91
    assert one / many > 0.89  # errors are skewed: few of them understate their own spread


def test_seeds_that_differ_widen_the_interval():
    y, a, b = errors(300, 0.5, 1.0, 0)
    steady, unsteady = np.stack([a] * 3), np.stack([a, a + 0.4, y + 0.1])
    assert np.ptp(paired(mae, unsteady, b, y)) > 2 * np.ptp(paired(mae, steady, b, y))


def test_needed_is_the_number_at_which_the_interval_would_clear_the_margin():
    y, a, b = errors(200, 0.9, 1.0, 3)
    gap = float(np.abs(b - y).mean() - np.abs(a - y).mean())
    n = needed(mae, a, b, y, 1, margin=0.01)
    error = (np.abs(b - y) - np.abs(a - y)).std(ddof=1) / np.sqrt(n)
    assert (abs(gap) - 0.01) / error == pytest.approx(1.96 + 0.84, rel=0.02)
    assert needed(mae, a, a, y, 1, margin=0.01) is None
    assert needed(mae, a, b, y, 1, margin=10.0) is None


def test_answers_without_any_difference_give_no_width_and_no_nan():
    y = np.arange(5.0)
    assert paired(mae, y + 1, y + 2, y) == (1.0, 1.0)
    assert single(mae, y[:1], y[:1]) == (0.0, 0.0)
