"""LEEP against its definition, in loops."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from any_score import drawn
from headstart.score import leep


def by_definition(logits, y):
    n, s = logits.shape
    theta = [[exp(v) for v in row] for row in logits.tolist()]
    theta = [[v / sum(row) for v in row] for row in theta]
    total = 0.0
    for i in range(n):
        inner = 0.0
        for z in range(s):
            joint = sum(theta[j][z] for j in range(n) if y[j] == y[i]) / n
            inner += joint / (sum(theta[j][z] for j in range(n)) / n) * theta[i][z]
        total += log(inner)
    return total / n


@pytest.mark.parametrize(("n", "k"), [(30, 3), (12, 5)], ids=str)
def test_it_is_its_definition(n, k):
    look = drawn(n=n, k=k, far=1.0)
    assert leep.score(look) == pytest.approx(by_definition(look.logits, look.y), rel=1e-9)


def test_labels_need_not_be_the_first_numbers():
    look = drawn(n=30, k=3, far=1.0)
    gaps = np.array([2, 5, 11])[look.y]
    assert leep.score(replace(look, y=gaps, k=12)) == pytest.approx(by_definition(look.logits, gaps), rel=1e-9)


def test_a_source_that_knows_the_classes_has_the_highest_and_one_that_is_blind_their_entropy():
    look = drawn(n=30, k=3)
    sure = 1e4 * np.eye(7, dtype=np.float32)[look.y]
    assert leep.score(replace(look, logits=sure)) == pytest.approx(0, abs=1e-12)
    assert leep.score(replace(look, logits=np.zeros((30, 7), np.float32))) == pytest.approx(-log(3))
