"""Learning-rate schedules as functions of the step: nothing to save, nothing to restore.

Each takes the step (0 … steps − 1), the number of steps and the share of them that warms up; it returns the share of
the peak rate and AdamW's first momentum.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int, int, float], tuple[float, float]]


def one_cycle(step: int, steps: int, warmup: float) -> tuple[float, float]:
    """Cosine from peak/25 up to the peak and down to peak/250,000, momentum against it from 0.95 to 0.85 and back.

    Smith & Topin 2018, Super-convergence; torch's OneCycleLR of steps + 1 steps, whose last rate is not used.

    >>> [round(one_cycle(step, 9, 0.5)[0], 3) for step in (0, 4, 8)]
    [0.04, 1.0, 0.095]
    """
    top = warmup * (steps + 1) - 1  # where the peak is; not a whole number, and −1 without warm-up
    up = step < top
    passed = step / top if up else (step - top) / (steps - top)
    half = (1 - math.cos(math.pi * passed)) / 2  # 0 → 1
    height = half if up else 1 - half
    floor = 1 / 25 if up else 1 / 25 / 1e4
    return floor + (1 - floor) * height, 0.95 - 0.1 * height


def slanted(step: int, steps: int, warmup: float) -> tuple[float, float]:
    """Slanted triangular: straight up from peak/32 over the warm-up, straight down to peak/32; momentum 0.9.

    Howard & Ruder 2018, Universal Language Model Fine-tuning, section 3.2, with cut_frac = warmup and ratio = 32. The
    way down is `steps` − cut long; the paper's cut · (1/cut_frac − 1) is the same where steps · cut_frac is whole, and
    else too short, which would end in negative rates.

    >>> [slanted(step, 20, 0.1)[0] for step in (0, 2, 20)]
    [0.03125, 1.0, 0.03125]
    """
    cut = math.floor(steps * warmup)
    height = step / cut if step < cut else 1 - (step - cut) / max(1, steps - cut)
    return (1 + height * 31) / 32, 0.9


SCHEDULES: dict[str, Schedule] = {"one-cycle": one_cycle, "slanted": slanted}
