"""Which sources are not started: nothing to gain, or two in a row that are far behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from drawn_eyes import Drawn, source, task
from headstart.plan.sources import chances
from headstart.plan.sources.evidence import Evidence
from headstart.plan.sources.rounds import Rounds


def seen(key: str, wrong: int, n: int = 80) -> Evidence:
    right = np.arange(n) >= wrong
    return Evidence(key, np.where(right, 0.1, 2.0) + 0.01 * (np.arange(n) % 3), right.astype(float))


def never(heavy: str, light: str) -> bool:
    return False


def test_where_one_errs_hardly_ever_only_much_lighter_ones_are_tried():
    known = [seen("a", 2), seen("b", 30)]
    assert "a errs on 2 of 80" in chances.none("c", known, 2, never)
    assert not chances.none("c", known, 2, lambda heavy, light: (heavy, light) == ("a", "c"))
    assert not chances.none("c", [seen("a", 3), seen("b", 30)], 2, never), "one more wrong answer: something to gain"
    assert not chances.none("c", known[:1], 2, never), "as many as go on are always looked through"
    assert not chances.none("c", [seen("a", 0, 30), seen("b", 9, 30)], 2, never), "of few examples that says little"


def test_after_two_in_a_row_that_are_far_behind_none_is_tried():
    best, near, far, further = seen("a", 8), seen("b", 9), seen("c", 40), seen("d", 50)
    assert "c (" in chances.none("e", [best, near, far, further], 2, never)
    assert not chances.none("e", [best, near, far], 2, never)
    assert not chances.none("e", [best, near, far, seen("d", 10)], 2, never)
    assert not chances.none("e", [best, further, far], 2, never), "the likely ones do not count"


def test_those_with_a_published_accuracy_come_first_then_the_lightest():
    proven, light, heavy = (source(key, macs=macs) for key, macs in (("p", 9), ("l", 1), ("h", 5)))
    light, heavy = (replace(s, published=None) for s in (light, heavy))
    assert [s.key for s in chances.line([heavy, light, proven])] == ["p", "l", "h"]


def test_a_choice_names_who_was_not_started_and_starts_it_not():
    eyes = Drawn({"a": 8.0, "b": 7.9, "c": 0.05, "d": 0.0, "e": 8.1})
    found = Rounds(task(), [source(key) for key in eyes.sharp], eyes, alarm=False).run()
    assert [e.source for e in found.left_out if e.left == chances.NEEDLESS] == [*"cde"]
    assert {key for key, _ in eyes.looked} == {"a", "b"}
    assert not found.stopped
    eyes = Drawn({"a": 1.2, "b": 1.2, "c": 0.05, "d": 0.0, "e": 3.1})
    found = Rounds(task(), [source(key) for key in eyes.sharp], eyes, alarm=False).run()
    (left,) = found.left_out
    assert (left.source, left.status) == ("e", "dropped")
    assert "c (" in left.reason
