"""The one training loop, on Hugging Face Accelerate (device, data-parallel). Knows no task, no strategy.

A caller gives a model, `batch(step)` (a pure function of the step, so that a resumed run sees the same batches), a
loss and a `Recipe`; the loop yields `Progress` at every evaluation and returns an `Outcome`. With a `checkpoint`
file it saves its whole state at every evaluation and continues from there to the same answer.
"""

from __future__ import annotations

import gc
import io
import math
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EngineError, UnknownName, UsageError
from ...runtime import device, has_bf16, write
from ...types import Progress
from .schedule import SCHEDULES

if TYPE_CHECKING:
    import torch

    Batch = Callable[[int], tuple[torch.Tensor, torch.Tensor]]
    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    Evaluate = Callable[[torch.nn.Module], tuple[float, float]]
    Penalty = Callable[[torch.nn.Module], torch.Tensor]


SAVING, BRIEF = 0.05, 0.2  # part of the time that saving may take, and seconds that are no matter


@dataclass(frozen=True)
class Recipe:
    """How long and how fast."""

    steps: int
    lr: float  # peak of the schedule, for parameters whose group names no other
    weight_decay: float = 0.05
    warmup: float = 0.2  # share of the steps before the peak
    evaluate_every: int = 50  # steps
    patience: int = 10  # evaluations without a lower validation loss before stopping; the best state is kept
    clip: float = 5.0  # largest gradient norm
    threads: int | None = None  # CPU threads; 1 for a network so small that threads wait longer than they work
    schedule: str = "one-cycle"  # or "slanted", see _schedule.py
    rows: int | None = None  # at most so many rows at once; the step is still the whole batch's
    precision: str = "auto"  # bf16 where the hardware computes in it; "no": always full
    start: bool = False  # whether the state before the first step takes part in the choice of the best

    def __post_init__(self) -> None:
        for what, given, known in (
            ("schedule", self.schedule, [*SCHEDULES]),
            ("precision", self.precision, ["auto", "no"]),
        ):
            if given not in known:
                raise UnknownName(what, given, known)
        if self.rows is not None and self.rows < 1:
            raise UsageError(f"rows is {self.rows}; it must be 1 or more. Leave it out to take whole batches.")


@dataclass(frozen=True)
class Opening:
    """When more of the model becomes trainable (gradual unfreezing, Howard & Ruder 2018, section 3.2).

    `steps` and `patience` may be combined; any opening lets early stopping count anew, and it stops only when all is
    open.
    """

    apply: Callable[[torch.nn.Module, int], None]  # makes the model have so many more stages open; idempotent
    most: int  # openings in all
    steps: int = 0  # one every so many steps; 0: not by step
    patience: int = 0  # one after so many evaluations without a lower loss; 0: not by stall


@dataclass
class Outcome:
    """The trained state and where it came from."""

    state: dict[str, torch.Tensor]  # of what had gradients, and buffers
    step: int  # the step the state is from: the best on validation, or the last without validation
    metric: float | None
    loss: float | None
    opened: int = 0  # how often more had been opened by then
    rows: int | None = None  # most rows at once at the end of training; None: whole batches


@dataclass
class _Place:
    """Where a run is, next to model and optimizer: all that a resumed run must know."""

    rows: int | None
    step: int = 0  # the next one
    stale: int = 0  # evaluations since the lowest loss or the last opening
    stalls: int = 0  # openings because of a stall
    opened: int = 0  # all openings so far
    next_save: float = 0.0  # when the state is worth saving again, as of `time.monotonic()`


@dataclass(frozen=True)
class _Job:
    model: torch.nn.Module
    batch: Batch
    loss: Loss
    recipe: Recipe
    seed: int
    evaluate: Evaluate | None
    checkpoint: Path | None
    penalty: Penalty | None
    opening: Opening | None
    accelerator: Any
    cast: Callable[[], AbstractContextManager[Any]]


