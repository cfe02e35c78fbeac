"""What can go wrong, and what the person should do about it.

HeadstartError
├── UsageError        wrong option or name; exit code 2
│   └── UnknownName   no such strategy, source, engine …; suggests the nearest
├── DataError         the person's data cannot be used as it is; exit code 3
├── SourceError       a pre-trained model cannot be had or is not what it should be; exit code 3
├── EngineError       the forced engine or device is not there; exit code 2
└── BudgetError       time ran out with nothing to show; exit code 4

Every message says three things: what was given, what is allowed, what to do next.
"""

from __future__ import annotations


class HeadstartError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(HeadstartError):
    """An option, argument or name is wrong."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is no member of its family.

    >>> print(UnknownName("strategy", "prob", ["probe", "svm"]))
    There is no strategy 'prob'. Did you mean 'probe'? Known: probe, svm.
    """

    def __init__(self, what: str, given: str, known: list[str]) -> None:
        from difflib import get_close_matches

        near = get_close_matches(given, known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        super().__init__(f"There is no {what} '{given}'.{hint} Known: {', '.join(known) or 'none'}.")


class DataError(HeadstartError):
    """The data cannot be used as it is."""

    exit_code = 3


class SourceError(HeadstartError):
    """A pre-trained model cannot be fetched, or its bytes are not the promised ones."""

    exit_code = 3


class EngineError(UsageError):
    """The engine or device that was asked for is not available here."""


class BudgetError(HeadstartError):
    """The time budget ended before anything was finished."""

    exit_code = 4
