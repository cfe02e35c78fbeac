"""Outputs that differ in size from example to example are looked at row by row."""

import numpy as np
import pytest

from headstart.kind import kind_of
from headstart.kind._base import ragged

KIND = kind_of("classification")
ROWS = ragged([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])])


def test_rows_of_one_size_stay_rows():
    assert ragged([np.zeros((2, 3)), np.zeros((2, 3))]).shape == (2,)
    assert ragged([]).shape == (0,)


@pytest.mark.parametrize("outputs", [ROWS, np.ones((2, 3))], ids=["of two sizes", "of one"])
def test_what_diverged_is_seen(outputs):
    assert KIND.finite(outputs)
    spoilt = outputs.copy()
    spoilt[1] = np.full_like(outputs[1], np.nan)
    assert not KIND.finite(spoilt)


def test_how_far_two_answers_are_apart():
    assert KIND.apart(ROWS, ROWS) == 0
    assert KIND.apart(ROWS, ragged([row + np.array([0.0, 0.5]) for row in ROWS])) == 0.5
    assert KIND.apart(ROWS, ROWS[:1]) == float("inf")
    assert KIND.apart(np.zeros((2, 2)), np.ones((2, 2))) == 1


def test_labels_are_put_into_another_order_in_each_row():
    turned = KIND.aligned(ROWS, ("ant", "bee"), ("bee", "ant"))
    assert [row.tolist() for row in turned] == [[[2.0, 1.0]], [[4.0, 3.0], [6.0, 5.0]]]
    assert KIND.aligned(np.array([[1, 2, 3]]), ("a", "b", "c"), ("c", "a", "b")).tolist() == [[3, 1, 2]]
