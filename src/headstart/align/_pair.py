"""What a method is, what it is given and what it returns: rows of two domains, and a head on such rows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UnknownName
from ..family import load
from ..strategy import finished
from ..types import FloatArray, IntArray, Progress

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

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise ArithmeticError(
                "A head came out with numbers that are not finite: the method that was to adapt it broke down on these "
                "rows. Leave that method out, or look for values that are far too large."
            )

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
        bias = self.bias + np.broadcast_to(shift, len(self.weight)) @ self.weight
        return replace(self, weight=matrix @ self.weight, bias=bias)

    def leaning(self, log_odds: NDArray[np.float64]) -> Head:
        """With these numbers [k] added to the scores."""
        return replace(self, bias=self.bias + log_odds)


@dataclass(frozen=True)
class Way:
    """One way to adapt, as a file of align/ or align/unseen/ describes it."""

    name: str
    title: str
    paper: str
    needs: frozenset[str]
    config: Callable[..., Any]
    cost: Callable[..., float]
    run: Callable[..., Generator[Progress, None, Any]]

    def fit(self, given: Any) -> Any:  # noqa: ANN401 - a Pair → a Model, or Domains → a Head
        """What it makes of rows, by its one setting."""
        return finished(self.run(self.config(), given))

    @classmethod
    def read(cls, folder: str, name: str, **more: Any) -> Self:  # noqa: ANN401 - fields of a way of its own
        """The member of that folder. Raises `UnknownName`, or `UsageError` where a package is missing."""
        file = load(folder, name)
        return cls(name, file.TITLE, file.PAPER, file.NEEDS, file.Config, file.cost, file.run, **more)


W = TypeVar("W", bound=Way)


def wanted(known: Mapping[str, W], names: Sequence[str], always: str, what: str) -> dict[str, W]:
    """Those that are tried: the ones named, all where none is, and one always.

    Raises:
        UnknownName: there is none of such a name.
    """
    for name in names:
        if name not in known:
            raise UnknownName(what, name, list(known))
    return {name: way for name, way in known.items() if not names or name in (always, *names)}


# Rows, classes or probabilities of classes [n k], weights [n] or None → a logistic head, its penalty fixed beforehand.
Fit = Callable[[Rows, NDArray[Any], FloatArray | None], Head]


@dataclass(frozen=True)
class Pair:
    """Two domains in one representation: labelled source rows, unlabelled target rows. No method may change them.

    Which rows are of which domain is said by where they stand, and classes are numbers from 0: labels such as −1 and
    +1, or texts, are numbered before and named again after.

    Attributes:
        xs: source rows [n d]; dense ones are standardised by the source's mean and deviation.
        ys: their classes [n], 0 … k − 1.
        xt: target rows [m d], standardised by the same numbers.
        k: classes.
        fit: fits the plain head of this representation on rows and classes, weighted where weights are given.
        seed: of whatever is drawn.

    Raises:
        DataError: there are no rows, other columns, values that are not finite, or classes that are not 0 … k − 1.
    """

    xs: Rows
    ys: IntArray
    xt: Rows
    k: int
    fit: Fit = field(repr=False)
    seed: int = 0

    def __post_init__(self) -> None:
        (n, columns), (m, others) = self.xs.shape, self.xt.shape
        if not (n and m and columns == others and len(self.ys) == n):
            raise DataError(
                f"{n} source rows of {columns} columns with {len(self.ys)} classes and {m} target rows of {others} "
                "columns were given. Both domains need a row at least, the same columns, and each source row a class."
            )
        for domain, rows in (("source", self.xs), ("target", self.xt)):
            if not np.isfinite(rows if self.dense else rows.data).all():
                raise DataError(
                    f"Of the {domain} rows some hold values that are not finite (NaN or infinite). "
                    "Leave such rows out, or fill them."
                )
        if self.ys.dtype.kind not in "iu" or self.ys.min() < 0 or self.ys.max() >= self.k:
            raise DataError(
                f"The classes {np.unique(self.ys)[:5].tolist()} … were given; with {self.k} classes they must be whole "
                f"numbers from 0 to {self.k - 1}. Number them first."
            )

    @property
    def dense(self) -> bool:
        """Whether the rows are arrays of few columns."""
        return isinstance(self.xs, np.ndarray)

    @property
    def priors(self) -> NDArray[np.float64]:
        """Share of each class among the source rows [k], with one more of each so that none is 0."""
        counts = np.bincount(self.ys, minlength=self.k) + 1.0
        return np.asarray(counts / counts.sum())
