"""Fine-tuning, common to `finetune`, `gradual`, `l2sp` and `ewc`: head first, then the source's last parts with it.

In: activations at a cut, [n, v, c, h, w] (v: the picture and its augmented copies, computed once; the part before the
cut is never run again), or the pictures themselves, [n, 3, s, s] uint8, augmented anew in every epoch. Out: the tail's
whole state. The head starts as the probe's solution on frozen features (LP-FT), and what training reaches must beat
that start on validation data, or the start is returned; unless there is so little of it that the last state is kept.

Few pictures, ten of each class, seven draws from the labelled parts of four of the benchmark's sets (seed 0's, so not
of its tests of that seed), right on the rest of these: probe 83.5 %, the last two parts for 180 steps, last state kept,
85.5; the last three for 30 steps 82.1, with statistics of each batch for 180 steps 85.0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...kind import kind_of
from ...runtime import device, digest
from ...score._axes import decompose
from ...strategy import TrainResult
from ...types import Facts, Features, FitContext, FloatArray, Progress, View
from .._once import once
from ..heads.linear import logistic_head
from ..modality import of, open_tail
from .setting import BALANCES, Config

if TYPE_CHECKING:
    import torch

    from .loop import Opening
    from .tail import Opener, Tail

    Penalty = Callable[[torch.nn.Module], torch.Tensor]

ROUNDS = 10  # evaluations at most


def views(sources: Sequence[str]) -> list[View]:
    """Every source's map that enters its last three parts."""
    return [View(source=key, depth="cut:3") for key in sources]


def fit_view(view: View, facts: Facts) -> View:
    """As the modality has it: maps at the cut, or tokens."""
    return of(facts.modality).tuned_view(view, facts)


def copies(facts: Facts) -> int:
    """Augmented copies of an example, itself counted."""
    return of(facts.modality).copies(facts)


def tune(
    config: Config,
    context: FitContext,
    *,
    penalty: Callable[[Tail, FitContext], Penalty] | None = None,
    opening: Callable[[Tail, int], Opening] | None = None,
    opened: Opener | None = None,
) -> Generator[Progress, None, TrainResult]:
    """Train; with `context.valid` the state of the lowest validation loss is kept, the start included.

    Args:
        config: the setting.
        context: `context.train.x` holds maps or pictures; `context.source` is needed.
        penalty: made from the tail as the source left it; added to the loss.
        opening: made from the tail and the steps of a round (an epoch, or a tenth of training where epochs are short;
            of a short run the same share): which parts are thawed when.
        opened: opens the tail with more or less in it than `modality.open_tail`; what never learns has no
            gradients then.

    Raises:
        UsageError: no source, or a setting that does not exist.
    """
    import torch

    from .freeze import freeze, groups
    from .loop import Recipe, open_state, train
    from .tail import RANDOM, moved

    known = config.balance in BALANCES and config.norm in ("frozen", "batch") and config.keep in ("best", "last")
    known = known and (config.balance == "none" or kind_of(context.kind).exclusive)
    if context.source is None or not known or config.parts < 1:
        raise UsageError(
            f"Fine-tuning was given source {context.source and context.source.key}, {config.parts} parts, balance "
            f"'{config.balance}', norm '{config.norm}' and keep '{config.keep}'; it needs a source, one part or more "
            f"(the head alone: steps=0), a balance of {', '.join(BALANCES)}, a norm of frozen or batch, and keep "
            "best or last. Of several labels an example the balance is none."
        )
    torch.manual_seed(context.seed)
    tail = (opened or open_tail)(context.source, context.weights, context.view, context.k).laid_out().to(device())
    front = [*tail.parts][: -config.parts]
    for name in front:
        freeze(tail.parts[name])
    hold(tail, config)
    start = {} if tail.form == RANDOM else {name: tensor.clone() for name, tensor in open_state(tail).items()}
    context = advanced(tail, front, context)
    if config.head_first:  # what lies before it has been run
        _start_head(tail, context)
    moving = [(name, stage) for name, stage in tail.stages() if name not in front]
    per_epoch, whole, share = lengths(config, len(context.train.y), context.share)
    total = max(min(whole, 1), round(whole * share))
    every = max(per_epoch, math.ceil(total / ROUNDS))
    evaluate = evaluator(context.valid, context.kind) if context.valid is not None and config.keep == "best" else None
    trained = sum(p.numel() for p in tail.parameters() if p.requires_grad)
    if total == 0:
        yield Progress(1, 1)
        return TrainResult(
            moved(tail.state_dict(), start), sum(p.numel() for p in tail.classifier.parameters()), {"step": 0}
        )
    outcome = yield from train(
        tail,
        batches(context, config, tail),
        _loss(config, context),
        Recipe(
            total,
            config.lr,
            weight_decay=config.weight_decay,
            schedule=config.schedule,
            evaluate_every=every,
            patience=4,
            start=True,
            threads=1,
            precision=tail.precision,
        ),
        seed=context.seed,
        groups=groups(moving, config.lr, config.decay, config.weight_decay),
        evaluate=evaluate,
        checkpoint=context.checkpoint,
        penalty=penalty(tail, context) if penalty else None,
        opening=opening(tail, max(1, round(max(per_epoch, whole / ROUNDS) * share))) if opening else None,
    )
    return TrainResult(moved(outcome.state, start), trained, {"step": outcome.step, "steps": total})


