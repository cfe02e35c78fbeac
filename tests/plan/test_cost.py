"""What a source takes: measured seconds for examples of any length, guesses before that, memory, and who is heavy."""

import os

import pytest

from headstart.plan import cost, remaining
from headstart.source import _catalogue
from headstart.types import Example

LITE0, MPNET = _catalogue.get("efficientnet-lite0"), _catalogue.get("mpnet-base")


def texts(*lengths: int) -> list[Example]:
    return [Example(f"row {at}", f"{at:064x}", "x" * length) for at, length in enumerate(lengths)]


def test_long_texts_take_longer_than_short_ones_up_to_what_a_source_reads():
    pace = cost.Pace(start=1.0, each=0.001)
    short, long, longest = (pace.look(texts(n)) for n in (10, 1000, 100_000))
    assert (short, long) == pytest.approx((0.001 * (cost.STEADY + 10), 0.001 * (cost.STEADY + 1000)))
    assert longest == pytest.approx(0.001 * (cost.STEADY + cost.LONGEST))
    assert pace.look(texts(10, 1000)) == pytest.approx(short + long)
    assert cost.Pace(1.0, 0.5).look([Example("a.jpg", "a")] * 4) == 2.0


def test_a_run_takes_a_look_at_all_and_a_long_training():
    assert cost.Pace(1.0, 0.01).run([Example("a.jpg", "a")] * 100) == pytest.approx(0.01 * (100 + cost.LONG))


@pytest.mark.parametrize("lengths", [range(0, 3000, 10), [2000] * 300, [5] * 300, [5] * 150 + [1500] * 150])
def test_the_few_that_are_timed_are_as_long_as_all(lengths):
    """So that seconds for one unit of size, taken from these, hold for the others."""
    known = texts(*lengths)
    some = cost.few(known)
    assert len(set(some)) == len(some) <= 140
    rest = some[cost.WARM :]
    assert len(rest) >= cost.FEW
    mean = [sum(map(cost.size, part)) / len(part) for part in (rest, known)]
    assert mean[0] == pytest.approx(mean[1], rel=0.1)


def test_few_pictures_and_whatever_there_is():
    pictures = [Example(f"{at}.jpg", str(at)) for at in range(100)]
    assert len(cost.few(pictures)) == cost.WARM + cost.FEW
    assert [cost.few(pictures[:n]) for n in (0, 1, 2)] == [pictures[:n] for n in (0, 1, 2)]
    assert set(cost.few(pictures[:5])) == set(pictures[:5])


def test_a_guess_goes_by_the_record():
    assert cost.guess(MPNET).start > cost.guess(LITE0).start
    assert cost.guess(MPNET).look(texts(320)) > cost.guess(LITE0).look([Example("a.jpg", "a")])
    assert cost.fetching(LITE0) == pytest.approx(4 * LITE0.params / 4e6)


def test_memory_counts_the_process_the_network_and_the_features():
    none, begun = (cost.memory(MPNET, 0, begun=b) for b in (False, True))
    assert none - begun == pytest.approx(cost.HELD * MPNET.params + cost.ROOM, rel=0.01)
    assert begun == pytest.approx(remaining.resident(), rel=0.1)
    more = cost.memory(MPNET, 10_000, begun=True) - cost.memory(MPNET, 0, begun=True)
    assert more == pytest.approx(cost.COPIES * 4 * 10_000 * sum(MPNET.widths), rel=0.01)


def test_free_memory_is_less_than_the_machine_has():
    assert 0 < cost.free_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
