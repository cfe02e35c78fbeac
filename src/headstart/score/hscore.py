"""Regularised H-score: how much of the features' variance lies between the classes, the noisy directions shrunk.

    H = tr(Σ_α⁻¹ (1 − α) Σ_z),   Σ_α = (1 − α) Σ + α (tr Σ / d) I,

Σ the covariance of the features, Σ_z that of their class means (each as often as its class), α as Ledoit & Wolf (2004)
choose it. The H-score of Bao et al. (2019), which has α = 0, is at its highest whatever the labels when there are more
features than examples; Ibrahim et al. shrink both covariances. Features that never vary have 0.
"""

from __future__ import annotations

from ._axes import Array
from ._look import Look

PAPER = (
    "Ibrahim et al., Newer is not always better: Rethinking transferability metrics, their peculiarities, stability "
    "and performance, ECML PKDD 2022, arXiv:2110.06893; Bao et al., An Information-Theoretic Approach to "
    "Transferability in Task Transfer Learning, ICIP 2019"
)
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification"})


def score(look: Look) -> float:
    """From 0 to the number of classes less 1."""
    axes, counts, n, d = look.spectrum, look.classes[1], *look.x.shape
    if not axes.power.size:
        return 0.0
    alpha = shrinkage((axes.z**2).sum(1), axes.power, d)
    means = look.targets.T @ axes.z / counts[:, None]  # [c r]; the mean of all is 0
    between = counts / n @ means**2
    within = (1 - alpha) * axes.power / n + alpha * axes.power.sum() / (n * d)
    return float((1 - alpha) * (between / within).sum())


def shrinkage(lengths: Array, power: Array, d: int) -> float:
    """Ledoit & Wolf's α, from the squared lengths of the centred rows [n], squared singular values [r], and d."""
    n = len(lengths)
    spread = (power**2).sum() / n**2 - (power.sum() / n) ** 2 / d
    noise = min(((lengths**2).sum() / n - (power**2).sum() / n**2) / n, spread)
    return float(noise / spread) if noise > 0 else 0.0
