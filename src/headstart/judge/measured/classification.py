"""Classes on the sealed split: accuracy, macro-F1, log-loss, calibration, each class and what is taken for what.

In: logits `[n k]`, before temperature scaling, and true classes `[n]`. Out: `Metrics`, and sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kind import classification as kind
from ...kind import targets
from ...kind._words import percent
from ...types import Fitted, Metrics, Task
from .. import bootstrap
from .._quantiles import Float64
from ..bootstrap import Ints
from ..calibration import ece, reliability
from ..metric import accuracy

FEW_A_CLASS = 5  # below it a caveat is due


def metrics(
    scores: Float64, y: NDArray[np.int64], task: Task, fitted: Fitted, level: float, groups: Ints | None = None
) -> Metrics:
    """Of one classifier."""
    p, guess, labels = kind.KIND.decode(scores, fitted.decoder), kind.KIND.answers(scores), task.labels
    return Metrics(
        accuracy=kind.accuracy(guess, y),
        macro_f1=kind.macro_f1(guess, y, len(labels)),
        log_loss=kind.log_loss(p, y),
        ece=ece(p, y),
        ece_before=ece(kind.softmax(scores), y),
        temperature=fitted.decoder.get("temperature", 1.0),
        accuracy_interval=bootstrap.single(accuracy, accuracy.sums(guess, y, len(labels)), groups=groups, level=level),
        per_class=kind.per_class(guess, y, labels),
        confusion=tuple(tuple(int(c) for c in row) for row in kind.confusion(guess, y, len(labels))),
        reliability=reliability(p, y),
        two_classes=two_classes(guess, y, labels, level, groups) if len(labels) == 2 else {},
    )


def two_classes(
    guess: NDArray[np.int64],
    y: NDArray[np.int64],
    labels: Sequence[str],
    level: float,
    groups: Ints | None,
) -> dict[str, Any]:
    """Sensitivity and specificity, each with its interval: the parts of either class that are named as such.

    The second class counts as the positive one ("no", "yes"; "benign", "malignant"), as scikit-learn has it. A class
    without an example has none.
    """
    out: dict[str, Any] = {"positive": labels[1], "negative": labels[0]}
    for name, c in (("sensitivity", 1), ("specificity", 0)):
        right, of = (guess == y)[None, y == c].astype(np.float64), None if groups is None else groups[y == c]
        some = right.size > 0
        out[name] = float(right.mean()) if some else None
        out[f"{name}_interval"] = (
            bootstrap.single(accuracy, accuracy.mean(right), groups=of, level=level) if some else None
        )
    return out


def plain(
    scores: Float64, y: NDArray[np.int64], labels: Sequence[str], fitted: Fitted, level: float, groups: Ints | None
) -> dict[str, Any]:
    """Of one classifier on any examples: overall, its mean confidence, each class, and `confusion` [k][k]."""
    p, guess, k = kind.KIND.decode(scores, fitted.decoder), kind.KIND.answers(scores), len(labels)
    return {
        "accuracy": kind.accuracy(guess, y),
        "macro_f1": kind.macro_f1(guess, y, k),
        "log_loss": kind.log_loss(p, y),
        "ece": ece(p, y),
        "confidence": float(p.max(axis=1).mean()),
        "per_class": list(kind.per_class(guess, y, labels)),
        "confusion": kind.confusion(guess, y, k).tolist(),
        **({"two_classes": two_classes(guess, y, labels, level, groups)} if k == 2 else {}),
    }


def caveats(task: Task, y: NDArray[np.int64], found: Metrics, metric: str) -> list[str]:
    """Classes with few test examples, imbalance, and a model that is no better than one answer for all."""
    out, k = [], len(task.labels)
    counts, trained = np.bincount(y, minlength=k), np.bincount(targets(task, task.train), minlength=k)
    thin = [label for label, n in zip(task.labels, counts, strict=True) if n < FEW_A_CLASS]
    if thin:
        out.append(
            f"Fewer than {FEW_A_CLASS} test {task.noun}s of {listed(thin)}: per-class numbers say little there"
            + (
                ", and macro-F1, in which every class weighs the same, hangs on these few."
                if metric != "accuracy"
                else "."
            )
        )
    common, rare = int(trained.argmax()), int(trained.argmin())
    if kind.KIND.metric(targets(task, task.train)) == "macro_f1":
        most, least = (f"{trained[at]:,} training {task.noun}s of '{task.labels[at]}'" for at in (common, rare))
        so = (
            "and accuracy says little of the smaller ones."
            if metric == "accuracy"
            else "so the verdict is in macro-F1: every class weighs the same."
        )
        out.append(f"The classes are imbalanced ({most}, {least}), {so}")
    baseline = counts[common] / len(y)
    if metric != "accuracy" and baseline >= found.accuracy:  # of the verdict's own metric `judge.verdict` tells it
        out.append(
            f"The accuracy of {percent(found.accuracy)} is no better than always answering '{task.labels[common]}' "
            f"({percent(baseline)}): look at macro-F1 and the per-class table."
        )
    return out


def listed(labels: Sequence[str], most: int = 5) -> str:
    """The first few of them, quoted."""
    rest = f" and {len(labels) - most} more classes" if len(labels) > most else ""
    return ", ".join(f"'{label}'" for label in labels[:most]) + rest
