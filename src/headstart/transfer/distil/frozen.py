"""A head on the student's frozen features that learns the teacher's answers and the labels; the problem is convex.

Minimises, over all rows with a teacher's logits v [n k] and over the labelled ones with classes y,
    Σ (1 − h) · T² · CE(softmax(v / T), softmax(s / T)) + Σ h · CE(y, softmax(s)) + l2 / 2 · ‖w‖²
of scores s = x w + b (Hinton et al. 2015, section 2; T² keeps the two terms' gradients comparable). A head on frozen
features is linear, so that a linear map to the teacher's features (FitNets) would change nothing but the penalty.

Probes of efficientnet-lite2 taught mobilenet-v2 at 160 pixels, half of the other pictures unlabelled, 8 draws, right
on the rest, alone → taught at T = 1, 2, 4 (share 1/8, h = 1/2): pacs, paintings, 6 a class, 64.3 → 71.7, 71.7, 70.7 %;
15 a class 73.8 → 78.3, 77.8, 77.1; tuxpaint 6 a class 81.9 → 82.8, 82.4, 82.4; 15 a class 84.6 → 85.0, 84.2, 84.4
(share 1: 86.5, 86.5, 86.1). Shares of 1/64 lie behind, labels that count for 0, 1/2 or 4/5 within a point or so.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ...kind.classification import softmax
from ...score._axes import Array, Axes, left_out, one_hot, penalties
from ...strategy import TrainResult
from ...types import Facts, FitContext, FloatArray, Progress
from ..heads.linear import axes, economical, minimise
from .lesson import Lesson

STRATEGY = "probe"  # which reads what is learnt here


@dataclass(frozen=True)
class Config:
    """One setting."""

    share: float = 0.125  # of the ridge penalty that leave-one-out likes best on the teacher's answers, as a probe's
    temperature: float = 1.0  # of the teacher's answers, on top of its own
    hard: float = 0.5  # weight of the labels; the rest is the teacher's


def settings(facts: Facts) -> list[Config]:
    """As many as a probe compares: its two stronger penalties, labels that count for half and not at all."""
    return [Config(share, hard=hard) for share in (1 / 8, 1.0) for hard in (0.5, 0.0)]


def run(config: Config, context: FitContext, lesson: Lesson) -> Generator[Progress, None, TrainResult]:
    """Fit on all rows of `context.train.x`, for which the lesson is; the solution is unique."""
    weight, bias, penalty = solve(axes(context.train.x, root=True), lesson, config.share, config)
    yield Progress(1, 1)
    return TrainResult({"weight": weight, "bias": bias}, weight.size + bias.size, {"ridge_penalty": penalty})


def solve(a: Axes, lesson: Lesson, share: float, how: Config) -> tuple[FloatArray, FloatArray, float]:
    """Weight [d k], bias [k] on what the axes were made of, and the ridge penalty of which `share` is taken."""
    taught, known = softmax(lesson.logits, how.temperature), lesson.labelled
    grid = penalties(a)
    best = float(grid[int(np.argmin([(left**2).mean() for left in left_out(a, taught, grid)]))])
    z, k, warm, hard = economical(a.z), taught.shape[1], how.temperature, how.hard
    truth = one_hot(np.where(known, lesson.y, 0), k) * known[:, None]

    def value(w: Array, b: Array) -> tuple[float, Array]:
        scores = z @ w.astype(z.dtype) + b
        soft, at_soft = _cross_entropy(taught, scores / warm)
        sure, at_sure = _cross_entropy(truth, scores)
        slope = (1 - hard) * warm * at_soft + hard * at_sure * known[:, None]
        return float((1 - hard) * warm**2 * soft + hard * sure), slope

    return *a.unrotate(*minimise(z, k, share * best, value)), best


def _cross_entropy(targets: Array, scores: Array) -> tuple[float, Array]:
    """Σ −targets · log softmax(scores), and its slope where a row of targets sums to 1."""
    top = scores.max(1, keepdims=True)
    norm = np.log(np.exp(scores - top).sum(1, keepdims=True)) + top
    return float((targets * (norm - scores)).sum()), np.exp(scores - norm) - targets
