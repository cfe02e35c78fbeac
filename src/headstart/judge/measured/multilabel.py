"""Label sets on the sealed split: F1 of all decisions and of each label, average precision, calibration.

In: logits `[n k]`, before temperature scaling, and true labels `[n k]` of 0 and 1. Out: `LabelMetrics`, and sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...kind import multilabel as kind
from ...types import Fitted, Task
from .. import bootstrap
from .._quantiles import Float64
from ..bootstrap import Ints, Metric
from ..calibration import ece, reliability
from ..metric import accuracy, macro_f1, micro_f1
from .classification import FEW_A_CLASS, listed


@dataclass(frozen=True)
class LabelMetrics:
    """How one model of several labels an example did on one split. Probabilities are after temperature scaling."""

    micro_f1: float  # of all label decisions together
    macro_f1: float  # mean over labels
    mean_average_precision: float  # mean over labels of the area under precision and recall
    subset_accuracy: float  # share of examples whose labels are all right, and no other given
    accuracy: float  # the same, under the name that every classifier's has
    hamming_loss: float  # share of label decisions that are wrong
    log_loss: float  # mean over examples and labels, nats
    ece: float  # expected calibration error of all label decisions, 15 equal-width bins
    ece_before: float  # the same before temperature scaling
    temperature: float
    threshold: float  # probability from which on a label is given
    micro_f1_interval: tuple[float, float]
    accuracy_interval: tuple[float, float]
    per_class: tuple[Mapping[str, Any], ...]  # {"label", "n", "given", "precision", "recall", "f1"}
    reliability: tuple[Mapping[str, float], ...] = field(default=())


def metrics(
    scores: Float64, y: Ints, task: Task, fitted: Fitted, level: float, groups: Ints | None = None
) -> LabelMetrics:
    """Of one model."""
    p = kind.KIND.decode(scores, fitted.decoder)
    guess, k = kind.KIND.answers(scores, fitted.decoder), y.shape[1]
    found = plain(scores, y, task.labels, fitted, level, groups)
    wholly = accuracy.mean((guess == y).all(1)[None].astype(np.float64))
    return LabelMetrics(
        **{**found, "per_class": tuple(found["per_class"])},
        accuracy=found["subset_accuracy"],
        ece_before=ece(*_decisions(kind.sigmoid(scores), y)),
        temperature=fitted.decoder.get("temperature", 1.0),
        threshold=fitted.decoder.get("threshold", kind.EVEN),
        micro_f1_interval=bootstrap.single(micro_f1, micro_f1.sums(guess, y, k), groups=groups, level=level),
        accuracy_interval=bootstrap.single(accuracy, wholly, groups=groups, level=level),
        reliability=reliability(*_decisions(p, y)),
    )


def plain(
    scores: Float64, y: Ints, labels: Sequence[str], fitted: Fitted, level: float, groups: Ints | None
) -> dict[str, Any]:
    """Of one model on any examples: overall, and each label."""
    p = kind.KIND.decode(scores, fitted.decoder)
    guess = kind.KIND.answers(scores, fitted.decoder)
    return {
        "micro_f1": _f1(micro_f1, guess, y),
        "macro_f1": _f1(macro_f1, guess, y),
        "mean_average_precision": mean_average_precision(p, y),
        "subset_accuracy": float((guess == y).all(1).mean()),
        "hamming_loss": float((guess != y).mean()),
        "log_loss": float(kind.log_losses(p, y).mean()),
        "ece": ece(*_decisions(p, y)),
        "per_class": list(kind.per_label(guess, y, labels)),
    }


def mean_average_precision(probabilities: Float64, y: Ints) -> float:
    """Mean over labels that occur of Σ (recall now − recall before) · precision, down the ranking by probability.

    >>> round(mean_average_precision(np.array([[0.9], [0.8], [0.1]]), np.array([[1], [0], [1]])), 3)
    0.833
    """
    from sklearn.metrics import average_precision_score

    there = np.flatnonzero(y.any(0))
    return float(np.mean([average_precision_score(y[:, c], probabilities[:, c]) for c in there])) if len(there) else 0.0


def caveats(task: Task, y: Ints, found: LabelMetrics, metric: str) -> list[str]:
    """Labels with few test examples."""
    thin = [label for label, n in zip(task.labels, y.sum(0), strict=True) if n < FEW_A_CLASS]
    hangs = ", and macro-F1, in which every label weighs the same, hangs on these few"
    return [
        f"Fewer than {FEW_A_CLASS} test {task.noun}s have {listed(thin)}: per-label numbers say little there"
        f"{hangs if metric != 'micro_f1' else ''}."
    ] if thin else []  # fmt: skip


def _f1(metric: Metric, guess: Ints, y: Ints) -> float:
    return float(bootstrap.values(metric, metric.sums(guess, y, y.shape[1]))[0])


def _decisions(p: Float64, y: Ints) -> tuple[Float64, Ints]:
    """Each label of each example as a task of two classes: [n·k 2], [n·k]."""
    flat = p.reshape(-1)
    return np.stack([1 - flat, flat], 1), y.reshape(-1)
