"""The empirical predictor of LEEP, for any soft assignment: the source's classes, or a mixture's components."""

from __future__ import annotations

import numpy as np

from ..types import IntArray
from ._axes import Array


def expected_log(assigned: Array, codes: IntArray) -> float:
    """Mean over examples of log Σ_z P(y | z) θ_z, with P(y | z) from the same examples.

    Args:
        assigned: θ [n z], each row sums to 1.
        codes: y [n], numbers from 0 of the classes that occur.
    """
    joint = np.eye(codes.max() + 1)[codes].T @ assigned  # [c z]
    total = joint.sum(0)
    given = np.divide(joint, total, out=np.zeros_like(joint), where=total > 0)
    return float(np.log((assigned * given[codes]).sum(1)).mean())
