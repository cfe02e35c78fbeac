"""Does a mirrored picture keep its class? Asked of frozen features before anything is trained on mirrored copies.

A left arrow mirrored is a right one. A ridge classifier learns from pictures as they are and names others as they are
and mirrored; where mirrored ones are named clearly worse, mirroring changes the class, or cues of it, and augmentation
leaves it out. In: features [n 2 d] of pictures and their mirror images, classes, groups. Out: numbers and a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray
from ._folds import folds

CLEAR = 2.0  # standard errors of the paired difference
MUCH = 0.05  # accuracy that mirrored pictures must be behind by: small losses are those of an unusual view
LEAST = 40  # pictures: with fewer nothing is clear


@dataclass(frozen=True)
class Mirrored:
    """Accuracy on n pictures not learnt from, as they are and mirrored."""

    n: int
    right: float
    mirrored: float
    changes: bool  # whether mirroring changes the class


def asked(x: NDArray[np.floating], y: IntArray, groups: IntArray, seed: int = 0) -> Mirrored | None:
    """Name each picture and its mirror image by what was learnt from other pictures.

    Args:
        x: [n 2 d] features of each picture and of its mirror image.
        y: [n] classes.
        groups: [n]; pictures of one number are held out together.
        seed: of the folds.

    Returns:
        None where there are too few pictures to tell.
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fold = folds(y, groups, seed)
    held = fold >= 0
    if held.sum() < LEAST or len(np.unique(y[held])) < 2:
        return None
    said = np.full((len(y), 2), -1)
    for number in np.unique(fold[held]):
        learnt, test = fold != number, fold == number
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=len(y) * np.logspace(-2, 3, 6)))
        model.fit(x[learnt, 0], y[learnt])
        said[test] = np.stack([model.predict(x[test, view]) for view in (0, 1)], 1)
    right = (said == y[:, None])[held]
    gaps = right[:, 0].astype(float) - right[:, 1]
    # Groups whole: the error is that of sums over groups.
    sums = np.bincount(np.unique(groups[held], return_inverse=True)[1], gaps - gaps.mean())
    error = float(np.sqrt((sums**2).sum())) / len(gaps)
    drop = float(gaps.mean())
    return Mirrored(len(gaps), float(right[:, 0].mean()), float(right[:, 1].mean()), drop > max(CLEAR * error, MUCH))
