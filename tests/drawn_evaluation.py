"""Runs of which a test says on which examples they are right, judged as `evaluate` judges."""

import numpy as np

from headstart.judge.unseen import evaluate
from headstart.types import Example, Fitted, Sealed, Task, View

N = 240


def task(k=2, n=N, labels=("a", "b"), kind="classification", targets=None, groups=0):
    examples = tuple(
        Example(
            f"t:{i}",
            f"{i}",
            f"text {i}",
            targets[i] if targets else i % k,
            group=str(i // (n // groups)) if groups else None,
        )
        for i in range(n)
    )
    return Task("more", labels, (), (), Sealed(examples), modality="text", kind=kind)


def model(labels=("a", "b"), kind="classification"):
    return Fitted("probe", View(None, "input"), {}, labels, {}, 0, 0, kind=kind)


def judged(data, *right, metric="accuracy", margin=0.01, own=None):
    """Runs that answer the examples rightly where `right` [n] says so."""
    y = np.array([e.answer for e in data.test._examples])
    models = [model(data.labels) for _ in right]
    said = {
        id(m): np.eye(len(data.labels))[np.where(r, y, (y + 1) % len(data.labels))]
        for m, r in zip(models, right, strict=True)
    }
    names = [f"runs/{name}" for name in ("en", "de")[: len(models)]]
    return evaluate(
        data,
        list(zip(names, models, strict=True)),
        lambda fitted, examples: said[id(fitted)],
        metric=metric,
        margin=margin,
        own=own,
    )


def first(share, n=N):
    return np.arange(n) < round(share * n)
