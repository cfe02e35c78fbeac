"""The share of all steps that have their tag. In: answers `[seeds n]` and truth `[n]`, a row of tags each."""

from __future__ import annotations

import numpy as np

from ..bootstrap import Sums
from .accuracy import value

__all__ = ["BETTER", "PART", "TITLE", "sums", "value"]
TITLE, PART, BETTER = "steps right", True, 1


def sums(answers, y, k):
    """Of steps; an example won has all of its steps right, and is as long as most."""
    right = [[(given == true).sum() for given, true in zip(seed, y, strict=True)] for seed in answers]
    steps = np.array([len(true) for true in y], np.float64)
    rows = np.stack([np.array(right, np.float64), np.tile(steps, (len(answers), 1))], 2)
    won, lost = (np.tile([[[part * steps.mean(), steps.mean()]]], (len(answers), 1, 1)) for part in (1.0, 0.0))
    return Sums(rows, won, lost)
