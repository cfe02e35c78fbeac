"""What a deep method returns, and how it is trained: the network of transfer/mlp.py with one more term in its loss.

Every step sees as many source as target rows. The loss is the cross-entropy of the source rows and what a method adds,
a function of how both look inside (`Seen`). What a method has of its own that learns (discriminators) learns beside.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...transfer import mlp
from ...types import FloatArray, Progress
from .._pair import Pair, Rows

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    Term = Callable[["Seen"], Tensor]  # → a number that is added to the cross-entropy


@dataclass(frozen=True)
class Mlp:
    """A network of one hidden layer: scores = relu(x @ hidden_weight + hidden_bias) @ weight + bias."""

    hidden_weight: NDArray[np.float64]  # [d h]
    hidden_bias: NDArray[np.float64]  # [h]
    weight: NDArray[np.float64]  # [h k]
    bias: NDArray[np.float64]  # [k]
    strategy: str = "mlp"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, x: Rows) -> FloatArray:
        """[n d] → [n k]."""
        hidden = np.maximum(x @ self.hidden_weight + self.hidden_bias, 0.0)
        return np.asarray(hidden @ self.weight + self.bias, np.float32)

    def behind(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `_pair.Model`."""
        return mlp.state((self.hidden_weight, self.hidden_bias, self.weight, self.bias), mean, scale)


@dataclass(frozen=True)
class Setting:
    """What all have in common."""

    steps: int = 300
    batch: int = 64  # rows of either domain in a step
    width: int = 256  # units of the hidden layer
    dropout: float = 0.5  # part of them that is left out of a step
    lr: float = 1e-3  # peak rate; AdamW
    weight_decay: float = 0.05

    def cost(self, d: int, k: int, own: float = 0.0) -> float:
        """Multiply-adds of a training whose own term takes `own` a row."""
        return 3.0 * self.steps * 2 * self.batch * (self.width * (d + k) + own)


@dataclass(frozen=True)
class Seen:
    """A batch as the network sees it, source rows and target rows apart, as many of either."""

    hs: Tensor  # hidden units of the source rows [b h]
    ht: Tensor
    ps: Tensor  # their scores [b k], before the softmax
    pt: Tensor
    ys: Tensor  # classes of the source rows [b]
    done: float  # part of the training that is over, 0 … 1


def fit(
    method: str, setting: Setting, pair: Pair, term: Term, beside: torch.nn.Module | None = None
) -> Generator[Progress, None, Mlp]:
    """Train with the method's term; `beside` is what else learns, by that term alone.

    Raises:
        ArithmeticError: the loss is no number any more.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from ...transfer.training.loop import Recipe, train
    from .parts import Both

    def loss(found: Tensor, y: Tensor) -> Tensor:
        hidden, scores = found[:, : setting.width], found[:, setting.width :]
        source = y >= 0
        seen = Seen(hidden[source], hidden[~source], scores[source], scores[~source], y[source], batch.done)
        value = cross_entropy(seen.ps, seen.ys) + term(seen)
        if not torch.isfinite(value):
            raise ArithmeticError(
                f"The loss of '{method}' became {float(value.detach())} after {batch.done:.0%} of its steps: "
                "the rows hold values that are no numbers, or far too large ones. Leave this method out."
            )
        return value

    torch.manual_seed(pair.seed)
    net, batch = mlp.net(pair.xs.shape[1], pair.k, setting.width, setting.dropout), _Batches(pair, setting)
    recipe = Recipe(setting.steps, setting.lr, weight_decay=setting.weight_decay, threads=1, precision="no")
    yield from train(Both(net, beside), batch, loss, recipe, seed=pair.seed)
    return Mlp(*mlp.layers(net))


class _Batches:
    """`batch(step)`: rows [2b d], the source's and then the target's, and their classes; a target row's is −1."""

    def __init__(self, pair: Pair, setting: Setting) -> None:
        self.pair, self.setting, self.done = pair, setting, 0.0

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """A pure function of the step, but that `done` says how far it is."""
        import torch

        self.done = step / self.setting.steps
        random, pair = np.random.default_rng((self.pair.seed, step)), self.pair
        of_source, of_target = (self._some(len(x), random) for x in (pair.xs, pair.xt))
        x = np.concatenate([pair.xs[of_source], pair.xt[of_target]]).astype(np.float32)
        y = np.concatenate([pair.ys[of_source], np.full(len(of_target), -1)])
        return torch.from_numpy(x), torch.from_numpy(y)

    def _some(self, n: int, random: np.random.Generator) -> NDArray[np.int64]:
        """As many rows as a batch has; where there are not so many, some come again."""
        return np.resize(random.permutation(n), self.setting.batch)
