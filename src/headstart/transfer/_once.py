"""What is made from an array is made once, and forgotten with it: the settings of one search share their rows."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from numpy.typing import NDArray

Made = TypeVar("Made")

_kept: dict[int, dict[Hashable, Any]] = {}  # by id of the array; an entry goes when its array does


def once(x: NDArray[Any], key: Hashable, make: Callable[[], Made]) -> Made:
    """`make()`, or what it gave before for this very array and key. The array must not be written to meanwhile.

    >>> import numpy as np
    >>> x, calls = np.zeros(2), []
    >>> [once(x, "sum", lambda: calls.append(1) or float(x.sum())) for _ in range(3)], len(calls)
    ([0.0, 0.0, 0.0], 1)
    """
    if id(x) not in _kept:
        _kept[id(x)] = {}
        weakref.finalize(x, _kept.pop, id(x), None)
    known = _kept[id(x)]
    if key not in known:
        known[key] = make()
    made: Made = known[key]
    return made


def latest(x: NDArray[Any], what: str, key: Hashable, make: Callable[[], Made]) -> Made:
    """As `once`, for what is large: with another key what was made under the last one goes.

    >>> import numpy as np
    >>> x, calls = np.zeros(2), []
    >>> [latest(x, "sum", key, lambda: calls.append(1) or len(calls)) for key in (1, 1, 2, 1)]
    [1, 1, 2, 3]
    """
    known: dict[Hashable, Made] = once(x, what, dict)
    if key not in known:
        known.clear()
        known[key] = make()
    return known[key]


def forget(x: NDArray[Any]) -> None:
    """What was made from this array goes; who asks again has it made anew."""
    _kept.get(id(x), {}).clear()
