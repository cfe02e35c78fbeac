"""How long a fit may take: what a person said, as seconds.

Said is a duration ("90s", "5m", "1h"), seconds, "none", or nothing ("auto"): then the time grows with the examples. The
same in Python and on the command line.
"""

from __future__ import annotations

import re

from ..errors import UsageError

AUTO, NONE = "auto", "none"
USUAL = 240.0  # seconds of a fit where nobody said how many: with a fifth over and the start of Python, five minutes
EXAMPLES = 3000  # up to so many; of more, time grows in proportion
MEMORY = 3e9  # bytes that such a fit may take
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def asked(budget: str | float | None) -> str | float | None:
    """What was said, checked: seconds, `AUTO`, or None for no limit.

    >>> asked("90s"), asked(90), asked("auto"), asked("none")
    (90.0, 90.0, 'auto', None)

    Raises:
        UsageError: it is no duration.
    """
    if budget is None or budget == AUTO:
        return budget
    if isinstance(budget, str):
        return None if budget.strip().lower() == NONE else seconds(budget)
    if not 0 < budget < float("inf"):
        raise _no_duration(f"{budget:g}")
    return float(budget)


def seconds(text: str) -> float:
    """A duration in seconds.

    >>> seconds("90"), seconds("1.5m"), seconds("2h")
    (90.0, 90.0, 7200.0)

    Raises:
        UsageError: it is no duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    if not match or float(match[1]) == 0:
        raise _no_duration(text)
    return float(match[1]) * _UNITS[match[2]]


def limit(said: str | float | None, n: int) -> float | None:
    """Seconds that a fit of `n` examples may take; None: as many as it needs.

    >>> limit("auto", 500), limit("auto", 6000), limit(90.0, 6000), limit(None, 6000)
    (240.0, 480.0, 90.0, None)
    """
    if isinstance(said, str):
        return USUAL * max(1.0, n / EXAMPLES)
    return said


def _no_duration(given: str) -> UsageError:
    return UsageError(
        f"The budget {given} is no duration; give seconds, minutes or hours: 90, 90s, 5m, 1h; or auto, or none."
    )
