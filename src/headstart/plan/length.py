"""How a training keeps to its time: when it is given up, and how much of its usual length a rival is given.

Without a rival there is no verdict, and one that is cut short flatters reuse. So it keeps its whole search, all
settings compared by runs of one length, and every schedule becomes as long as the time allows; not below `LEAST`, where
it would have shown nothing. In: the steps of its runs, and their pace. Knows no strategy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import BudgetError
from ..types import Progress
from .remaining import EARLY, SURE, Slow, in_time

LEAST = 0.25  # of its usual steps
FEWEST = 20  # steps, below which no run is cut
SAFE = 0.85  # of the time left that may be planned: a pace varies, and quick candidates come after


@dataclass
class Length:
    """That of one rival's search.

    Attributes:
        short: share of the usual steps in which its settings are compared.
        settings: how many these are.
        deadline: as of `time.monotonic()`.
        gives_up: whether it may end after its short runs: then these are kept whole if the least fits behind them.
        grace: seconds behind it that the last run may take, which was planned to end before.
        part: of the usual steps, what it is given.
        lacking: seconds that the whole would have taken more.
    """

    short: float
    settings: int
    deadline: float
    gives_up: bool = False
    grace: float = 0.0
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
        left, search = self.deadline - time.monotonic(), (self.settings - 1) * self.short
        rest = self._steps * pace * (search + (LEAST if self.gives_up else 1.0))
        if rest <= SAFE * left:
            return False
        self.part = self._fits(lambda part: pace * (self.settings * self._compared(part) + part * self._steps), left)
        return self.cut

    def of_last(self, pace: float) -> float:
        """The part of its steps that the last, long run is given, after the short run of the setting that was chosen.

        Raises:
            Slow: it would be less than the least.
        """
        left = self.deadline - time.monotonic()
        self.part = self._fits(lambda part: pace * part * self._steps, left)
        return self.part

    def _compared(self, part: float) -> float:
        """Steps of a short run then."""
        return max(FEWEST, part * self.short * self._steps)

    def _fits(self, takes: Callable[[float], float], left: float) -> float:
        """The largest part, in whole hundredths, that takes no more than can be planned, or the least."""
        lacking = takes(1.0) / SAFE - left
        self.lacking = max(self.lacking, lacking)
        if takes(LEAST) > left + self.grace:
            what = f"{100 * LEAST:.0f} % of its steps, the least that counts,"
            raise Slow(
                f"{what} would take about {takes(LEAST):.0f} s more, and {max(left, 0.0):.0f} s were left", lacking
            )
        parts = (at / 100 for at in range(100, round(100 * LEAST), -1))
        return next((part for part in parts if takes(part) <= SAFE * left), LEAST)


def pace(passed: Sequence[tuple[float, int]]) -> float:
    """Seconds a step, of (when, steps done): between the first and the last that were told, as a start takes longer."""
    told = passed[1:] if len(passed) > 2 and passed[-1][1] > passed[1][1] else passed
    return (told[-1][0] - told[0][0]) / max(1, told[-1][1] - told[0][1])


def drain(
    context: Generator[Progress, None, Any], deadline: float | None, tell: Callable[[Progress], None]
) -> tuple[Any, list[dict[str, float]]]:
    """Run a strategy to its end; returns its head and its curve.

    Raises:
        BudgetError: at the deadline; or before, as `Slow`, where the steps so far tell that it would not be done.
    """
    curve: list[dict[str, float]] = []
    first: tuple[float, Progress] | None = None
    while True:
        if deadline is not None and time.monotonic() > deadline:
            context.close()
            raise BudgetError("The time budget ended. Give more with --budget, e.g. --budget 10m.")
        try:
            step = next(context)
        except StopIteration as stop:
            return stop.value, curve
        tell(step)
        now = time.monotonic()
        if first is None or step.steps != first[1].steps or step.step <= first[1].step:
            first = now, step  # also where another phase begins
        elif deadline is not None and now - first[0] > SURE:
            rest = EARLY * (step.steps - step.step) * (now - first[0]) / (step.step - first[1].step)
            in_time(rest, deadline - now, f"{step.steps - step.step} of {step.steps} steps")
        curve.append({k: v for k, v in asdict(step).items() if v is not None and k != "steps"})
