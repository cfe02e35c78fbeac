"""The source's last parts learn on from pictures of both domains without labels (VICReg); then the plain head.

Two augmented copies of a picture are to look alike to them, while every feature goes on to vary and no two say the
same. Pictures of both domains take part, as Shen et al. found needed for labels of one to serve the other. What stands
before the last parts runs once for a few copies of each picture, so that it takes minutes on a processor; batch-norm's
statistics stay. What spreads features for the loss (three layers in the paper, two here) is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...types import Facts, Progress, View
from ._both import Both, Looked

if TYPE_CHECKING:
    from torch import Tensor

TITLE = "self-supervision on both domains (VICReg)"
PAPER = (
    "Bardes, Ponce & LeCun 2022, VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning; "
    "Shen et al. 2022, Connect, Not Collapse: Explaining Contrastive Learning for Unsupervised Domain Adaptation"
)
NEEDS = frozenset({"tail", "maps"})
ON_REQUEST = True


@dataclass(frozen=True)
class Config:
    """One setting."""

    parts: int = 2  # last parts of the source that learn
    most: int = 500  # pictures of either domain that it learns from
    copies: int = 4  # of each, the picture itself counted
    steps: int = 150
    batch: int = 64
    rate: float = 3e-4  # peak
    spread: int = 512  # width of what the loss sees
    alike: float = 25.0  # weights of the three terms, the paper's
    vary: float = 25.0
    apart: float = 1.0


def cost(n: int, m: int, d: int, k: int) -> float:
    """The front for every copy and one more look at all; the last parts are supposed to be a third, there and back."""
    own = Config()
    learnt = min(n, own.most) + min(m, own.most)
    return d * (own.copies * learnt + n + m + min(learnt, own.batch) * 2 * own.steps) + k


def run(config: Config, both: Both) -> Generator[Progress, None, Looked]:
    """Learn on, then look anew."""
    from ...extract.feature_store import median_side
    from ...transfer.finetune import Config as Tuned
    from ...transfer.modality import of
    from ._tail import rows, with_head

    some = [e for part in both.drawn(config.most) for e in part]
    facts = Facts(len(some), both.k, median_side(both.source.modality, some), both.source.modality)
    whole = of(both.source.modality).tuned_view(View(both.source.key, f"cut:{config.parts}"), facts)
    view = View(whole.source, whole.depth, style=whole.style, variants=config.copies)
    moved = yield from _learn(config, both, whole, both.store.extract(some, [view])[0].x)
    parts = [both.store.extract(part, [whole])[0].x for part in (both.train, both.valid, both.target)]
    train, valid, target = rows(both, whole, moved, parts)
    setting = asdict(Tuned(parts=config.parts, steps=0))
    notes = {"pictures": len(some), "steps": config.steps}
    return Looked(train, valid, target, whole, "finetune", setting, state=with_head(moved), notes=notes)


def _learn(config: Config, both: Both, view: View, maps: NDArray[Any]) -> Generator[Progress, None, dict[str, Any]]:
    """Maps [n v c h w] of copies → what moved of the source."""
    import torch
    from torch import nn

    from ...runtime import device
    from ...transfer.modality import open_tail
    from ...transfer.training.freeze import hold_statistics
    from ...transfer.training.loop import Recipe, open_state, train
    from ...transfer.training.tail import moved

    torch.manual_seed(both.seed)
    tail = open_tail(both.source, both.weights, view, both.k).laid_out().to(device())
    hold_statistics(tail)
    tail.classifier.requires_grad_(False)

    class Pairs(nn.Module):
        """Two copies' maps side by side [b 2 c h w] → [b 2 spread]."""

        def __init__(self) -> None:
            super().__init__()
            self.tail = tail
            width = both.source.feature_dim
            self.spread = nn.Sequential(
                nn.Linear(width, config.spread),
                nn.BatchNorm1d(config.spread),
                nn.ReLU(),
                nn.Linear(config.spread, config.spread),
            ).to(device())

        def forward(self, x: Tensor) -> Tensor:
            flat = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            z: Tensor = self.spread(tail.features(flat))
            return z.view(len(x), 2, -1)

    start = {name: tensor.clone() for name, tensor in open_state(tail).items()}
    every = -(-config.steps // 10)
    recipe = Recipe(config.steps, config.rate, weight_decay=1e-4, evaluate_every=every, precision="no")
    yield from train(Pairs(), batches(maps, config.batch, both.seed), _loss(config), recipe, seed=both.seed)
    return {name: x for name, x in moved(tail.state_dict(), start).items() if not name.startswith("classifier.")}


def batches(maps: NDArray[Any], size: int, seed: int) -> Callable[[int], tuple[Tensor, Tensor]]:
    """`batch(step)`: of so many pictures two different copies, [b 2 c h w]; a pure function of the step."""
    import torch

    n, v = maps.shape[:2]
    per_epoch = max(1, n // size)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        epoch, at = divmod(step, per_epoch)
        rows = np.array_split(np.random.default_rng((seed, epoch)).permutation(n), per_epoch)[at]
        random = np.random.default_rng((seed, epoch, at))
        pairs = np.array([random.permutation(v)[:2] for _ in rows])
        return torch.from_numpy(maps[rows[:, None], pairs]).float(), torch.zeros(len(rows))

    return batch


def _loss(config: Config) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(z: Tensor, _: Tensor) -> Tensor:
        return vicreg(z[:, 0], z[:, 1], config.alike, config.vary, config.apart)

    return loss


def vicreg(one: Tensor, two: Tensor, alike: float, vary: float, apart: float) -> Tensor:
    """Of two copies' spread features [b e]: mean squared distance, lack of deviation below 1, squared covariances."""
    from torch.nn.functional import mse_loss

    total = alike * mse_loss(one, two)
    for z in (one, two):
        z = z - z.mean(0)
        total = total + vary / 2 * (1 - (z.var(0) + 1e-4).sqrt()).relu().mean()
        covariance = z.T @ z / (len(z) - 1)
        total = total + apart * (covariance.pow(2).sum() - covariance.diagonal().pow(2).sum()) / z.shape[1]
    return total
