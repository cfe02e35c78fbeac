"""One scale for pictures deeper than 8 bits, and one fit for pictures far from square: chosen by all, said to a person.

In: looks at files. Out: `Pixels` and sentences. A scale of each picture's own would turn one brighter pixel into a
darker picture, and 12 bits in a 16-bit file into night; the middle square of a strip is a small part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import UsageError
from ...kind._words import figures
from ...pixels import FITS, Pixels
from .look import Look

APART = 8.0  # one picture's white over another's, from which on they hardly share a scale
SEEN = 0.5  # part of a picture in its middle square: where the median picture shows less, all of it is taken
ALIKE = 0.25  # standard deviation of log(width / height) up to which squashing changes all shapes alike


def chosen(looks: Sequence[Look], crop: str | None, noun: str = "pictures") -> tuple[Pixels, tuple[str, ...]]:
    """How such pictures are best read, and what to say of it; `crop` is what a person asked for.

    Raises:
        UsageError: there is no such crop.
    """
    if crop not in (None, *FITS):
        raise UsageError(f"--crop {crop} is not known; allowed: {', '.join(FITS)}. Name one of these.")
    fit, notes = (crop, ()) if crop else _fit(looks, noun)
    deep = [look for look in looks if look.high > look.low]
    if not deep:
        return Pixels(fit=fit), notes
    highs = np.array([look.high for look in deep])
    low = float(np.quantile([look.low for look in deep], 0.05))
    high = float(np.quantile(highs, 0.95))
    said = f"{len(deep):,} {noun} have more than 8 bits a pixel. All are read on one scale, {figures(low)} black to "
    said += f"{figures(high)} white, which the model keeps."
    few, most = np.quantile(highs, (0.05, 0.95))
    if most > APART * max(few, 1e-12) and few > 0:
        dim = int((highs * APART < most).sum())
        said += (
            f" But their brightest pixels differ: {figures(float(few))} in some, {figures(float(most))} in others; on "
            f"that scale {dim:,} are nearly black. Bring them to one unit first."
        )
    return Pixels(low, high, fit), (*notes, said)


def _fit(looks: Sequence[Look], noun: str) -> tuple[str, tuple[str, ...]]:
    shapes = np.array([(look.width, look.height) for look in looks if look.width and look.height], float)
    if not len(shapes):
        return "centre", ()
    seen = float(np.median(shapes.min(1) / shapes.max(1)))
    if seen >= SEEN:
        return "centre", ()
    alike = float(np.log(shapes[:, 0] / shapes[:, 1]).std()) <= ALIKE
    fit = "squash" if alike else "letterbox"
    how = "squashed to a square" if alike else "given bars to make a square"
    return fit, (
        f"Of these {noun} the middle square is {100 * seen:.0f} % only: they are {how}, so that all of each is seen "
        f"(--crop centre takes the middle, --crop {'letterbox' if alike else 'squash'} is the other way).",
    )
