"""Accuracy and macro-F1 of answers, and the interval of a difference in macro-F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

RESAMPLES = 2000
Answers = tuple[Sequence[str], np.ndarray, np.ndarray]  # of one seed: texts, true labels [n], answers [n]


def scored(guess: Sequence[int], truth: Sequence[int]) -> dict[str, Any]:
    """What every contestant says of its answers."""
    said, true = np.array(guess), np.array(truth)
    right = said == true
    return {
        "accuracy": float(right.mean()),
        "macro_f1": float(f1(counts(said, true))),
        "correct": [bool(r) for r in right],
        "guess": [int(g) for g in guess],
    }


def counts(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """[n, classes of the test, 2]: whether the class was found, and how often it was said or true, text by text."""
    classes = np.unique(true)
    is_true, is_said = true[:, None] == classes, said[:, None] == classes
    return np.stack([is_true & is_said, is_true.astype(int) + is_said], 2).astype(float)


def f1(of: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Macro-F1 of `counts`, with weights [rounds, n] one a round: 2 found / (said + true), mean over classes."""
    n, k, _ = of.shape
    sums = (np.ones(n) if weight is None else weight) @ of.reshape(n, -1)
    found, seen = np.moveaxis(sums.reshape(*sums.shape[:-1], k, 2), -1, 0)
    return (2 * found / np.maximum(seen, 1)).mean(-1)


def macro_gap(a: Sequence[Answers], b: Sequence[Answers]) -> tuple[float, float, float]:
    """Mean over seeds of macro-F1 of a less b, and its 95 % interval: a paired bootstrap of the distinct texts.

    A text that stands in the tests of several seeds is drawn for all of them together.
    """
    number = {text: at for at, text in enumerate(sorted({text for texts, _, _ in a for text in texts}))}
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(number), np.full(len(number), 1 / len(number)), size=RESAMPLES).astype(float)
    seen, rounds = [], []
    for (texts, true, said), (_, _, other) in zip(a, b, strict=True):
        weight = drawn[:, [number[text] for text in texts]]
        pair = [counts(said, true), counts(other, true)]
        seen.append(float(f1(pair[0]) - f1(pair[1])))
        rounds.append(f1(pair[0], weight) - f1(pair[1], weight))
    low, high = np.quantile(np.mean(rounds, 0), (0.025, 0.975))
    return float(np.mean(seen)), float(low), float(high)
