"""Ctrl-C: the first press ends early with what there is to show, the second one stops at once.

A press may come at any moment: while a library is being imported, or between two steps that belong together. So where
there is something to show (`promise`), the first press is told and noted, and the work ends at the next place where it
says how far it is (`poll`). Where there is nothing, and at the second press, `KeyboardInterrupt` is raised at once, but
for an import, which is let end first: a half-imported library would trouble whoever goes on in this process. Only the
main thread hears presses, and only where nobody else (a person's handler, `nohup`) listens.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

Watch = Callable[[str, int, int], None]
AGAIN = "press Ctrl-C again to stop at once"
_WAIT = 0.05  # seconds after which a press during an import is looked at again


class Presses:
    """What Ctrl-C asks for; `presses` below is the process's own."""

    def __init__(self) -> None:
        self.early = False  # a person asked for what there is to show
        self.hard = False  # … or to stop at once
        self._promise: Callable[[], str] | None = None
        self._cut = self._due = False
        self._later: threading.Timer | None = None  # of a press during an import
        self._outermost: FrameType | None = None  # who listens

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen while the block works. What a library makes of an interruption becomes `KeyboardInterrupt` again."""
        if self._outermost is not None:  # another block of ours listens around this one
            yield
            return
        self.__init__()  # type: ignore[misc] # as new
        main = threading.current_thread() is threading.main_thread()
        listening = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if listening:
            signal.signal(signal.SIGINT, self._press)
        self._outermost = sys._getframe(2)  # beyond contextlib's own
        try:
            yield
        except Exception as problem:
            if self.hard or self._later is not None:
                raise KeyboardInterrupt from problem
            raise
        else:
            if self._later is not None:  # the work ended before the press was looked at again
                raise KeyboardInterrupt
        finally:
            if self._later is not None:
                self._later.cancel()
            self._outermost = None
            if listening:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def promise(self, words: Callable[[], str] | None, *, cut: bool = False) -> None:
        """What a first press would lead to from here on, or None where there is nothing to show yet.

        Args:
            words: give the line that the person is told, such as "finishing the final models, about 30 s".
            cut: whether the work at hand is left then, by `KeyboardInterrupt` at the next `poll`.
        """
        self._promise, self._cut = words, cut
        self._due = self._due and cut

    def poll(self) -> None:
        """Raise `KeyboardInterrupt` where a press asks for it; called between steps."""
        if self.hard or self._due:
            self._due = False
            raise KeyboardInterrupt

    def polling(self, watch: Watch | None) -> Watch:
        """The same `watch(what, done, of)`, or one that says nothing, which polls each time that it is called."""

        def told(what: str, done: int, of: int) -> None:
            if watch is not None:
                watch(what, done, of)
            self.poll()

        return told

    def _press(self, number: int, frame: FrameType | None) -> None:
        self._later = None
        if self._importing(frame):
            self._later = threading.Timer(_WAIT, os.kill, (os.getpid(), number))
            self._later.daemon = True
            self._later.start()
        elif self.early or self._promise is None:
            self.hard = True
            raise KeyboardInterrupt
        else:
            self.early, self._due = True, self._cut
            _say(f"{self._promise()}; {AGAIN}")

    def _importing(self, frame: FrameType | None) -> bool:
        """Whether the block that listens is importing something."""
        while frame is not None and frame is not self._outermost:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return True
            frame = frame.f_back
        return False


def _say(line: str) -> None:
    """Straight to standard error: a buffered stream may be in the middle of a line, and must not be entered twice."""
    with suppress(OSError):
        os.write(2, f"\nheadstart: {line}\n".encode())


presses = Presses()
