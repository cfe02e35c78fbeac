"""How much of its usual training a rival is given where time is short, by its own pace.

Without a rival there is no verdict, and one that is cut short flatters reuse. So it keeps its whole search, all
settings compared by runs of one length, and every schedule becomes as long as the time allows; not below `LEAST`, where
it would have shown nothing. In: the steps of its runs, and their pace. Knows no strategy.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from .remaining import Slow

LEAST = 0.25  # of its usual steps
SAFE = 0.85  # of the time left that may be planned: a pace varies, and quick candidates come after


@dataclass
class Length:
    """That of one rival's search.

    Attributes:
        short: share of the usual steps in which its settings are compared.
        settings: how many these are.
        deadline: as of `time.monotonic()`.
        gives_up: whether it may end after its short runs: then these are kept whole if the least fits behind them.
        part: of the usual steps, what it is given.
        lacking: seconds that the whole would have taken more.
    """

    short: float
    settings: int
    deadline: float
    gives_up: bool = False
    part: float = 1.0
    lacking: float = 0.0
    _steps: float = 0.0  # of one usual training

    @property
    def cut(self) -> bool:
        """Whether it is given less than all."""
        return self.part < 1

    def too_long(self, steps: int, pace: float) -> bool:
        """Whether the search must begin anew with shorter runs.

        Args:
            steps: of the first short run, which is under way or done.
            pace: seconds for one of them.

        Raises:
            Slow: not even the least would fit.
        """
        self._steps = steps / self.short
        whole, left = self._steps * pace, self.deadline - time.monotonic()
        rest = whole * ((self.settings - 1) * self.short + (LEAST if self.gives_up else 1.0))
        if rest <= SAFE * left:
            return False
        self.part = self._fits(whole * (self.settings * self.short + 1), left)
        return self.cut

    def of_last(self, pace: float) -> float:
        """The part of its steps that the last, long run is given, after the short run of the setting that was chosen.

        Raises:
            Slow: it would be less than the least.
        """
        self.part = self._fits(self._steps * pace, self.deadline - time.monotonic())
        return self.part

    def _fits(self, whole: float, left: float) -> float:
        """The part, in whole hundredths, of what takes `whole` seconds."""
        lacking = whole / SAFE - left
        self.lacking = max(self.lacking, lacking)
        if LEAST * whole > left:
            what = f"{100 * LEAST:.0f} % of its steps, the least that counts,"
            raise Slow(
                f"{what} would take about {LEAST * whole:.0f} s more, and {max(left, 0.0):.0f} s were left", lacking
            )
        return min(1.0, max(LEAST, math.floor(100 * SAFE * left / whole) / 100))
