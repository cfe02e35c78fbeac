"""Accuracy as a metric of the verdict: the mean of right and wrong, with the intervals of such means."""

import numpy as np
import pytest

from by_metric import paired, single, values
from headstart.judge import interval
from headstart.judge.metric import accuracy


def test_it_is_the_interval_of_right_and_wrong():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 80)
    a, b = (np.where(rng.random((3, 80)) < share, y, (y + 1) % 3) for share in (0.9, 0.7))
    assert values(accuracy, a, y, 3) == pytest.approx((a == y).mean(1))
    assert single(accuracy, a, y, 3, level=0.9) == interval.single(a == y, 0.9)
    assert paired(accuracy, a, b, y, 3, seed=2) == interval.paired(a == y, b == y, seed=2)
