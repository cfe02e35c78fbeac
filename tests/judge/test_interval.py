"""Intervals against scipy and closed forms; properties; coverage is measured in benchmarks/verdict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import UsageError
from headstart.judge.bootstrap import seed_variance
from headstart.judge.interval import paired, single


def pairs(n, won, lost):
    a, b = np.ones(n), np.ones(n)
    b[:won] = 0
    a[won : won + lost] = 0
    return a, b


def bonett_price(n, won, lost, z=1.959964):
    a, b = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    half = z * np.sqrt((a + b - (a - b) ** 2) / (n + 2))
    return a - b - half, a - b + half


@pytest.mark.parametrize(("right", "n"), [(0, 5), (1, 10), (9, 10), (145, 153), (153, 153), (500, 1000)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_single_is_wilsons(right, n, level):
    from scipy.stats import binomtest

    oracle = binomtest(right, n).proportion_ci(confidence_level=level, method="wilson")
    correct = np.arange(n) < right
    assert single(correct, level) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


@pytest.mark.parametrize(("n", "won", "lost"), [(153, 39, 3), (84, 9, 6), (400, 30, 30), (105, 20, 4), (400, 5, 40)])
def test_paired_is_close_to_bonett_and_price(n, won, lost):
    width = np.diff(bonett_price(n, won, lost))[0]
    assert paired(*pairs(n, won, lost)) == pytest.approx(bonett_price(n, won, lost), abs=0.05 * width)


def test_paired_is_the_plain_bootstrap_when_there_are_many_pairs():
    from scipy.stats import bootstrap

    rng = np.random.default_rng(0)
    a, b = rng.random(3000) < 0.9, rng.random(3000) < 0.85
    plain = bootstrap(
        (a.astype(float) - b,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert paired(a, b) == pytest.approx((plain.low, plain.high), abs=0.0015)


def test_paired_takes_graded_results_too():
    from scipy.stats import bootstrap

    rng = np.random.default_rng(0)
    a, b = rng.beta(5, 2, 2000), rng.beta(4, 2, 2000)
    plain = bootstrap((a - b,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(1))
    interval = plain.confidence_interval
    assert paired(a, b) == pytest.approx((interval.low, interval.high), abs=0.0015)


def test_no_discordant_pair_is_no_proof_of_no_difference():
    low, high = paired(*pairs(40, 0, 0))
    assert low == pytest.approx(-high, abs=0.005)
    assert 0.02 < high < 0.1
    wider = paired(*pairs(10, 0, 0))
    assert wider[1] > high


@given(st.integers(1, 60), st.data())
@settings(max_examples=40, deadline=None)
def test_paired_holds_the_difference_whatever_the_order_and_mirrors(n, data):
    won = data.draw(st.integers(0, n))
    lost = data.draw(st.integers(0, n - won))
    a, b = pairs(n, won, lost)
    low, high = paired(a, b, resamples=2000)
    assert -1 <= low <= (won - lost) / n <= high <= 1
    assert low < high
    order = np.random.default_rng(n).permutation(n)
    assert paired(a[order], b[order], resamples=2000) == (low, high)
    mirrored = paired(b, a, resamples=2000)
    assert mirrored == pytest.approx((-high, -low), abs=0.25 * (high - low) + 1e-9)


def test_same_seed_same_interval_and_a_higher_level_is_wider():
    a, b = pairs(100, 12, 5)
    assert paired(a, b, seed=3) == paired(a, b, seed=3)
    assert paired(a, b, level=0.99)[0] < paired(a, b, level=0.8)[0]


def test_seeds_that_agree_add_nothing():
    a, b = pairs(100, 12, 5)
    assert paired(np.stack([a] * 3), np.stack([b] * 3)) == paired(a, b)


def test_seeds_that_differ_widen_the_interval():
    rng = np.random.default_rng(0)
    a = rng.random((1, 200)) < 0.9
    steady = rng.random((3, 200)) < 0.8
    unsteady = rng.random((3, 200)) < np.array([[0.65], [0.8], [0.95]])
    narrow, wide = paired(a, steady), paired(a, unsteady)
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_seed_variance_is_right_on_average():
    rng = np.random.default_rng(0)
    spread = 0.05
    found = [
        seed_variance((rng.random((4, 400)) < 0.7 + spread * rng.standard_normal((4, 1))).astype(float))
        for _ in range(2000)
    ]
    assert np.mean(found) == pytest.approx(spread**2, rel=0.1)
    assert seed_variance(np.ones((1, 5))) == 0.0


def test_many_distinct_values_are_resampled_in_rounds():
    from headstart.judge import bootstrap

    rng = np.random.default_rng(0)
    a, b = rng.random(2000), rng.random(2000)
    assert 2000 * 10_000 > 2 * bootstrap._AT_ONCE, "several rounds"
    half = 1.96 * (a - b).std() / 2000**0.5
    assert paired(a, b) == pytest.approx(((a - b).mean() - half, (a - b).mean() + half), abs=0.003)


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ([1, 0, 1], [1, 0], "The candidate has 3 results and the rival 2.*Judge both on the whole test split"),
        ([], [], "one or more examples is needed"),
        ([0.2, 3.0], [0.0, 1.0], "Results run from 0.2 to 3; they must lie between 0"),
        ([np.nan, 1.0], [0.0, 1.0], "must lie between 0"),
    ],
)
def test_errors_say_what_to_do(a, b, says):
    with pytest.raises(UsageError, match=says):
        paired(a, b)


def test_a_level_of_95_is_refused():
    with pytest.raises(UsageError, match=r"A level of 95 was given.*Pass 0.95 for 95 %"):
        single([1, 0], 95)
