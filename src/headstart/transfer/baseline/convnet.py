"""`scratch` for pictures: a small ResNet with random weights, trained with real effort on the same pictures.

How its size was chosen (see docs/architecture.md for the pictures it was tried on): 64 px and 0.3 M parameters is where
more resolution or width stopped paying for its time on a few hundred pictures; pictures smaller than 48 px are taken at
32 px with a stem of stride 1, at the same cost. It gets augmentation, a one-cycle schedule, label smoothing, early
stopping and mirrored predictions. x [n, s, s, 3] uint8 → logits [n k].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...kind import kind_of
from ...strategy import SEARCH, TrainResult
from ...types import Facts, Features, FitContext, Fitted, FloatArray, Progress, Source, View
from ..scratch import Config

EPOCHS, LEAST = 50, 300  # the second in steps: small data starves of them

if TYPE_CHECKING:
    import torch

    from .net import Net


def title(kind: str) -> str:
    """What people call it."""
    return "a network from scratch"


def fit_view(view: View, facts: Facts) -> View:
    """64 px, or 32 px for pictures whose shorter side is below 48 px: enlarging them would add cost and no detail."""
    return View(source=None, size=32 if facts.side < 48 else 64)


def settings(facts: Facts) -> list[Config]:
    """Both augmentation styles, each at two learning rates."""
    batch = min(32, max(4, facts.n // 4))
    styles = ("photo" if facts.mirror else "oriented", "glyph")
    return [Config(style, lr, batch=batch) for style in styles for lr in (1.5e-3, 4e-3)][:SEARCH]


def steps(n: int, batch: int = 32) -> int:
    """`EPOCHS` up to 1,000 pictures, `EPOCHS` · √(1000/n) beyond, never under `LEAST` steps."""
    epochs = EPOCHS * min(1.0, math.sqrt(1000 / n))
    return max(LEAST, round(epochs * n / batch))


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Train; with `context.valid` the state of the lowest validation loss is kept, without it the last one."""
    import torch

    from ..training.loop import Recipe, train
    from .net import Net

    torch.manual_seed(context.seed)
    net = Net(context.k, config.width, _stride(context.train.x.shape[1])).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x, y = torch.from_numpy(context.train.x), torch.from_numpy(context.train.y)
    mean, std = x.float().div_(255).mean((0, 1, 2)), x.float().div_(255).std((0, 1, 2)).clamp_min(0.02)
    total = max(20, round(context.share * (config.steps or steps(len(y), config.batch))))
    every = max(1, len(y) // config.batch, total // 25)
    outcome = yield from train(
        net,
        _batches(x, y, mean, std, config, context.seed),
        kind_of(context.kind).training_loss(smoothing=0.1),
        Recipe(total, config.lr, evaluate_every=every, threads=1),
        seed=context.seed,
        evaluate=_evaluator(context.valid, context.kind, mean, std, config) if context.valid is not None else None,
        checkpoint=context.checkpoint,
    )
    state = {name: tensor.numpy() for name, tensor in outcome.state.items() if not name.endswith("num_batches_tracked")}
    state |= {"input.mean": mean.numpy(), "input.std": std.numpy()}
    return TrainResult(state, sum(p.numel() for p in net.parameters()), {"step": outcome.step, "steps": total})


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None) -> FloatArray:
    """x [n, s, s, 3] uint8 → logits [n k]; mirrored pictures are averaged in where training mirrored them."""
    import torch

    net, mean, std, mirror = _opened(fitted, x.shape[1])
    return _logits(net, torch.from_numpy(np.asarray(x)), mean, std, mirror)


def module(fitted: Fitted, source: Source | None = None) -> torch.nn.Module:
    """The same as a torch module."""
    from .net import Whole

    return Whole(*_opened(fitted, fitted.view.size)).eval()


def _opened(fitted: Fitted, side: int) -> tuple[Net, torch.Tensor, torch.Tensor, bool]:
    """The network in eval mode, mean and deviation of its pictures, and whether mirrored ones are averaged in."""
    import torch

    from .net import Net

    state = {name: torch.from_numpy(np.array(value)) for name, value in fitted.state.items()}
    mean, std = state.pop("input.mean"), state.pop("input.std")
    net = Net(len(fitted.labels), int(fitted.config["width"]), _stride(side))
    net.load_state_dict(state, strict=False)  # without batch counters, which evaluation does not use
    return net.eval(), mean, std, fitted.config["style"] == "photo"


def _stride(side: int) -> int:
    return 1 if side <= 32 else 2


def _batches(
    x: torch.Tensor, y: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, config: Config, seed: int
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """`batch(step)`: each epoch is a permutation drawn from (seed, epoch), its incomplete rest left out."""
    import torch

    from ...extract._augment import STYLES, augment, draw, standardise

    per_epoch = max(1, len(y) // config.batch)
    ready = standardise(x, mean, std).contiguous(memory_format=torch.channels_last)

    @cache
    def order(epoch: int) -> torch.Tensor:
        return torch.randperm(len(y), generator=torch.Generator().manual_seed(seed * 7919 + epoch))

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        epoch, at = divmod(step, per_epoch)
        rows = order(epoch)[at * config.batch : (at + 1) * config.batch]
        seeds = [(seed, epoch, row) for row in rows.tolist()]
        return augment(ready[rows], STYLES[config.style], draw(seeds)), y[rows]

    return batch


def _evaluator(
    valid: Features, kind: str, mean: torch.Tensor, std: torch.Tensor, config: Config
) -> Callable[[torch.nn.Module], tuple[float, float]]:
    import torch

    x, compared = torch.from_numpy(np.asarray(valid.x)), kind_of(kind).compared

    def evaluate(model: torch.nn.Module) -> tuple[float, float]:
        right, losses = compared(_logits(model, x, mean, std, config.style == "photo"), valid.y)
        return right, float(losses.mean())

    return evaluate


def _logits(model: torch.nn.Module, x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, mirror: bool) -> FloatArray:
    """fp32 [n k] of a model in eval mode."""
    import torch

    from ...extract._augment import standardise

    where = next(model.parameters()).device
    out = []
    with torch.inference_mode():
        for piece in torch.split(x, 128):
            ready = standardise(piece, mean, std).to(where)
            scores = model(ready)
            out.append(((scores + model(ready.flip(3))) / 2 if mirror else scores).float().cpu())
    return np.asarray(torch.cat(out).numpy(), np.float32)
