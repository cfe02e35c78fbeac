"""Temperature scaling: what kinds with probabilities share of it.

In: a loss as a function of the temperature, and how far logits spread. Out: the temperature of the lowest loss.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import UsageError

COLDEST, HOTTEST = 0.02, 100.0  # what `lowest` searches, in units of the logits' own spread


def lowest(loss: Callable[[float], float], spread: float) -> float:
    """Where `loss(temperature)` is lowest: a bounded search on log T; 1 where all logits are equal (no spread).

    The bounds are multiples of the spread, so that the answer does not depend on the unit a strategy counts scores in.
    """
    from scipy.optimize import minimize_scalar

    if spread == 0:
        return 1.0
    bounds = (np.log(COLDEST * spread), np.log(HOTTEST * spread))
    found = minimize_scalar(lambda t: loss(float(np.exp(t))), bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def check(temperature: float) -> None:
    """Whether logits can be divided by it.

    Raises:
        UsageError: it is not a positive number.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise UsageError(f"A temperature of {temperature} was given; it must be above 0. Leave it at 1 for no scaling.")
