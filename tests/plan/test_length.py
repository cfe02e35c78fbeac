"""How much of its usual training a rival is given: by a clock that stands still, and one that its steps move."""

from __future__ import annotations

import time

import pytest

import drawn_task
from headstart.plan.candidates import Candidate
from headstart.plan.length import LEAST, SAFE, Length
from headstart.plan.remaining import Slow
from headstart.plan.search import contend
from headstart.types import Facts, FitContext, View

SCRATCH = Candidate("scratch", "scratch", False, View(None, size=32), long=True)


def of(left: float, **how) -> Length:
    """Of a search whose four settings are compared in a tenth of the steps, of which there are a thousand."""
    return Length(0.1, 4, time.monotonic() + left, **how)


@pytest.fixture(autouse=True)
def _still(monkeypatch):
    at = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: at)


def test_where_all_fits_nothing_is_cut():
    """A training of 1,000 steps takes 200 s: three more short runs and the long one 260."""
    length = of(260 / SAFE + 1)
    assert not length.too_long(100, 0.2)
    assert (length.part, length.cut) == (1.0, False)


def test_where_it_does_not_all_runs_become_shorter_by_the_same_part():
    length = of(200.0)
    assert length.too_long(100, 0.2)
    assert length.part == pytest.approx(SAFE * 200 / (200 * 1.4), abs=0.01)
    assert length.lacking == pytest.approx(280 / SAFE - 200)
    length.deadline -= 100  # that is what the short runs took
    assert length.of_last(0.2) == pytest.approx(SAFE * 100 / 200, abs=0.01)


def test_one_that_may_end_after_its_short_runs_keeps_these_whole():
    assert of(150.0).too_long(100, 0.2)
    assert not of(150.0, gives_up=True).too_long(100, 0.2)


def test_the_least_is_given_without_anything_to_spare_and_less_is_nothing():
    length = of(LEAST * 280 + 1)
    assert length.too_long(100, 0.2)
    assert length.part == LEAST
    length = of(LEAST * 280 - 1)
    with pytest.raises(
        Slow, match=r"^25 % of its steps, the least that counts, would take about 70 s more, and 69 s"
    ) as why:
        length.too_long(100, 0.2)
    assert why.value.lacking == pytest.approx(280 / SAFE - 69)


def test_no_run_has_fewer_than_twenty_steps_and_the_last_one_may_take_a_moment_more():
    assert of(35.0).too_long(100, 0.1), "100 s in all: four of 25 steps, and 250"
    with pytest.raises(Slow, match=r"would take about 16 s more"):
        of(14.0).too_long(30, 0.1)  # 300 steps: four of 20, not of 7, and 75
    length = of(20.0, grace=2.0)
    assert length.too_long(30, 0.1)
    length.deadline -= 14
    assert length.of_last(0.1) == LEAST
    length.deadline -= 3
    with pytest.raises(Slow):
        length.of_last(0.1)


def test_a_rivals_whole_search_is_shorter_where_time_is_short(monkeypatch):
    """Every step takes a second of the clock; 300 are usual, and 200 s are left."""
    clock, seen = [0.0, 0], {}

    def watch(what, done, steps):
        clock[:] = clock[0] + (done - clock[1] if done > clock[1] else done), done
        seen[what.split(" · ")[0]] = steps

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    train, valid = (drawn_task.pictures(n, 2, seed, 32) for n, seed in ((8, 1), (4, 2)))
    context = FitContext(train, 2, SCRATCH.view, valid=valid)
    found = contend(SCRATCH, context, ("a", "b"), Facts(8, 2, 32), deadline=200.0, watch=watch)
    assert len(seen) == 5
    assert {steps for what, steps in seen.items() if "setting" in what} == {20}, "all alike"
    assert seen["scratch"] == round(300 * found.trial.part) == found.notes["steps"]
    assert LEAST <= found.trial.part < 0.4
    assert found.notes["pace"] == pytest.approx(1.0)
    assert clock[0] <= 200
