"""Self-training: target rows that the head is surest of, of every class as large a share, are learnt as if labelled.

In each round a larger share of the rows that are answered with a class, the surest first, keeps its answer and the
head is fitted again on these and the source rows. Taken by class, easy classes do not crowd out the hard ones (class-
balanced).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ..types import FloatArray, IntArray, Progress
from ._pair import Head, Pair
from ._rows import below

TITLE = "self-training"
PAPER = "Zou et al. 2018, Unsupervised Domain Adaptation via Class-Balanced Self-Training"
NEEDS: frozenset[str] = frozenset()
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    first: float = 0.2  # share of each class's rows that is believed in the first round
    last: float = 0.5
    rounds: int = 4


def cost(n: int, m: int, d: int, k: int) -> float:
    """A head of the source rows, and one of both in each round."""
    return 500.0 * n * d * k + 200.0 * m * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Fit, believe, fit again. Believed rows weigh together at most as much as the source rows."""
    head = pair.fit(pair.xs, pair.ys, None)
    n = len(pair.ys)
    for at, share in enumerate(np.linspace(config.first, config.last, config.rounds), 1):
        scores = head(pair.xt)
        sure = surest(scores, float(share))
        weights = np.repeat([1.0, min(1.0, n / len(sure))], [n, len(sure)]).astype(np.float32)
        ys = np.concatenate([pair.ys, scores[sure].argmax(1)])
        head = pair.fit(below(pair.xs, pair.xt[sure]), ys, weights)
        yield Progress(at, config.rounds)
    return head


def surest(scores: FloatArray, share: float) -> IntArray:
    """Which rows [s] of scores [m k]: of those that each class is answered for a share, at least one, the surest.

    >>> surest(np.array([[9.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0.5).tolist()
    [0, 2]
    """
    from scipy.special import log_softmax

    answers, sure = scores.argmax(1), log_softmax(scores, axis=1).max(1)
    taken = []
    for answer in np.unique(answers):
        rows = np.flatnonzero(answers == answer)
        taken.append(rows[np.argsort(-sure[rows], kind="stable")][: int(np.ceil(share * len(rows)))])
    return np.sort(np.concatenate(taken))
