"""Watch real functions being called, with nothing put in their place."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calls(*functions: Callable[..., Any]) -> Iterator[dict[Callable[..., Any], list[dict[str, Any]]]]:
    """Of each Python function the arguments of each call (a generator's: of each turn), in threads begun inside too."""
    seen: dict[Callable[..., Any], list[dict[str, Any]]] = {function: [] for function in functions}
    codes = {function.__code__: function for function in functions}

    def note(frame: Any, event: str, _: object) -> None:
        if event == "call" and (function := codes.get(frame.f_code)):
            seen[function].append(dict(frame.f_locals))

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
