"""One call of one score, and what a look must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from any_score import drawn
from headstart.errors import UnknownName, UsageError
from headstart.score._look import Look, credit, relative_error
from headstart.score._measure import measure


def test_a_name_that_is_no_score():
    with pytest.raises(UnknownName, match=r"There is no score 'logmi'\. Did you mean 'logme'"):
        measure("logmi", drawn())


def test_a_look_is_checked():
    look = drawn()
    with pytest.raises(UsageError, match=r"features of shape \(60, 12\) and labels of shape \(59,\)"):
        replace(look, y=look.y[:59])
    with pytest.raises(UsageError, match=r"'multilabel' it takes \[n d\] and \[n k\]"):
        replace(look, kind="multilabel")
    with pytest.raises(UsageError, match=r"logits of shape \(3, 7\) for 60 labels"):
        replace(look, logits=look.logits[:3])
    with pytest.raises(UsageError, match=r"groups of shape \(3,\) for 60 labels"):
        replace(look, groups=np.arange(3))


def test_what_scores_share_is_made_once():
    look = drawn()
    assert look.spectrum is look.spectrum
    assert look.order is look.order


def test_rows_without_a_direction_are_nobodys_neighbours():
    x = np.array([[1, 2], [1, 2], [3, 2], [-1, 2]], np.float32)  # the first two stand on the mean
    found = Look(x, np.array([0, 1, 0, 1]), 2).directions
    np.testing.assert_allclose(found, [[0, 0], [0, 0], [1, 0], [-1, 0]], atol=1e-12)


def test_credit_is_shared_where_classes_are_level_and_not_where_they_nearly_are():
    scores = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + 1e-6, 0.0], [1e300, 1e300, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(credit(scores, np.array([0, 0, 1, 2])), [1 / 2, 0, 1 / 2, 1 / 3])


def test_the_constant_mean_has_a_relative_error_of_one():
    y = np.random.default_rng(0).normal(3, 2, (20, 4))
    assert relative_error(np.tile(y.mean(0), (20, 1)), y) == pytest.approx(1)


def test_a_missing_class_and_single_examples_are_told():
    look = replace(drawn(k=3), k=6)
    y = look.y.copy()
    y[:2] = [3, 4]
    said = measure("hscore", replace(look, y=y)).caveats
    assert said == ("1 of 6 classes have no example.", "2 of 6 classes have a single example.")
