"""The transfer curve: how well a target task can be read off each depth of a source, and off the parts tuned above it.

In: pooled frozen features of training and validation pictures at every depth, stem to top. Out: a `Curve`. Early
features are general, late ones special to the source's own task (Yosinski et al. 2014; Alain & Bengio 2016); where the
curve turns shows how much of the source a task can use. Validation pictures alone: never sees the sealed ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, UsageError
from ..kind._words import number
from ..kind.classification import KIND
from ..plan.choice import standard_error
from ..runtime import one_blas_thread
from ..score._axes import decompose, penalties, signed_root
from ..transfer.heads.linear import logistic, ridge_path
from ..types import Features, IntArray
from ._quantiles import Float64
from .wording import points

SHARES = (1.0, 1 / 8, 1 / 64, 1 / 512)  # of the leave-one-out ridge penalty: the linear probe's own four settings
INPUT = "input"  # the name of the picture itself: tuning from there up trains the whole network
Tuned = Mapping[str, tuple[float, ArrayLike]]
KINDS = ("classification",)  # of tasks for which the curve can be drawn


@dataclass(frozen=True)
class Depth:
    """One depth of a source. Scores are of validation pictures, log-losses after temperature scaling."""

    name: str
    at: float  # how far up: 0 = the picture, 1 = the top
    dim: int  # features; 0 for the picture itself
    probe: float | None  # accuracy of a logistic head on the frozen features; None where none was fitted
    probe_log_loss: float | None = None
    probe_se: float | None = None  # standard error of `probe_log_loss`
    tuned: float | None = None  # accuracy when everything above this depth is trained; None where not measured
    tuned_log_loss: float | None = None


@dataclass(frozen=True)
class Probed:
    """A depth with the log-loss of each validation picture, which a record does not keep."""

    depth: Depth
    losses: Float64  # [n]
    groups: IntArray | None = None  # [n] whose pictures count as one observation together; None: each stands alone


@dataclass(frozen=True)
class Curve:
    """The transfer curve of one source on one task."""

    source: str
    depths: tuple[Depth, ...]  # stem to top
    n_train: int
    n_valid: int
    best: str  # the depth to read frozen features from, see `choose`
    why: str
    # How many of the last depths to train anew: those above the best one; where tuned scores are known, the fewest
    # that cannot be told from the best of them (0 = the frozen top is as good).
    tail: int
    tail_why: str
    peak: float  # `at` of the best depth
    drop_at_top: float  # accuracy of the probe at the best depth less that at the top; 0 where the top is best
    trend: str  # what the curve says of the task, one sentence


def probe_curve(
    train: Mapping[str, Features], valid: Mapping[str, Features], k: int, groups: IntArray | None = None
) -> tuple[Probed, ...]:
    """Fit a logistic head on every depth's frozen features.

    As the linear probe does: signed square root, standardised, penalties around the best ridge penalty by exact
    leave-one-out, the lowest validation log-loss after temperature scaling, or without it where that is lower. The
    same effort at every depth.

    Args:
        train: pooled features `[n d]` of each depth, in the order stem → top, all of the same pictures.
        valid: the same depths of the validation pictures.
        k: classes.
        groups: of the validation pictures `[n]`, where some belong together.

    Returns:
        A depth each, in the order of `train`.

    Raises:
        UsageError: no depths, or not the same ones; features that are no matrix; fewer than two pictures; labels that
            differ between depths or lie outside 0..k − 1.
        DataError: features that are not finite.
    """
    _check(train, valid, k)
    found = []
    with one_blas_thread():
        for i, (name, features) in enumerate(train.items()):
            right, losses = _probe(features, valid[name], k)
            log_loss, se = float(losses.mean()), standard_error(losses, groups)
            depth = Depth(name, (i + 1) / len(train), features.x.shape[1], right, log_loss, se)
            found.append(Probed(depth, losses, groups))
    return tuple(found)


def choose(probed: Sequence[Probed], noun: str = "picture") -> tuple[str, str]:
    """The depth to read frozen features from, and why.

    The one-standard-error rule (Breiman et al. 1984), paired: of the depths whose log-loss lies within one standard
    error of the lowest, the deepest. It keeps the most of what the source knows, and its features come for free when
    the source's own head is run.

    Args:
        probed: stem to top, all on the same validation pictures.
        noun: what one of these is called.

    Returns:
        name, one sentence.

    Raises:
        UsageError: no depth.
    """
    if not probed:
        raise UsageError("No depth was probed, so none can be chosen. Pass the features of one depth or more.")
    lowest, chosen = _lowest_and_deepest([p.losses for p in probed], probed[0].groups)
    best, low, top = (_numbers(probed[i].depth) for i in (chosen, lowest, -1))
    pictures = f"{len(probed[0].losses):,} validation {noun}s"
    name = probed[chosen].depth.name
    if len(probed) == 1:
        return name, f"{name} is the only depth that was probed ({best} on {pictures})."
    if chosen != lowest:
        rival = probed[lowest].depth.name
        why = (
            f"Best read at {name} ({best}): {pictures} do not tell it from {rival}, which has the lowest log-loss "
            f"({low}), and of depths that cannot be told apart the deepest is taken."
        )
    elif chosen == len(probed) - 1:
        why = f"Best read at {name}: it has the lowest log-loss of {len(probed)} depths ({best} on {pictures})."
    else:
        why = (
            f"Best read at {name}: it has the lowest log-loss of {len(probed)} depths ({best} on {pictures}); "
            f"{probed[-1].depth.name} is worse ({top})."
        )
    return name, why


def curve(
    source: str, probed: Sequence[Probed], n_train: int, tuned: Tuned | None = None, noun: str = "picture"
) -> Curve:
    """The whole curve, ready for a record (`types.to_dict`).

    Args:
        source: its key.
        probed: of `probe_curve`.
        n_train: training pictures.
        tuned: accuracy and per-picture log-losses `[n]` on the same validation pictures after training everything
            above a depth, by its name; "input" is the whole network. Depths without one were not measured.
        noun: what one example is called.

    Raises:
        UsageError: nothing probed, or tuned scores of an unknown depth or of other pictures.
    """
    name, why = choose(probed, noun)
    scores = {d: (float(right), np.asarray(losses, dtype=np.float64)) for d, (right, losses) in (tuned or {}).items()}
    _check_tuned(scores, probed)
    chosen = next(p for p in probed if p.depth.name == name).depth
    tail, tail_why = _tail(probed, scores, len(probed) - 1 - [p.depth.name for p in probed].index(name))
    rows = [p.depth for p in probed]
    if INPUT in scores and rows[0].name != INPUT:
        rows.insert(0, Depth(INPUT, 0.0, 0, None))
    return Curve(
        source=source,
        depths=tuple(_with_tuned(d, scores) for d in rows),
        n_train=n_train,
        n_valid=len(probed[0].losses),
        best=name,
        why=why,
        tail=tail,
        tail_why=tail_why,
        peak=chosen.at,
        drop_at_top=(chosen.probe or 0.0) - (probed[-1].depth.probe or 0.0),
        trend=_trend(probed),
    )


def _with_tuned(depth: Depth, tuned: Mapping[str, tuple[float, Float64]]) -> Depth:
    if depth.name not in tuned:
        return depth
    right, losses = tuned[depth.name]
    return replace(depth, tuned=right, tuned_log_loss=float(losses.mean()))


def _probe(train: Features, valid: Features, k: int) -> tuple[float, Float64]:
    """Accuracy and per-picture log-losses `[n]` of the best of four heads."""
    a = decompose(signed_root(train.x))
    grid = penalties(a)
    ridge = float(grid[ridge_path(a, train.y, k, grid)[0].argmin()])
    x, tried = signed_root(valid.x), []
    for share in SHARES:
        weight, bias = a.unrotate(*logistic(a.z, train.y, k, share * ridge))
        tried.append(KIND.compared(x @ weight + bias, valid.y))
    return min(tried, key=lambda t: float(t[1].mean()))


def _lowest_and_deepest(losses: Sequence[Float64], groups: IntArray | None) -> tuple[int, int]:
    """Where the lowest mean is, and the last one that the pictures cannot tell from it."""
    lowest = min(range(len(losses)), key=lambda i: (float(losses[i].mean()), -i))
    return lowest, max(i for i in range(len(losses)) if _close(losses[i], losses[lowest], groups))


def _close(losses: Float64, lowest: Float64, groups: IntArray | None) -> bool:
    gap = losses - lowest
    return bool(gap.mean() <= standard_error(gap, groups))


def _tail(probed: Sequence[Probed], tuned: Mapping[str, tuple[float, Float64]], above: int) -> tuple[int, str]:
    """How many depths to train anew and why; `above` is how many lie above the best frozen one."""
    names, parts = [p.depth.name for p in probed], len(probed)
    if not tuned:
        what = f"{_last(above, parts)} would be trained anew" if above else "no part asks to be trained anew"
        return above, f"By frozen features alone, {what}."
    # Where nothing above the top is trained the head alone is: the probe stands for it.
    frozen = probed[-1].depth
    rows = {names[-1]: (frozen.probe or 0.0, probed[-1].losses), **tuned}
    order = [key for key in dict.fromkeys((INPUT, *names)) if key in rows]
    lowest, chosen = _lowest_and_deepest([rows[key][1] for key in order], probed[0].groups)
    right, losses = rows[order[chosen]]
    count = parts - 1 - names.index(order[chosen]) if order[chosen] in names else parts
    numbers = KIND.told(right, float(losses.mean()))
    if count == 0:
        than = "has the lowest log-loss of all cuts" if chosen == lowest else "is not told from the best fine-tuned cut"
        return 0, f"Training nothing but the head ({numbers}) {than}."
    text = f"Training {_last(count, parts)} gives {numbers}, the frozen {frozen.name} {_numbers(frozen)}"
    if chosen == lowest:
        return count, f"{text}; of {len(order)} cuts it has the lowest log-loss."
    return count, f"{text}; training more parts is not told from it."


def _trend(probed: Sequence[Probed]) -> str:
    """General or special: where the curve stops rising."""
    if len(probed) == 1:
        return "With one depth there is no curve."
    lowest, chosen = _lowest_and_deepest([p.losses for p in probed], probed[0].groups)
    best, top = probed[chosen].depth, probed[-1].depth
    if best is not top:
        lost = (best.probe or 0.0) - (top.probe or 0.0)
        worse = (top.probe_log_loss or 0.0) - (best.probe_log_loss or 0.0)
        return (
            f"The curve peaks at {best.name}, before the top ({points(-lost)} points, log-loss +{number(worse)} at the "
            "top): what the source learnt above it is special to its own task."
        )
    first = len(probed) - 1
    while first and _close(probed[first - 1].losses, probed[lowest].losses, probed[0].groups):
        first -= 1
    if first < len(probed) - 1:
        return (
            f"The curve is flat from {probed[first].depth.name} to the top: what the source learnt above it neither "
            "helps nor harms by more than chance."
        )
    return "The curve rises to the top: even what the source learnt last serves this task."


def _last(count: int, parts: int) -> str:
    if count == parts:
        return "the whole network"
    return f"the last {count} of {parts} depths" if count > 1 else f"the last of {parts} depths"


def _numbers(depth: Depth) -> str:
    return KIND.told(depth.probe, depth.probe_log_loss)


def _check(train: Mapping[str, Features], valid: Mapping[str, Features], k: int) -> None:
    if not train or list(train) != list(valid):
        raise UsageError(
            f"Training depths {list(train)} and validation depths {list(valid)} were given; the same ones in the same "
            "order are needed, one or more. Take both from the same source."
        )
    for split, depths in (("training", train), ("validation", valid)):
        first = next(iter(depths.values())).y
        for name, f in depths.items():
            if f.x.ndim != 2 or len(f.x) < 2 or f.x.shape[1] != train[name].x.shape[1]:
                raise UsageError(
                    f"The {split} features of '{name}' have the shape {f.x.shape}; [n d] with two or more pictures is "
                    "needed, and the same d in both splits. Pass pooled features of the pictures as they are."
                )
            if not np.array_equal(f.y, first) or f.y.min() < 0 or f.y.max() >= k:
                raise UsageError(
                    f"The {split} labels of '{name}' differ from another depth's or lie outside 0 to {k - 1}; all "
                    "depths need the same labelled pictures in the same order."
                )
            if not np.isfinite(f.x).all():
                raise DataError(
                    f"The {split} features of '{name}' hold values that are not finite; a head cannot be fitted to "
                    "them. Leave that depth out, or compute it in float32 (--engine torch)."
                )


def _check_tuned(tuned: Mapping[str, tuple[float, Float64]], probed: Sequence[Probed]) -> None:
    known = {INPUT, *(p.depth.name for p in probed)}
    for name, (_, losses) in tuned.items():
        if name not in known or losses.shape != probed[0].losses.shape:
            raise UsageError(
                f"A tuned score of '{name}' came with losses of shape {losses.shape}; depths are {sorted(known)}, each "
                f"with a loss for every one of {len(probed[0].losses)} validation pictures. Pass those of a probed "
                "depth, on the same pictures."
            )
