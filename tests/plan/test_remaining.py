"""What is still to come, from what candidates' notes say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contenders import contender
from headstart.errors import BudgetError
from headstart.plan import remaining
from headstart.types import View


def noted(name: str, view: View, **notes):
    made = contender(name, np.ones(4))
    return replace(made, notes={"n": 100, **notes}, fitted=replace(made.fitted, view=view))


def test_a_training_takes_longer_by_its_examples_and_without_notes_as_long_as_the_search():
    assert remaining.training(noted("a", View("some"), seconds=8.0), 125) == pytest.approx(10.0)
    searched = noted("a", View("some"))
    searched = replace(searched, trial=replace(searched.trial, seconds=20.0))
    assert remaining.training(searched, 125) == pytest.approx(25.0)


def test_judging_looks_once_through_a_view_and_answers_with_every_model():
    one = noted("a", View("some"), looking=0.1, reading=0.01)
    alike = noted("b", View("some"), looking=0.1, reading=0.02)
    other = noted("c", View(None, "input"), reading=0.001)
    both = remaining.judging([(one, 3), (alike, 1), (other, 1)], 100)
    assert both == pytest.approx(remaining.PAGES + 100 * (0.1 + 3 * 0.01 + 0.02 + 0.001))


def test_what_would_not_end_in_time_says_how_long_it_would_take():
    remaining.in_time(10.0, None, "it")
    remaining.in_time(10.0, 10.0, "it")
    with pytest.raises(BudgetError, match=r"^looking would take about 12 s more, and 5 s were left for it$"):
        remaining.in_time(12.2, 5.4, "looking")


def test_what_the_process_holds_is_no_more_than_it_held():
    assert 1e7 < remaining.resident() <= 1.01 * remaining.peak()
