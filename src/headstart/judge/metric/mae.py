"""Mean absolute error, in the label's own unit; lower is better, so a difference is the rival's less the candidate's.

In: predicted numbers `[seeds n]` and true ones `[n]`. Out: see `metric/__init__.py`. The sums are the errors and the
examples. Errors have no upper end, so that no example "won by one side" can be named: intervals are widened to
Student's t instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._quantiles import Float64
from ..bootstrap import Sums
from .accuracy import value

__all__ = ["BETTER", "PART", "TITLE", "sums", "value"]

TITLE = "MAE"
PART = False
BETTER = -1


def sums(answers: ArrayLike, y: ArrayLike, k: int = 1) -> Sums:
    """Of absolute errors.

    >>> sums([1.0, 4.0], [1.0, 3.0]).rows.tolist()
    [[[0.0, 1.0], [1.0, 1.0]]]
    """
    errors: Float64 = np.abs(np.atleast_2d(np.asarray(answers, np.float64)) - np.asarray(y, np.float64))
    return Sums(np.stack([errors, np.ones_like(errors)], 2))
