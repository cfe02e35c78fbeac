"""Predicted seconds and bytes: what they are made of, and what a timed source teaches."""

import pytest

from headstart.plan import cost
from headstart.source import _catalogue

LITE0, LITE2 = _catalogue.get("efficientnet-lite0"), _catalogue.get("efficientnet-lite2")


def test_fetching_is_counted_where_the_weights_are_not_there_and_starting_but_once():
    pace = cost.Pace()
    away, here, begun = (
        pace.predict(LITE0, 100, here=h, begun=b) for h, b in ((False, False), (True, False), (True, True))
    )
    assert away.fetch == pytest.approx(4 * LITE0.params / 4e6)
    assert (here.fetch, begun.fetch, begun.start) == (0, 0, 0)
    assert away.seconds - away.fetch == pytest.approx(here.seconds)
    assert here.seconds == pytest.approx(begun.seconds + here.start)


def test_twice_the_examples_cost_twice_as_much_and_a_larger_network_more():
    pace = cost.Pace()
    assert pace.predict(LITE0, 200, here=True).look == pytest.approx(2 * pace.predict(LITE0, 100, here=True).look)
    assert pace.predict(LITE2, 100, here=True).look > pace.predict(LITE0, 100, here=True).look
    assert pace.predict(LITE0, 10_000, here=True).memory - pace.predict(LITE0, 0, here=True).memory == pytest.approx(
        10_000 * sum(LITE0.widths) * 4
    )


def test_a_timed_source_is_predicted_as_it_was_and_others_by_their_multiply_adds():
    pace = cost.Pace(per_example=0.01).learn(LITE0, 100, 5.0, begun=True)
    assert pace.predict(LITE0, 100, here=True, begun=True).seconds == pytest.approx(5.0)
    expected = 100 * (0.01 + (0.05 - 0.01) * LITE2.macs / LITE0.macs)
    assert pace.predict(LITE2, 100, here=True, begun=True).seconds == pytest.approx(expected)


def test_the_source_with_most_multiply_adds_sets_their_pace_and_one_with_hardly_any_teaches_none():
    """A table of token vectors takes its time for other things: by its multiply-adds a network would take hours."""
    wordllama, minilm, mpnet = map(_catalogue.get, ("wordllama", "minilm-l6", "mpnet-base"))
    usual = cost.Pace(per_example=1e-4)
    pace = usual.learn(wordllama, 128, 0.5, begun=True)
    assert pace.predict(minilm, 128, here=True) == usual.predict(minilm, 128, here=True)
    assert pace.predict(wordllama, 256, here=True, begun=True).look == pytest.approx(1.0)
    pace = pace.learn(mpnet, 128, 12.8, begun=True).learn(minilm, 128, 6.4, begun=True)
    assert pace.per_mac == pytest.approx((0.1 - 1e-4) / mpnet.macs)


def test_fetching_tells_the_pace_of_the_line():
    pace = cost.Pace().fetched(LITE0, 40.0)
    assert pace.predict(LITE0, 1, here=False).fetch == pytest.approx(40.0)
    assert pace.predict(LITE2, 1, here=False).fetch == pytest.approx(40.0 * LITE2.params / LITE0.params)


def test_starting_is_not_taken_for_looking():
    begun = cost.Pace().learn(LITE0, 100, 10.0, begun=True)
    fresh = cost.Pace().learn(LITE0, 100, 10.0 + cost.START + cost.PER_PARAM * LITE0.params, begun=False)
    assert fresh.per_mac == pytest.approx(begun.per_mac)


def test_nothing_looked_at_teaches_nothing():
    pace = cost.Pace()
    assert pace.learn(LITE0, 0, 3.0, begun=True) == pace


def test_free_memory_is_less_than_the_machine_has():
    import os

    assert 0 < cost.free_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