def train(
    model: torch.nn.Module,
    batch: Batch,
    loss: Loss,
    recipe: Recipe,
    *,
    seed: int,
    evaluate: Evaluate | None = None,
    checkpoint: Path | None = None,
    groups: list[dict[str, Any]] | None = None,
    penalty: Penalty | None = None,
    opening: Opening | None = None,
) -> Generator[Progress, None, Outcome]:
    """Train; `evaluate(model) -> (accuracy, log-loss)` on validation data decides which state is kept.

    Args:
        model: x [b …] → scores [b …]; parameters without gradient are left alone.
        batch: step → x [b …], y [b] or [b k], on the CPU.
        loss: (scores, y) → the mean over the rows.
        recipe: how long, how fast.
        seed: with the step it decides all that is random in the model.
        evaluate: gets the model in eval mode, with gradients on; if it computes in bf16, its scores are fp32 again.
        checkpoint: a file for the state of an unfinished run; removed at the end.
        groups: as an optimizer takes them (`params`, `lr`, `weight_decay`); only these learn. By default all
            parameters, with no weight decay for norms and biases.
        penalty: added to the loss once a step, as L2-SP and EWC want it.
        opening: when more of the model becomes trainable.

    Raises:
        EngineError: not even one row at a time fits into memory.
        UsageError: an opening by stall without `evaluate`, which alone could tell a stall.
    """
    import torch
    from accelerate import Accelerator

    from .freeze import groups as by_depth

    if opening and opening.patience and not evaluate:
        raise UsageError("An opening by stall was given without `evaluate`. Give `evaluate`, or open by `steps`.")
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads or threads)
    # Accelerate fixes its precision once a process; ours is a recipe's, hence the autocast and the hook are our own.
    accelerator = Accelerator(cpu=device() == "cpu", mixed_precision="no")
    bf16 = recipe.precision == "auto" and has_bf16()
    hook = model.register_forward_hook(lambda module, x, scores: scores.float() if bf16 else scores)
    try:
        optimizer = torch.optim.AdamW(
            [dict(group) for group in groups or by_depth([("all", model)], recipe.lr, 1.0, recipe.weight_decay)],
            recipe.lr,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        job = _Job(
            model,
            batch,
            loss,
            recipe,
            seed,
            evaluate,
            checkpoint,
            penalty,
            opening,
            accelerator,
            lambda: torch.autocast(accelerator.device.type, torch.bfloat16) if bf16 else nullcontext(),
        )
        return (yield from _run(job, optimizer))
    finally:
        torch.set_num_threads(threads)
        hook.remove()
        model.zero_grad()
        model.__dict__.pop("_is_accelerate_prepared", None)  # else the next training would not move it to its device
        if accelerator.device.type != "cpu":  # elsewhere nothing is gained: no cycle is left, and collecting takes time
            accelerator.free_memory()


def _run(job: _Job, optimizer: Any) -> Generator[Progress, None, Outcome]:  # noqa: ANN401
    import torch

    model, recipe, opening = job.model, job.recipe, job.opening
    peaks = [group["lr"] for group in optimizer.param_groups]
    wrapped, optimizer = job.accelerator.prepare(model, optimizer)
    best, place = Outcome({}, 0, None, None), _Place(recipe.rows)
    if job.checkpoint and job.checkpoint.exists():
        best, place = _resume(job.checkpoint, model, optimizer)
    if opening:
        opening.apply(model, place.opened)
    if recipe.start and job.evaluate and best.loss is None:
        best = _judge(job, wrapped, best, place)[0]
        _save(job.checkpoint, model, optimizer, best, place)
        yield Progress(0, recipe.steps, best.metric)
    running = torch.zeros((), device=job.accelerator.device)
    while place.step < recipe.steps and not _ended(job, place):
        _open(job, place)
        wrapped.train()
        value, place.rows = _gradients(job, wrapped, place)
        _set_rates(optimizer, peaks, recipe, place.step)
        job.accelerator.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], recipe.clip)
        optimizer.step()
        running += value
        place.step += 1
        if place.step % recipe.evaluate_every and place.step < recipe.steps:
            continue
        mean = float(running) / ((place.step - 1) % recipe.evaluate_every + 1)
        running.zero_()
        metric = None
        if job.evaluate:
            best, metric = _judge(job, wrapped, best, place)
        _save(job.checkpoint, model, optimizer, best, place)
        yield Progress(place.step, recipe.steps, metric, mean)
    if job.checkpoint:
        job.checkpoint.unlink(missing_ok=True)  # the caller keeps the result; a finished run needs no checkpoint
    outcome = best if job.evaluate else Outcome(_copy(model), place.step, None, None, place.opened)
    outcome.rows = place.rows
    return outcome


def _set_rates(optimizer: Any, peaks: list[float], recipe: Recipe, step: int) -> None:  # noqa: ANN401
    share, momentum = SCHEDULES[recipe.schedule](step, recipe.steps, recipe.warmup)
    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
        group["lr"], group["betas"] = peak * share, (momentum, group["betas"][1])


def _judge(job: _Job, wrapped: torch.nn.Module, best: Outcome, place: _Place) -> tuple[Outcome, float]:
    """Evaluate; returns the best so far and the metric, and counts stale evaluations and stalls in `place`."""
    assert job.evaluate is not None
    wrapped.eval()
    with job.cast():
        metric, heard = job.evaluate(wrapped)
    heard = math.inf if math.isnan(heard) else heard  # nothing is lower than NaN: it would stay the best for ever
    if best.loss is None or heard < best.loss:
        place.stale = 0
        return Outcome(_copy(job.model), place.step, metric, heard, place.opened), metric
    place.stale += 1
    opening = job.opening
    if opening and place.opened < opening.most and 0 < opening.patience <= place.stale:
        place.stalls += 1  # `_open` acts on it before the next step
    return best, metric


