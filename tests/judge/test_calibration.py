"""Expected calibration error against a slow closed form written out example by example."""

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.judge.calibration import ece, reliability


def slow_ece(p, y, bins):
    total = 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = [i for i in range(len(p)) if low < max(p[i]) <= high]
        if inside:
            right = sum(int(np.argmax(p[i])) == y[i] for i in inside) / len(inside)
            sure = sum(max(p[i]) for i in inside) / len(inside)
            total += len(inside) / len(p) * abs(right - sure)
    return total


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_ece_equals_the_slow_form(k, bins):
    rng = np.random.default_rng(k)
    p = rng.dirichlet(np.full(k, 0.4), size=300)
    y = rng.integers(0, k, 300)
    assert ece(p, y, bins) == pytest.approx(slow_ece(p, y, bins), abs=1e-12)


def test_rows_hold_every_example_once_and_lie_in_their_bins():
    rng = np.random.default_rng(1)
    p, y = rng.dirichlet([1.0, 1.0, 1.0], size=120), rng.integers(0, 3, 120)
    rows = reliability(p, y)
    assert sum(r["n"] for r in rows) == 120
    assert all(r["low"] < r["confidence"] <= r["high"] and 0 <= r["accuracy"] <= 1 for r in rows)


def test_certain_and_right_is_calibrated_and_certain_and_wrong_is_not():
    assert ece([[1.0, 0.0], [1.0, 0.0]], [0, 0]) == 0.0
    assert ece([[1.0, 0.0], [1.0, 0.0]], [1, 1]) == 1.0


def test_a_calibrated_model_has_a_small_error():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1.0, 1.0], size=20_000)
    y = (rng.random(20_000) < p[:, 1]).astype(int)
    assert ece(p, y) < 0.015


def test_errors_say_what_to_do():
    with pytest.raises(UsageError, match=r"labels of shape \(1,\).*Pass one label a row"):
        ece([[0.5, 0.5], [0.1, 0.9]], [0])
    with pytest.raises(UsageError, match="at least one bin"):
        reliability([[0.5, 0.5]], [0], bins=0)
