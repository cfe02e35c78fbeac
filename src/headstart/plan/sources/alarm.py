"""Holding a source against its own architecture with random weights, on as few examples as tell.

In: a source that was looked through. Out: what the examples say of it and of its twin, or why that was not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...types import Source
from .evidence import Evidence
from .limits import Limits
from .timed import Timed

ASKED = 256  # examples, unless the fewer ones of the first round tell by SURE standard errors
SURE = 4.0
SAFE = 6.0  # errors ahead of another's twin that spare a source its own: of the 3 alarms in 77 pairs none was so far


@dataclass
class Alarm:
    """Of one choice.

    Attributes:
        timed: looks.
        limits: what time and memory allow.
        leave: lets a network go.
        few: examples of the first round.
        spares: whether a source far ahead of the twin that was asked last is spared its own.
    """

    timed: Timed
    limits: Limits
    leave: Callable[[Source], None]
    few: int
    spares: bool = True
    _twin: Evidence | None = None

    def ask(self, source: Source, known: Mapping[int, Evidence]) -> tuple[Evidence, Evidence] | str:
        """What the same examples say of the source and of its twin; or why it was not asked.

        Args:
            source: see there.
            known: what is known of it, by the number of examples.
        """
        most = min(ASKED, len(self.timed.order))
        if self._twin and self.spares and self.few in known:
            ahead = -known[self.few].behind(self._twin)
            if ahead >= SAFE:
                return f"{ahead:.0f} standard errors ahead of {self._twin.source}'s architecture with these"
        n, why = self.limits.alarm(source, (most, min(most, max(known))))
        if why:
            return why
        for asked in dict.fromkeys((min(self.few, n), n)):
            ours = known.get(asked) or self.timed.evidence(source, asked)
            self.leave(source)  # its twin needs the room
            theirs = self.timed.evidence_random(source, asked)
            self._twin = theirs if asked == self.few else self._twin
            if -ours.behind(theirs) >= SURE:
                break
        return ours, theirs