def _open(job: _Job, place: _Place) -> None:
    """Open what is due before this step."""
    if not job.opening:
        return
    by_step = place.step // job.opening.steps if job.opening.steps else 0
    due = min(job.opening.most, by_step + place.stalls)
    if due > place.opened:
        place.opened, place.stale = due, 0
        job.opening.apply(job.model, due)


def _ended(job: _Job, place: _Place) -> bool:
    """Whether to stop early; asked before each step, so that a run killed right after its last evaluation ends too."""
    everything = job.opening is None or place.opened >= job.opening.most
    return job.evaluate is not None and everything and place.stale >= job.recipe.patience


def _gradients(job: _Job, wrapped: torch.nn.Module, place: _Place) -> tuple[torch.Tensor, int | None]:
    """The gradients of one step, in pieces of `place.rows` rows, halved while memory does not suffice.

    Returns:
        The loss, and the rows a piece may have from now on.
    """
    import torch

    seed, rows = job.seed * 1_000_003 + place.step, place.rows
    _draw_from(seed, job.accelerator.device.type)  # dropout too is a function of the step: resuming changes nothing
    x, y = job.batch(place.step)
    before = [buffer.clone() for buffer in job.model.buffers()]  # running statistics, which an attempt that fails moves
    while True:
        count = math.ceil(len(x) / rows) if rows else 1
        _draw_from(seed, job.accelerator.device.type)
        job.model.zero_grad()
        try:
            return _accumulate(job, wrapped, x, y, count), rows
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            largest = math.ceil(len(x) / count)
            if largest == 1:
                raise EngineError(
                    f"Training ran out of memory on '{job.accelerator.device}' with one row at a time ({error}). Close "
                    "other programs, choose a smaller source or smaller pictures, or set HEADSTART_DEVICE=cpu."
                ) from error
            rows = largest // 2
        # Only here, past the except clause, is the traceback gone that held the activations.
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        for buffer, old in zip(job.model.buffers(), before, strict=True):
            buffer.copy_(old)


def _draw_from(seed: int, device_type: str) -> None:
    """As `torch.manual_seed`, which on a CPU would note the whole stack for each kind of device that is not there."""
    import torch

    if device_type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def _accumulate(job: _Job, wrapped: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, count: int) -> torch.Tensor:
    """Add up the gradients of `count` pieces, as equal as can be, each weighted by its rows; returns the loss."""
    import torch

    where = job.accelerator.device
    total = torch.zeros((), device=where)
    for rows, truth in zip(torch.tensor_split(x, count), torch.tensor_split(y, count), strict=True):
        with job.cast():
            scores = wrapped(rows.to(where))
        value = job.loss(scores, truth.to(where)) * (len(rows) / len(x))
        job.accelerator.backward(value)
        total += value.detach()
    if job.penalty:
        extra = job.penalty(job.model)
        if extra.requires_grad:  # not so where all it speaks of is frozen
            job.accelerator.backward(extra)
        total += extra.detach()
    return total


def _is_out_of_memory(error: BaseException) -> bool:
    import torch

    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(w in str(error).lower() for w in words)


def open_state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """What may have moved by now: the parameters that have gradients, and buffers. Not copies."""
    closed = {name for name, weight in model.named_parameters(remove_duplicate=False) if not weight.requires_grad}
    known = {name for name, _ in (*model.named_parameters(remove_duplicate=False), *model.named_buffers())} - closed
    return {name: tensor for name, tensor in model.state_dict().items() if name in known}


def _copy(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in open_state(model).items()}


def _save(path: Path | None, model: Any, optimizer: Any, best: Outcome, place: _Place) -> None:  # noqa: ANN401
    """Write the state of the run down, but where that takes a while never more than a `SAVING` part of the time."""
    import torch

    begun = time.monotonic()
    if path is None or begun < place.next_save:
        return
    buffer = io.BytesIO()
    state = {"model": open_state(model), "optimizer": optimizer.state_dict()}
    torch.save(state | {"best": vars(best), "place": vars(place) | {"next_save": 0.0}}, buffer)
    write(path, buffer.getvalue())
    took = time.monotonic() - begun
    place.next_save = begun + took + (took / SAVING if took > BRIEF else 0.0)


def _resume(path: Path, model: Any, optimizer: Any) -> tuple[Outcome, _Place]:  # noqa: ANN401
    """Put the saved state back; returns the best so far and where the run was."""
    import torch

    saved = torch.load(path, weights_only=True)
    model.load_state_dict(saved["model"], strict=False)  # what cannot have moved is there
    optimizer.load_state_dict(saved["optimizer"])
    return Outcome(**saved["best"]), _Place(**saved["place"])
