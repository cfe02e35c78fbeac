"""GBC: minus the Bhattacharyya overlap of every two classes, each a round Gaussian in the first 64 principal axes.

    value = − Σ_{a ≠ b} exp(−D(a, b)),   D = ‖μ_a − μ_b‖² / (8 v) + (r / 2) log(v / √(v_a v_b)),   v = (v_a + v_b) / 2,

μ the class mean and v_a the variance of class a, mean over the r axes (the spherical form of the authors' code). Ours:
the variance that all classes share counts as one example more in each, so that a class of one has a variance too.
"""

from __future__ import annotations

import numpy as np

from ._axes import Array
from ._look import Look

PAPER = "Pándy et al., Transferability Estimation using Bhattacharyya Class Separability, CVPR 2022, arXiv:2111.12780"
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification"})
AXES = 64
FLOOR = 1e-4  # of the variance of all examples: the least that a class has


def score(look: Look) -> float:
    """Up to 0, where no two classes overlap."""
    z, counts = look.spectrum.z[:, :AXES], look.classes[1]
    means = look.targets.T @ z / counts[:, None]
    return -overlap(means, variances(look, z, means), z.shape[1])


def variances(look: Look, z: Array, means: Array) -> Array:
    """Of every class that occurs, [c], mean over the axes of z [n r]."""
    if not z.shape[1]:
        return np.ones(len(means))
    codes, counts = look.classes
    squares = look.targets.T @ ((z - means[codes]) ** 2).mean(1)  # [c], summed over examples
    shared = squares.sum() / (len(z) - len(counts))
    return np.asarray(((squares + shared) / (counts + 1)).clip(FLOOR * (z**2).mean()))


def overlap(means: Array, variance: Array, r: int) -> float:
    """Σ exp(−D) over ordered pairs of classes: means [c r], variances [c]."""
    middle = (variance[:, None] + variance) / 2
    apart = (means**2).sum(1)[:, None] - 2 * means @ means.T + (means**2).sum(1)
    distance = apart.clip(0) / (8 * middle) + r / 2 * np.log(middle / np.sqrt(variance[:, None] * variance))
    return float(np.exp(-distance).sum() - len(means))
