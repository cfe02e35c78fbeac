"""Which rivals stay at their short runs because they could not become the run's model."""

from __future__ import annotations

import numpy as np

from contenders import contender
from headstart.plan.choice import luck
from headstart.plan.reach import LEAD, LEFT, behind, out_of_reach


def other(wrong: int, n: int = 50):
    return contender("t", [0.5] * n, right=np.arange(n) >= wrong)


def test_where_the_other_errs_on_too_few_no_rival_could_be_crowned():
    """Even one that names all: the lead is then no more than luck."""
    perfect = np.ones(50, bool)
    assert out_of_reach(perfect, other(LEAD - 1))
    assert luck(perfect.astype(float) - other(LEAD - 1).right) >= 0.05
    assert not out_of_reach(perfect, other(LEAD))


def test_a_rival_that_would_have_to_mend_nearly_all_is_out_of_reach():
    wrong = 30
    assert LEAD + 1 < LEAD + LEFT * wrong < LEAD + 2
    right = np.arange(50) >= wrong
    assert out_of_reach(right, other(LEAD + 1))
    assert not out_of_reach(right, other(LEAD + 2))
    assert not out_of_reach(right, None)
    assert not out_of_reach(-np.ones(50), other(1)), "of numbers nothing is foretold"


def test_behind_on_the_examples_of_both():
    assert behind(np.arange(20) >= 3, other(2, 20))
    assert not behind(np.arange(20) >= 2, other(2, 20))
    assert not behind(np.zeros(20, bool), None)
    crossed = contender("t", [0.5] * 50, right=np.arange(50) < 30)  # wrong on the last 20, which both have
    assert not behind(np.zeros(20, bool), crossed)
