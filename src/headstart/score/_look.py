"""What a score may look at, and what several scores make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..kind import kind_of
from ..types import FloatArray, IntArray, Source
from ._axes import Array, Spectrum, spectrum, standardise

LEVEL = 1e-9  # scores this near to each other are level


class Silent(UsageError):
    """A score cannot speak of what it was given; the message says why."""


@dataclass(frozen=True)
class Look:
    """A source's view of a task's labelled examples. What is made from it is made once, for all scores."""

    x: FloatArray  # [n d] pooled features of the source
    y: NDArray[Any]  # [n] int64 classes; [n] float64 numbers; [n k] 0/1 of several labels
    k: int  # classes of the task, of which some may be missing in y
    kind: str = "classification"  # or "regression", "multilabel"
    logits: FloatArray | None = None  # [n s] the source's own class scores
    source: Source | None = None  # its record
    seed: int = 0
    groups: IntArray | None = None  # [n], where some belong together: rows of one number, e.g. pictures of one patient

    def __post_init__(self) -> None:
        sides = np.ndim(kind_of(self.kind).targets([], self.k))
        if self.x.ndim != 2 or self.y.ndim != sides or len(self.x) != len(self.y):
            raise UsageError(
                f"A score was given features of shape {self.x.shape} and labels of shape {self.y.shape}; of a task of "
                f"kind '{self.kind}' it takes [n d] and {'[n k]' if sides == 2 else '[n]'}. Pool the features first."
            )
        if self.groups is not None and self.groups.shape != (len(self.y),):
            raise UsageError(
                f"A score was given groups of shape {self.groups.shape} for {len(self.y)} labels; it takes [n]. Pass a "
                "number for each example, or None."
            )
        if self.logits is not None and (self.logits.ndim != 2 or len(self.logits) != len(self.y)):
            raise UsageError(
                f"A score was given logits of shape {self.logits.shape} for {len(self.y)} labels; it takes [n s]. "
                "Pass a row for each example, or None."
            )

    @cached_property
    def classes(self) -> tuple[IntArray, IntArray]:
        """Which of the classes that occur each example has [n], and how many have each [c]."""
        _, codes, counts = np.unique(self.y, return_inverse=True, return_counts=True)
        return codes.astype(np.int64), counts.astype(np.int64)

    @cached_property
    def order(self) -> IntArray:
        """An order of the rows [n] that their features alone decide, however they came: by sum, then by bytes."""
        rows = np.ascontiguousarray(self.x)
        sums = rows.sum(1, dtype=np.float64).tolist()
        return np.array(sorted(range(len(rows)), key=lambda i: (sums[i], rows[i].tobytes())), np.int64)

    @cached_property
    def spectrum(self) -> Spectrum:
        """Principal axes of the features, all in one unit, to the last bit the same in whichever order rows came."""
        found, _ = spectrum(standardise(self.x[self.order], each=False)[0])
        back = np.empty_like(self.order)
        back[self.order] = np.arange(len(back))
        return Spectrum(found.z[back], found.power)

    @cached_property
    def directions(self) -> Array:
        """Centred features of length 1, [n d]: their products are cosines; a row without a direction is zero.

        Centred, because the features of many networks share one large direction, beside which all cosines are near 1.
        """
        centred = standardise(self.x, each=False)[0]
        length = np.sqrt((centred**2).sum(1, keepdims=True))
        return np.asarray(centred / np.where(length > LEVEL, length, 1.0) * (length > LEVEL))

    @cached_property
    def targets(self) -> Array:
        """What a regression is to reach, [n t].

        A column of 0 and 1 for each class that occurs, or for each label that applies to some and not to all; or the
        numbers, centred and in units of their deviation.
        """
        of = kind_of(self.kind)
        found = of.proxy(self.y)
        return found if of.exclusive else found[:, found.max(0) > found.min(0)]


def credit(scores: Array, codes: IntArray) -> Array:
    """How far each example is answered rightly, [n]: 1 where its class scores highest, a share where several are level.

    Args:
        scores: [n c].
        codes: [n] the true column.

    >>> credit(np.array([[0.9, 0.1], [0.5, 0.5], [0.9, 0.1]]), np.array([0, 0, 1])).tolist()
    [1.0, 0.5, 0.0]
    """
    top = scores.max(1, keepdims=True)
    level = scores >= top - LEVEL * np.maximum(np.abs(top), 1.0)
    return np.asarray(level[np.arange(len(codes)), codes] / level.sum(1))


def relative_error(prediction: Array, targets: Array) -> float:
    """Mean squared error [n t] in units of the targets' variance, mean over targets; 1 is that of the constant mean."""
    return float((((prediction - targets) ** 2).mean(0) / targets.var(0)).mean())
