"""Whether other training seeds of the finalists could change the verdict, foretold from validation.

A finalist in whose training chance plays a part is trained with several seeds, so that the verdict's interval knows
their spread. Where validation foretells an interval so far beyond the margin that no such spread reaches it, one
training is enough, and the verdict says that it rests on one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .choice import Validated, standard_error

SPREAD = 0.03  # standard deviation of right answers over seeds that is allowed for; scratch: 0.5 to 3 points measured
SURE = 1.3  # standard errors by which the foretold interval must lie beyond the margin
HALF = 1.96  # standard errors from the middle of a 95 % interval to its end


def settled(transfer: Validated, rivals: Sequence[Validated], n_test: int, margin: float) -> bool:
    """Whether `transfer` is so far ahead of every rival that other seeds would not change "helps".

    With d the difference of right answers on the examples that both were compared on, s its standard error there and t
    that foretold for the test: d − margin − 1.96 t ≥ `SURE` · √(s² + t² + `SPREAD`²). In simulations of 49 to 500
    validation and 105 to 500 test examples whose trainings spread by 3 points (`tests/plan/test_repeats.py`) the
    decision of three seeds was another than that of one in at most 1.7 % of the cases called settled.

    Args:
        transfer: the best that reuses.
        rivals: all that start fresh.
        n_test: examples of the sealed test.
        margin: of practical equivalence, as a share of right answers.
    """
    return all(_ahead(transfer, rival, n_test, margin) for rival in rivals)


def _ahead(transfer: Validated, rival: Validated, n_test: int, margin: float) -> bool:
    n = min(len(transfer.right), len(rival.right))
    gaps = transfer.right[-n:].astype(float) - rival.right[-n:].astype(float)
    here = math.hypot(standard_error(gaps, transfer.groups), 1 / n)  # of few alike gaps the error would be none
    there = here * math.sqrt(n / n_test)
    return float(gaps.mean()) - margin - HALF * there >= SURE * math.hypot(here, there, SPREAD)
