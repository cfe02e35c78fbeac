"""Ridge: the log-loss of a ridge head on one-hot targets, each example, or its whole group, left out in turn, exactly.

Value: minus the mean of `_ridge.out_of_sample`'s losses: log-loss in nats after one temperature, fitted on the same
left-out answers; of several labels the mean over labels; of numbers the squared error in units of their variance.
"""

from __future__ import annotations

from ..family import names
from ..kind import kind_of
from ._look import Look
from ._ridge import out_of_sample

PAPER = (
    "Allen, The Relationship between Variable Selection and Data Augmentation and a Method for Prediction (PRESS), "
    "Technometrics 1974; Rifkin & Lippert, Notes on Regularized Least Squares, MIT 2007"
)
NEEDS = frozenset({"features"})
KINDS = frozenset(names("kind"))
GROUPS = True  # a group is left out as a whole


def score(look: Look) -> float:
    """At most 0."""
    losses, _ = out_of_sample(look.x, look.y, look.k, look.kind, look.groups)
    return -float(losses.mean()) / kind_of(look.kind).unit(look.y) ** 2
