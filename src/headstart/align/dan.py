"""Deep adaptation network: hidden units and class probabilities of the two domains are made alike in distribution.

How far apart they are is the maximum mean discrepancy under a mean of Gaussian kernels (the paper learns their shares,
by a quadratic program; its authors' code, like ours, does not). The widths stand around the median distance of a batch.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Progress
from ._pair import Pair
from .network.mlp import Mlp, Seen, Setting, fit

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "deep adaptation network (DAN)"
PAPER = "Long, Cao, Wang & Jordan 2015, Learning Transferable Features with Deep Adaptation Networks"
NEEDS = frozenset({"dense"})
DEEP = True

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # squared widths, in medians


@dataclass(frozen=True)
class Config(Setting):
    """One setting."""

    weight: float = 1.0  # of the discrepancies


def cost(n: int, m: int, d: int, k: int) -> float:
    """Of its steps, whatever the rows."""
    return Config().cost(d, k, own=4.0 * Config.batch * Config.width)


def run(config: Config, pair: Pair) -> Generator[Progress, None, Mlp]:
    """Train with the discrepancy of both layers."""

    def term(seen: Seen) -> Tensor:
        return config.weight * (mmd(seen.hs, seen.ht) + mmd(seen.ps.softmax(1), seen.pt.softmax(1)))

    return (yield from fit("dan", config, pair, term))


def mmd(a: Tensor, b: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of rows [n h] and [n h], unbiased, under the mean of five Gaussian kernels.

    Mean kernel of pairs within a, of pairs within b, less twice that of pairs across; no row with itself (Gretton et
    al. 2012, equation 3).
    """
    import torch

    n, rows = len(a), torch.cat([a, b])
    lengths = (rows**2).sum(1)
    squares = (lengths[:, None] + lengths[None] - 2 * rows @ rows.T).clamp_min(0)
    apart = ~torch.eye(2 * n, dtype=torch.bool, device=rows.device)
    median = squares.detach()[apart].median().clamp_min(1e-6)
    kernel = torch.stack([torch.exp(-squares / (2 * width * median)) for width in WIDTHS]).mean(0)
    kernel = kernel * apart
    return (kernel[:n, :n].sum() + kernel[n:, n:].sum()) / (n * (n - 1)) - 2 * kernel[:n, n:].mean()
