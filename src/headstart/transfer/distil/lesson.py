"""What a teacher says of rows, labelled or not, and how far a student's scores are from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...types import FloatArray, IntArray

UNLABELLED = -1  # in place of a class


@dataclass(frozen=True)
class Lesson:
    """What there is to learn of each of n rows, the unlabelled ones among them."""

    y: IntArray  # [n] classes, or UNLABELLED
    logits: FloatArray  # [n k] the teacher's, after its own temperature
    features: FloatArray | None = None  # [n t] what it makes of them before its head, each column of deviation 1

    @property
    def labelled(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """[n] which rows have a class."""
        return np.asarray(self.y != UNLABELLED)


def lesson(y: IntArray, logits: FloatArray, features: FloatArray | None) -> Lesson:
    """With features made comparable: off their mean, each column at deviation 1."""
    if features is None:
        return Lesson(y, logits)
    deviation = features.std(0)
    return Lesson(
        y, logits, np.asarray((features - features.mean(0)) / np.where(deviation > 0, deviation, 1), np.float32)
    )
