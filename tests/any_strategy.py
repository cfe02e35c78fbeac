"""A drawn task for any strategy, whatever it looks at: pooled features, maps at a cut, or pixels."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache

import numpy as np

import drawn_task
import tiny_tail
from headstart.family import load, names
from headstart.runtime import one_blas_thread
from headstart.transfer._base import Head
from headstart.types import Facts, Features, Fitted, View, Work

STRATEGIES = names("transfer")
LONG = [name for name in STRATEGIES if load("transfer", name).RUNG < 1]
TUNED = [name for name in LONG if hasattr(load("transfer", name).Config(), "parts")]  # learn parts of the source
SIDE = 40


def view_of(name: str, facts: Facts) -> View:
    """The strategy's first view."""
    strategy = load("transfer", name)
    view = strategy.views(["tiny"])[0]
    return strategy.fit_view(view, facts) if hasattr(strategy, "fit_view") else view


def look(name: str, n: int, k: int, seed: int, side: int = SIDE) -> Features:
    """What the strategy would be shown of a drawn task; small pictures, so that networks are quick."""
    view = view_of(name, Facts(n, k, side))
    if view.source is None:
        return drawn_task.pictures(n, k, seed, view.size)
    if view.depth == "top":
        return drawn_task.features(n, k, seed)
    return tiny_tail.look(view.depth, n, k, seed, 2 if hasattr(load("transfer", name), "copies") else 1)


def work_for(name: str, train: Features, k: int, *, share: float | None = None, **how: object) -> Work:
    """As short as the strategy lets its settings be compared, unless told otherwise."""
    view = view_of(name, Facts(len(train.y), k, SIDE))
    made = Work(train, k, view, share=load("transfer", name).RUNG if share is None else share)
    if view.source:
        made = replace(made, source=tiny_tail.source(), weights=tiny_tail.weights())
    return replace(made, **how)


def first_setting(name: str, n: int, k: int) -> object:
    """Of the settings that the strategy would compare, the first, for no more steps than its epochs have."""
    return brief(load("transfer", name).settings(Facts(n, k, SIDE))[0])


def brief(config: object) -> object:
    """Without a least number of steps, where there is one."""
    return replace(config, least=0) if hasattr(config, "least") else config  # type: ignore[type-var]


@cache
def fitted(name: str, n: int, k: int) -> tuple[Head, object, Features]:
    """A head of the first setting on a drawn task; shared by the tests that only look at it."""
    train, config = look(name, n, k, 1), first_setting(name, n, k)
    return tiny_tail.drain(load("transfer", name).run(config, work_for(name, train, k)))[0], config, train


def as_fitted(name: str, head: Head, config: object, k: int) -> Fitted:
    """What the search makes of a head."""
    labels = tuple("猫 dog ñandú é\u2028x z 6 7".split(" ")[:k])
    view = view_of(name, Facts(24, k, SIDE))
    return Fitted(name, view, asdict(config), labels, head.state, head.trained_params, 0, 1.5)


def read(name: str, head: Head, config: object, x: np.ndarray, k: int) -> np.ndarray:
    """The logits of new rows, [n k]."""
    fitted_ = as_fitted(name, head, config, k)
    known = (tiny_tail.source(), tiny_tail.weights()) if fitted_.view.source else ()
    return load("transfer", name).logits(fitted_, x, *known)


@contextmanager
def quick() -> Iterator[None]:
    """Each training collects garbage: not also that of all tests before. Two BLAS threads would wait for each other."""
    import accelerate  # noqa: F401 - what is imported now is not gone through later

    tiny_tail.weights()
    gc.collect()
    gc.freeze()
    with one_blas_thread(0):
        yield
    gc.unfreeze()
