"""What is made from an array is made once, for this very array and key, and goes when the array goes."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from headstart.transfer._once import forget, latest, once
from headstart.transfer.heads.linear import axes


class Made:
    """Something that a weak reference can point to."""


def test_it_is_made_once():
    x = np.zeros(3)
    first = once(x, "a", Made)
    assert all(once(x, "a", Made) is first for _ in range(3))


def test_every_key_has_its_own():
    x = np.zeros(3)
    keys = ["a", ("a", 0.0), ("a", 0.5), ("a", 1, None), "b"]
    found = [once(x, key, Made) for key in keys]
    assert len(set(map(id, found))) == len(keys)
    assert [once(x, key, Made) for key in keys] == found


def test_equal_numbers_in_another_array_are_another_array():
    x = np.arange(4.0)
    copy, view = x.copy(), x[:]
    assert len({id(once(array, "a", Made)) for array in (x, copy, view)}) == 3


def test_nothing_is_a_value_too():
    x, calls = np.zeros(2), []
    assert [once(x, "none", lambda: calls.append(1)) for _ in range(3)] == [None] * 3
    assert calls == [1]


def test_one_may_be_made_of_another():
    x = np.array([3.0, 4.0])
    length = once(x, "length", lambda: once(x, "square", lambda: float(x @ x)) ** 0.5)
    assert length == 5
    assert once(x, "square", Made) == 25


def test_what_failed_is_tried_again():
    x = np.zeros(2)

    def fail():
        raise ArithmeticError("no")

    with pytest.raises(ArithmeticError):
        once(x, "a", fail)
    assert once(x, "a", lambda: 7) == 7


def test_it_is_forgotten_with_its_array_and_no_sooner():
    x, other = np.zeros(3), np.zeros(3)
    gone, stays = (weakref.ref(once(array, "a", Made)) for array in (x, other))
    gc.collect()
    assert gone() is not None
    del x
    gc.collect()
    assert gone() is None
    assert stays() is once(other, "a", Made)


def test_a_new_array_in_the_place_of_an_old_one_is_not_mistaken_for_it():
    places = set()
    for i in range(200):
        x = np.full(3, i, float)
        places.add(id(x))
        assert once(x, "sum", lambda x=x: float(x.sum())) == 3 * i
        del x
    assert len(places) < 200, "else no place was used twice, and this test says nothing"


def test_of_large_things_the_latest_alone_is_kept():
    x = np.zeros(3)
    small, first = once(x, "a", Made), latest(x, "large", 0.0, Made)
    assert latest(x, "large", 0.0, Made) is first
    gone = weakref.ref(first)
    del first
    second = latest(x, "large", 0.5, Made)
    assert gone() is None
    assert latest(x, "large", 0.5, Made) is second
    assert once(x, "a", Made) is small


def test_what_was_made_can_be_forgotten_before_its_array():
    x, other = np.zeros(3), np.zeros(3)
    gone, stays = (weakref.ref(once(array, "a", Made)) for array in (x, other))
    forget(x)
    forget(np.zeros(3))  # of which nothing was made
    assert gone() is None
    assert stays() is once(other, "a", Made)
    assert once(x, "a", Made) is once(x, "a", Made)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("root", [True, False])
def test_axes_are_made_once_a_kind_and_do_not_keep_their_rows(root, dtype):
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(dtype)
    found = axes(x, root=root)
    assert axes(x, root=root) is found
    assert axes(x, root=not root) is not found
    alive = weakref.ref(x)
    del x, found
    gc.collect()
    assert alive() is None
