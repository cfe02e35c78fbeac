"""The one training loop, on Hugging Face Accelerate (device, precision, data-parallel). Knows no task, no strategy.

A caller gives a model, `batch(step)` (a pure function of the step, so that a resumed run sees the same batches), a
loss and a `Recipe`; the loop yields `Progress` at every evaluation and returns an `Outcome`. With a `scratchpad`
file it saves its whole state at every evaluation and continues from there to the same answer.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime import device, write
from ..types import Progress

if TYPE_CHECKING:
    import torch

    Batch = Callable[[int], tuple[torch.Tensor, torch.Tensor]]
    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    Evaluate = Callable[[torch.nn.Module], tuple[float, float]]


@dataclass(frozen=True)
class Recipe:
    """How long and how fast."""

    steps: int
    lr: float  # peak of a one-cycle schedule (Smith & Topin 2018)
    weight_decay: float = 0.05
    warmup: float = 0.2  # share of the steps before the peak
    evaluate_every: int = 50  # steps
    patience: int = 10  # evaluations without a lower validation loss before stopping; the best state is kept
    clip: float = 5.0  # largest gradient norm
    threads: int | None = None  # CPU threads; 1 for a network so small that threads wait longer than they work


@dataclass
class Outcome:
    """The trained state and where it came from."""

    state: dict[str, torch.Tensor]
    step: int  # the step the state is from: the best on validation, or the last without validation
    metric: float | None
    loss: float | None


def train(
    model: torch.nn.Module,
    batch: Batch,
    loss: Loss,
    recipe: Recipe,
    *,
    seed: int,
    evaluate: Evaluate | None = None,
    scratchpad: Path | None = None,
) -> Generator[Progress, None, Outcome]:
    """Train; `evaluate(model) -> (accuracy, log-loss)` on validation data decides which state is kept."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads or threads)
    try:
        return (yield from _steps(model, batch, loss, recipe, seed, evaluate, scratchpad))
    finally:
        torch.set_num_threads(threads)


def _steps(
    model: torch.nn.Module,
    batch: Batch,
    loss: Loss,
    recipe: Recipe,
    seed: int,
    evaluate: Evaluate | None,
    scratchpad: Path | None,
) -> Generator[Progress, None, Outcome]:
    import torch
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=device() == "cpu", mixed_precision=_precision())
    optimizer = torch.optim.AdamW(model.parameters(), recipe.lr, weight_decay=recipe.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.lr, total_steps=recipe.steps + 1, pct_start=recipe.warmup
    )
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    where = accelerator.device
    best, start, stale = Outcome({}, 0, None, None), 0, 0
    if scratchpad and scratchpad.exists():
        best, start, stale = _resume(scratchpad, model, optimizer, schedule)
    running = torch.zeros((), device=where)
    ended = evaluate is not None and stale >= recipe.patience  # killed after its last evaluation: nothing is left to do
    for step in range(start, start if ended else recipe.steps):
        torch.manual_seed(seed * 1_000_003 + step)  # dropout too is a function of the step: resuming changes nothing
        wrapped.train()
        x, y = batch(step)
        with accelerator.autocast():
            value = loss(wrapped(x.to(where)), y.to(where))
        optimizer.zero_grad()
        accelerator.backward(value)
        accelerator.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        schedule.step()
        running += value.detach()
        if (step + 1) % recipe.evaluate_every and step + 1 < recipe.steps:
            continue
        mean = float(running) / (step % recipe.evaluate_every + 1)
        running.zero_()
        metric, stale = None, stale + 1
        if evaluate:
            wrapped.eval()
            metric, heard = evaluate(wrapped)
            if best.loss is None or heard < best.loss:
                best, stale = Outcome(_copy(model), step + 1, metric, heard), 0
        if scratchpad:
            _save(scratchpad, model, optimizer, schedule, best, step + 1, stale)
        yield Progress(step + 1, recipe.steps, metric, mean)
        if evaluate and stale >= recipe.patience:
            break
    if scratchpad:
        scratchpad.unlink(missing_ok=True)  # the caller keeps the result; a finished run needs no scratchpad
    return best if evaluate else Outcome(_copy(model), recipe.steps, None, None)


def _precision() -> str:
    """bf16 where the hardware computes in it, else full precision."""
    import torch

    if device() == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # private, hence asked for gently
    return "bf16" if device() == "cpu" and probe is not None and probe() else "no"


def _copy(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}


def _save(path: Path, model: Any, optimizer: Any, schedule: Any, best: Outcome, step: int, stale: int) -> None:  # noqa: ANN401
    import torch

    buffer = io.BytesIO()
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save(state | {"best": vars(best), "step": step, "stale": stale}, buffer)
    write(path, buffer.getvalue())


def _resume(path: Path, model: Any, optimizer: Any, schedule: Any) -> tuple[Outcome, int, int]:  # noqa: ANN401
    """Put the saved state back; returns the best so far, the next step and how long it has been stale."""
    import torch

    saved = torch.load(path, weights_only=True)
    for name, part in (("model", model), ("optimizer", optimizer), ("schedule", schedule)):
        part.load_state_dict(saved[name])
    return Outcome(**saved["best"]), saved["step"], saved["stale"]
