"""LogME: the evidence of the labels under a Bayesian linear model on the features, at its best two precisions.

With w ~ N(0, α⁻¹) and y = F w + noise of N(0, β⁻¹), the log evidence of one column y [n] is

    L = ½ (n log β + d log α − n log 2π − β ‖F m − y‖² − α ‖m‖² − log |α + β FᵀF|),   m = β (α + β FᵀF)⁻¹ Fᵀ y.

Of λ = α / β alone, with σ² the squared singular values of F, c = Uᵀy and β at its best, n / Q, it is

    L(λ) = ½ (n log(n / Q) − n − n log 2π + Σ log(λ / (λ + σ²))),   Q = ‖y − U c‖² + Σ c² λ / (λ + σ²),

one number to search, where the paper's fixed point may stop at a lower maximum. Value: the highest L / n, mean over the
columns: 0 and 1 for each class that occurs or each label; numbers are standardised. λ goes down to 1e-8 of the mean σ²:
labels that the features hold exactly would have no highest evidence.
"""

from __future__ import annotations

import numpy as np

from ..family import names
from ._axes import Array, spectrum
from ._look import Look

PAPER = (
    "You et al., LogME: Practical Assessment of Pre-trained Models for Transfer Learning, ICML 2021, arXiv:2102.11005"
)
NEEDS = frozenset({"features"})
KINDS = frozenset(names("kind"))
RANGE = np.log(10.0) * np.arange(-8, 8.25, 0.25)  # of log λ, in units of the mean σ²


def score(look: Look) -> float:
    """Log evidence of an example, mean over classes or labels."""
    x = np.asarray(look.x, np.float64)
    unit = float(np.sqrt((x**2).mean())) or 1.0
    found, _ = spectrum(x / unit)
    y = look.targets
    c = (found.z / np.sqrt(found.power)).T @ y
    rest = ((y**2).sum(0) - (c**2).sum(0)).clip(1e-12 * (y**2).sum(0))
    return float(
        np.mean([highest(found.power, c[:, t] ** 2, float(rest[t]), len(y)) for t in range(y.shape[1])]) / len(y)
    )


def highest(power: Array, squares: Array, rest: float, n: int) -> float:
    """The highest log evidence over λ.

    Args:
        power: [r] σ².
        squares: [r] c².
        rest: ‖y − U c‖².
        n: examples.
    """
    from scipy.optimize import minimize_scalar

    unit = np.log(power.mean()) if power.size else 0.0

    def evidence(log_ratio: Array) -> Array:
        ratio = np.exp(log_ratio + unit)[..., None]
        share = ratio / (ratio + power)
        q = rest + share @ squares
        return np.asarray(0.5 * (n * np.log(n / q) - n * (1 + np.log(2 * np.pi)) + np.log(share).sum(-1)))

    grid = evidence(RANGE)
    best = int(grid.argmax())
    around = RANGE[max(best - 1, 0)], RANGE[min(best + 1, len(RANGE) - 1)]
    found = minimize_scalar(lambda at: -float(evidence(np.array(at))), bounds=around, method="bounded")
    return max(float(grid[best]), -float(found.fun))
