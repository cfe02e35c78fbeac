"""Contrasts: by how much one side is better than others on the same examples, and what may be claimed of it.

In: sums of a metric (`bootstrap.Sums`) by name. Out: differences, intervals, decisions. Knows no task and no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..types import Contrast, Decision, Rival
from . import bootstrap
from ._quantiles import shared
from .bootstrap import Ints, Metric, Sums


@dataclass(frozen=True)
class Compared:
    """Is the first of two sides better on the same examples? `helps` says better, `hurts` worse."""

    decision: Decision
    difference: float  # above 0: the first is better
    interval: tuple[float, float]
    margin: float
    needed: int | None  # examples that would be needed to tell, when these are too few


def decide(difference: float, interval: tuple[float, float], margin: float = 0.01) -> str:
    """Hold an interval against the region of practical equivalence, ±margin (Kruschke 2018).

    Args:
        difference: observed, transfer − rival.
        interval: (low, high) around it, in the same units.
        margin: differences smaller than this are of no practical weight.

    Returns:
        `"helps"` if the whole interval lies above +margin, `"hurts"` if wholly below −margin, else `"no_evidence"`.

    Raises:
        UsageError: a negative margin, or an interval that does not hold the difference.

    >>> decide(0.236, (0.163, 0.307)), decide(0.02, (0.005, 0.04)), decide(-0.1, (-0.15, -0.05))
    ('helps', 'no_evidence', 'hurts')
    """
    low, high = interval
    if margin < 0 or not low <= difference <= high:
        raise UsageError(
            f"Difference {difference:g}, interval {low:g} to {high:g} and margin {margin:g} were given; the interval "
            "must hold the difference and the margin be 0 or more. Take all three from the same comparison."
        )
    if low > margin:
        return "helps"
    return "hurts" if high < -margin else "no_evidence"


class Contrasts:
    """Comparisons of the answers to the same examples, by trial id; each pair is resampled once."""

    def __init__(
        self,
        measure: Metric,
        sides: Mapping[str, Sums],
        together: Ints | None,
        level: float,
        seed: int,
        resamples: int = bootstrap.RESAMPLES,
    ) -> None:
        self.measure, self.sides, self.together, self.level = measure, sides, together, level
        self.how = {"seed": seed, "resamples": resamples}
        self._known: dict[tuple[str, str], bootstrap.Resampled] = {}

    def of(self, a: str, b: str) -> bootstrap.Resampled:
        """How much better `a` is than `b`."""
        if (a, b) not in self._known:
            one, other = self.sides[a], self.sides[b]
            self._known[a, b] = bootstrap.compare(self.measure, one, other, groups=self.together, **self.how)
        return self._known[a, b]

    def shown(self, transfer: str, rival: str, as_: Rival) -> Contrast:
        """The difference to one rival with its own interval."""
        found = self.of(transfer, rival)
        return Contrast(as_, found.observed, found.interval(self.level))

    def against_all(
        self, transfer: str, rivals: Sequence[str], trained: Sequence[str], margin: float
    ) -> tuple[Compared, str]:
        """The difference to the best of all rivals, whichever that is in truth, and the one that it is here.

        The interval's lower end is the lowest of those to each rival: that transfer beats them all is claimed only
        where each comparison claims it, an intersection-union test, for which each may use the full level (Berger
        1982, Multiparameter Hypothesis Testing and Acceptance Sampling). The upper end is the lowest too, of intervals
        at the level that the number of trained rivals asks for (Bonferroni): that reuse hurts is claimed where any one
        rival beats it, and of several one would by luck.
        """
        hardest = min(rivals, key=lambda key: self.of(transfer, key).observed)
        low = min(self.of(transfer, key).interval(self.level)[0] for key in rivals)
        each = shared(self.level, len(trained))
        high = min(self.of(transfer, key).interval(each)[1] for key in trained or rivals)
        found = compared(
            self.measure, self.of(transfer, hardest).observed, (low, high), self.sides[transfer], self.sides[hardest],
            self.together, margin, self.level,
        )  # fmt: skip
        return found, hardest

    def any_above(self, floor: str, models: Sequence[str]) -> bool:
        """Whether any of these is clearly better than always the same answer; of many one would be by luck."""
        each = shared(self.level, len(models))
        return any(self.of(key, floor).interval(each)[0] > 0 for key in models)

    def better(self, winner: str, transfer: str, rival: str, margin: float) -> str:
        """Whose model is clearly better here than the one handed out: "transfer", "rival", or of neither."""
        low, high = self.of(transfer, winner if winner != transfer else rival).interval(self.level)
        if winner == transfer:
            return "rival" if high < -margin else ""
        return "transfer" if low > margin else ""


def compared(
    measure: Metric,
    difference: float,
    interval: tuple[float, float],
    a: Sums,
    b: Sums,
    together: Ints | None,
    margin: float,
    level: float,
) -> Compared:
    """What a difference of two sides and its interval say; where nothing, how many examples would."""
    decision = decide(difference, interval, margin)
    number = bootstrap.needed(measure, a, b, margin, level, groups=together) if decision == "no_evidence" else None
    return Compared(decision, difference, interval, margin, number)
