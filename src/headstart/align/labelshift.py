"""Where only the classes' proportions differ: scores are corrected by the log ratio of the target's to the source's.

Whether they differ is tested first: if the classes that are answered in the target are as frequent as those answered
for source rows by heads that had not seen them (chi-square, level `level`), nothing is changed. Proportions in the
target are the most likely ones given calibrated probabilities (MLLS, by Saerens' EM), or those that explain the
answers' frequencies by the confusion matrix (BBSE). A shift of another kind can look like one of proportions: the
test can not tell the two apart.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..kind.classification import confusion, softmax, temperature
from ..types import FloatArray, IntArray, Progress
from ._pair import Head, Pair

TITLE = "correction for other class proportions"
PAPER = "Lipton, Wang & Smola 2018, Detecting and Correcting for Label Shift; Saerens, Latinne & Decaestecker 2002"
NEEDS: frozenset[str] = frozenset()
DEEP = False


@dataclass(frozen=True)
class Config:
    """One setting."""

    estimate: Literal["mlls", "bbse"] = "mlls"
    level: float = 0.01  # of the test
    folds: int = 4


def cost(n: int, m: int, d: int, k: int) -> float:
    """Five heads, one look at the target."""
    return 500.0 * n * d * k + m * d * k


def run(config: Config, pair: Pair) -> Generator[Progress, None, Head]:
    """Fit, test, correct."""
    held = _held_out(pair, config.folds)
    yield Progress(1, 2)
    head = pair.fit(pair.xs, pair.ys, None)
    found = head(pair.xt)
    yield Progress(2, 2)
    chance = chance_of_none(held.argmax(1), found.argmax(1), pair.k)
    if chance > config.level:
        return replace(head, notes={"chance_of_no_shift": chance})
    heat = temperature(held, pair.ys)
    if config.estimate == "mlls":
        priors = mlls(softmax(found, heat), pair.priors)
    else:
        priors = bbse(confusion(held.argmax(1), pair.ys, pair.k).T, found.argmax(1))
    m = len(found)
    priors = (m * priors + pair.priors) / (m + 1)  # one row more, as the source's: no class is ruled out
    leaning = head.leaning(heat * np.log(priors / pair.priors))
    return replace(leaning, notes={"chance_of_no_shift": chance, "proportions": priors.tolist()})


def chance_of_none(of_source: IntArray, of_target: IntArray, k: int) -> float:
    """How likely answers as unlike as these are where the proportions agree (Lipton et al., §4.1), by chi-square."""
    from scipy.stats import chi2_contingency

    counts = np.stack([np.bincount(answers, minlength=k) for answers in (of_source, of_target)])
    counts = counts[:, counts.sum(0) > 0]
    return float(chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0


def mlls(probabilities: NDArray[np.float64], priors: NDArray[np.float64], steps: int = 1000) -> NDArray[np.float64]:
    """Most likely proportions [k] of the classes of rows with these probabilities [m k]; `priors` are the source's."""
    found = priors
    for _ in range(steps):
        posterior = probabilities * (found / priors)
        better = (posterior / posterior.sum(1, keepdims=True)).mean(0)
        if np.abs(better - found).max() < 1e-7:
            return np.asarray(better)
        found = better
    return found


def bbse(counts: IntArray, answers: IntArray) -> NDArray[np.float64]:
    """Class proportions [k] that explain the target's answers [m].

    Args:
        counts: of source rows, [answered, true].
        answers: classes answered in the target.
    """
    from scipy.optimize import nnls

    k = len(counts)
    truth = counts.sum(0) / counts.sum()
    ratio, _ = nnls(counts / counts.sum(), np.bincount(answers, minlength=k) / len(answers))
    share = ratio * truth
    return np.asarray(share / share.sum()) if share.sum() > 0 else truth


def _held_out(pair: Pair, folds: int) -> FloatArray:
    """Scores of source rows [n k] by heads that had not seen them; classes are dealt out evenly."""
    n = len(pair.ys)
    folds = min(folds, n)
    mixed = np.random.default_rng(pair.seed).permutation(n)
    fold = np.empty(n, np.int64)
    fold[mixed[np.argsort(pair.ys[mixed], kind="stable")]] = np.arange(n) % folds
    scores = np.empty((n, pair.k), np.float32)
    for at in range(folds):
        learns = fold != at if folds > 1 else np.ones(n, bool)  # a single row can not be left out
        scores[fold == at] = pair.fit(pair.xs[learns], pair.ys[learns], None)(pair.xs[fold == at])
    return scores
