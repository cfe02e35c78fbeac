"""Who listens to training: told of every step of every run of a strategy, by its name; off unless somebody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .types import Progress

Listener = Callable[[str, Progress], None]  # ("scratch: setting 1 of 4", how far it is)
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within, what is trained tells this one.

    >>> with listening(lambda name, step: print(name, step.loss)):
    ...     told("scratch", Progress(1, 10, loss=0.5))
    scratch 0.5
    """
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def told(name: str, step: Progress) -> None:
    """Pass a step on."""
    if listener := _listener.get():
        listener(name, step)
