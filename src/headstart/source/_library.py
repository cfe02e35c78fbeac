"""Libraries that know a model hub, imported with the hub off.

A person's own `HF_HUB_OFFLINE` is respected; unset, it is 1 while the library is imported, which is when it is read.
Afterwards it is unset again: what `hub.py` starts may go out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from .. import runtime
from ..errors import HeadstartError, SourceError
from . import _cure

_NAME = "HF_HUB_OFFLINE"


def library(name: str) -> Any:  # noqa: ANN401 - without types
    """The module, ready to use."""
    asked = _NAME in os.environ
    os.environ.setdefault(_NAME, "1")
    runtime.quiet_threads()
    try:
        _cure.cure()
        return import_module(name)
    finally:
        if not asked:
            del os.environ[_NAME]


@contextmanager
def stumbling(what: str) -> Iterator[None]:
    """What a library raises over a stranger's settings or weights, in all its ways, becomes a `SourceError`.

    Args:
        what: the first half of the message: who does not get along with what.
    """
    try:
        yield
    except HeadstartError:
        raise
    except Exception as problem:  # assertions, indices, divisions by zero, checks of the library's own making
        why = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
        raise SourceError(f"{what} ({why}). Correct the file's settings, or save the model again.") from problem