def lengths(config: Config, n: int, share: float) -> tuple[int, int, float]:
    """Steps of an epoch over `n` rows, those of the whole training, and the share of these that is run."""
    per_epoch = max(1, math.ceil(n / config.batch))
    if config.steps is not None:
        return per_epoch, config.steps, 1.0
    return per_epoch, max(config.least, round(config.epochs * per_epoch)), share


def refit(config: Config, notes: Mapping[str, Any], n_before: int, n_now: int) -> Any:  # noqa: ANN401 - a strategy's own Config
    """The setting for more pictures: as many epochs as served best, at least half of all; none if none helped.

    Where the last state is kept, all epochs.
    """
    best, steps = int(notes["step"]), int(notes.get("steps", 0))
    if config.keep == "best":
        steps = max(best, steps // 2) if best else 0
    return replace(config, steps=round(steps * n_now / n_before))


def hold(tail: Tail, config: Config) -> None:
    """Keep batch-norm's statistics as the source left them, also in the parts that learn, unless told otherwise."""
    from .freeze import hold_statistics

    if config.norm == "frozen":
        hold_statistics(tail)


def learning(tail: Tail) -> list[tuple[str, torch.nn.Parameter]]:
    """The source's weights that learn, without the new head."""
    return [(n, p) for n, p in tail.named_parameters() if p.requires_grad and not n.startswith("classifier.")]


def source_weights(tail: Tail) -> dict[str, torch.Tensor]:
    """A copy of `learning`, to be taken before training."""
    return {name: weight.detach().clone() for name, weight in learning(tail)}


def squared_distance(
    tail: Tail, start: Mapping[str, torch.Tensor], weight: Mapping[str, torch.Tensor] | None = None
) -> torch.Tensor:
    """Σ weight · (w − w₀)² over the source's weights that learn."""
    import torch

    total = torch.zeros((), device=next(tail.parameters()).device)
    for name, now in learning(tail):
        gap = (now - start[name].to(now.device)) ** 2
        total = total + (gap if weight is None else gap * weight[name].to(now.device)).sum()
    return total


def advanced(tail: Tail, front: list[str], context: FitContext) -> FitContext:
    """Maps moved on through the frozen front of the tail, once; training then begins behind it."""
    if not front or tail.anew:  # whole pictures are augmented anew at every step, so nothing can be kept
        return context

    def moved(x: NDArray[Any]) -> NDArray[Any]:
        key = ("moved", digest(tail.source.identity), tail.form, context.view.depth, len(front))
        return once(x, key, lambda: tail.advance(len(front), x))

    if not tail.fits(
        [part.x for part in (context.train, context.valid) if part]
    ):  # then the front is run at every step
        return context
    train = replace(context.train, x=moved(context.train.x))
    valid = context.valid and replace(context.valid, x=moved(context.valid.x))
    source_rows = None if context.source_rows is None else moved(context.source_rows)
    tail.begin_behind(len(front))
    return replace(context, train=train, valid=valid, source_rows=source_rows)


def _start_head(tail: Tail, context: FitContext) -> None:
    """The head of the tail as the source left it, solved once."""
    key = (
        "head",
        digest(tail.source.identity),
        tail.form,
        tail.changed,
        context.train.y.tobytes(),
        context.k,
        context.kind,
    )
    put_head(tail, *once(context.train.x, key, lambda: solve_head(tail, context)))


def solve_head(tail: Tail, context: FitContext) -> tuple[FloatArray, FloatArray]:
    """The probe's solution on the tail's own features: the penalty by leave-one-out, as in probe.py.

    Returns:
        weight [d k], bias [k].
    """
    import torch

    from .tail import look, plain, soft_root

    tail.eval()
    a = decompose(soft_root(torch.from_numpy(look(tail, plain(context.train.x), features=True))).numpy())
    return logistic_head(a, context.train.y, context.k, 0.125, kind_of(context.kind).link)[:2]


def put_head(tail: Tail, weight: FloatArray, bias: FloatArray) -> None:
    """Make weight [d k] and bias [k] the tail's head."""
    import torch

    with torch.no_grad():
        tail.classifier.weight.copy_(torch.from_numpy(weight.T.copy()))
        tail.classifier.bias.copy_(torch.from_numpy(bias))


def batches(context: FitContext, config: Config, tail: Tail) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """`batch(step)`, a pure function of the step: the epoch's order, each row's copy, MixUp's partners."""
    import torch

    x, y, seed = context.train.x, context.train.y, context.seed
    exclusive = kind_of(context.kind).exclusive
    per_epoch = max(1, math.ceil(len(y) / config.batch))

    def shares(labels: torch.Tensor) -> torch.Tensor:
        return (torch.nn.functional.one_hot(labels, context.k) if exclusive else labels).float()

    @cache
    def order(epoch: int) -> NDArray[np.int64]:
        random = np.random.default_rng((seed, epoch))
        if config.balance == "sample":
            chance = 1 / np.bincount(y, minlength=context.k)[y]
            return random.choice(len(y), len(y), p=chance / chance.sum())
        return random.permutation(len(y))

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        epoch, at = divmod(step, per_epoch)
        rows = np.array_split(order(epoch), per_epoch)[at]  # of equal size: batch-norm dislikes a small last batch
        if x.ndim == 5:  # each picture's copy of this epoch: all are seen before one is seen again
            turn = np.array(
                [np.random.default_rng((seed, int(r))).permutation(x.shape[1])[epoch % x.shape[1]] for r in rows]
            )
            picked = tail.as_batch(x[rows, turn])
        elif tail.anew:
            picked = _changed(tail.as_batch(x[rows]), context.view.style, [(seed, epoch, int(r)) for r in rows])
        else:
            picked = tail.as_batch(x[rows])
        labels = torch.from_numpy(y[rows])
        return _mixed(picked, shares(labels), config.mixup, (seed, step)) if config.mixup else (picked, labels)

    return batch


def _changed(x: torch.Tensor, style: str, seeds: list[tuple[int, int, int]]) -> torch.Tensor:
    """uint8 pictures [b, 3, s, s], augmented."""
    import torch

    from ...extract._augment import STYLES, augment, draw

    changed = augment((x.float() / 255 - 0.5) / 0.25, STYLES[style], draw(seeds))
    return ((changed * 0.25 + 0.5) * 255).round_().clamp_(0, 255).to(torch.uint8)


def _mixed(
    x: torch.Tensor, y: torch.Tensor, strength: float, seed: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """MixUp (Zhang et al. 2018) of a batch with itself in another order; y are shares [b k]."""
    import torch

    random = np.random.default_rng(seed)
    share, partner = float(random.beta(strength, strength)), torch.from_numpy(random.permutation(len(y)))
    return share * x.float() + (1 - share) * x[partner].float(), share * y + (1 - share) * y[partner]


def _loss(config: Config, context: FitContext) -> Any:  # noqa: ANN401 - (scores, y) → a tensor
    """The kind's; with `balance="weight"` a class of half the pictures weighs double, 1 on average."""
    weight = None
    if config.balance == "weight":
        counts = np.bincount(context.train.y, minlength=context.k).clip(1)
        weight = len(context.train.y) / (context.k * counts)
    return kind_of(context.kind).training_loss(config.smoothing, weight)


def evaluator(valid: Features, kind: str) -> Callable[[torch.nn.Module], tuple[float, float]]:
    """What `loop.train` judges by: (share that is right, mean log-loss) of a tail on validation rows."""
    from .tail import look, plain

    x, compared = plain(valid.x), kind_of(kind).compared

    def evaluate(model: Any) -> tuple[float, float]:  # noqa: ANN401 - the tail, wrapped by Accelerate or not
        right, losses = compared(look(model, x), valid.y)
        return right, float(losses.mean())

    return evaluate
