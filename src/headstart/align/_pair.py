"""What a method is given and what it returns: rows of two domains, and a head on such rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..types import FloatArray, IntArray

Rows = Any  # float64 [n d], or a sparse matrix of scipy's [n v]


class Model(Protocol):
    """What a method returns; its state is that of a strategy in transfer/, which reads it when the model was saved."""

    @property
    def strategy(self) -> str:
        """A member of transfer/."""

    @property
    def notes(self) -> Mapping[str, Any]:
        """What a report may tell of how it came about; empty where there is nothing."""

    def __call__(self, x: Rows) -> FloatArray:
        """Rows as the pair's → scores [n k], before the softmax."""

    def behind(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """The saved state, on rows before they were standardised: x = (rows − mean) / scale."""


@dataclass(frozen=True)
class Head:
    """A linear head: scores = x @ weight + bias. All that is linear before it is one with it."""

    weight: NDArray[np.float64]  # [d k]
    bias: NDArray[np.float64]  # [k]
    strategy: str = "probe"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, x: Rows) -> FloatArray:
        """[n d] → [n k]."""
        return np.asarray(x @ self.weight + self.bias, np.float32)

    def behind(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `Model`."""
        weight = self.weight / scale[:, None]
        bias = self.bias - mean @ weight
        return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}

    def after(self, matrix: NDArray[np.float64], shift: NDArray[np.float64] | float = 0.0) -> Head:
        """This head on x @ matrix + shift, as a head on x."""
        bias = self.bias + np.asarray(shift) @ self.weight
        return replace(self, weight=matrix @ self.weight, bias=bias)

    def leaning(self, log_odds: NDArray[np.float64]) -> Head:
        """With these numbers [k] added to the scores."""
        return replace(self, bias=self.bias + log_odds)


# Rows, classes or probabilities of classes [n k], weights [n] or None → a logistic head, its penalty fixed beforehand.
Fit = Callable[[Rows, NDArray[Any], FloatArray | None], Head]


@dataclass(frozen=True)
class Pair:
    """Two domains in one representation: labelled source rows, unlabelled target rows. No method may change them.

    Attributes:
        xs: source rows [n d]; dense ones are standardised by the source's mean and deviation.
        ys: their classes [n], 0 … k − 1.
        xt: target rows [m d], standardised by the same numbers.
        k: classes.
        fit: fits the plain head of this representation on rows and classes, weighted where weights are given.
        seed: of whatever is drawn.
    """

    xs: Rows
    ys: IntArray
    xt: Rows
    k: int
    fit: Fit = field(repr=False)
    seed: int = 0

    @property
    def dense(self) -> bool:
        """Whether the rows are arrays of few columns."""
        return isinstance(self.xs, np.ndarray)

    @property
    def priors(self) -> NDArray[np.float64]:
        """Share of each class among the source rows [k], with one more of each so that none is 0."""
        counts = np.bincount(self.ys, minlength=self.k) + 1.0
        return np.asarray(counts / counts.sum())


def softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    """[n k] → probabilities.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    top = np.asarray(scores, np.float64) - scores.max(1, keepdims=True)
    odds = np.exp(top)
    return np.asarray(odds / odds.sum(1, keepdims=True))
