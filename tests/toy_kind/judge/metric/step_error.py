"""Mean absolute error of a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..bootstrap import Sums
from .accuracy import value

__all__ = ["BETTER", "PART", "TITLE", "sums", "value"]
TITLE, PART, BETTER = "step error", False, -1


def sums(answers: ArrayLike, y: ArrayLike, k: int = 1) -> Sums:
    """Of answers [seeds n h]."""
    given = np.asarray(answers, np.float64)
    errors = np.abs((given if given.ndim == 3 else given[None]) - np.asarray(y)).mean(2)
    return Sums(np.stack([errors, np.ones_like(errors)], 2))
