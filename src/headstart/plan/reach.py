"""Whether a rival that trains for long could still become the run's model, told from its short runs.

It is trained on all labelled examples for the verdict whatever is said here, in full. What is spared is its training on
the training part alone, which serves the choice between the arms, where that choice is made already.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .choice import Validated

LEAD = 5  # pictures by which it would have to be ahead, at the least, see `choice.luck`
# Of its wrong answers the rest of a training leaves at least this part; measured on validation parts: digits 2 of 23
# (0.09), rsscn7 22 of 33, pacs_photo 27 of 41, pacs_art 45 of 61, tuxpaint 11 of 14.
LEFT = 0.05


def out_of_reach(right: NDArray[np.bool_], other: Validated | None) -> bool:
    """Whether to be crowned it would have to mend more than 95 in 100 of the answers that short runs got wrong.

    Args:
        right: [n] whether it named the validation examples after its short runs.
        other: the best of the other arm; None: nobody is known.
    """
    if other is None or right.dtype != bool:
        return False
    n = min(len(right), len(other.right))
    allowed = int((other.right[-n:] < 1).sum()) - LEAD
    return allowed < LEFT * int((~right[-n:]).sum())


def behind(right: NDArray[np.bool_], other: Validated | None) -> bool:
    """Whether it is right on fewer examples than the best of the other arm: then no folds are worth their time."""
    if other is None:
        return False
    n = min(len(right), len(other.right))
    return bool(right[-n:].sum() < other.right[-n:].sum())
