"""What a method for unseen domains is given: labelled rows of several domains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...errors import DataError, UsageError
from ...types import IntArray
from .._pair import Fit, Rows


@dataclass(frozen=True)
class Domains:
    """Labelled rows of several domains in one representation. No method may change them.

    Attributes:
        xs: rows [n d]; dense ones are standardised by the mean and deviation of all of them.
        ys: their classes [n], 0 … k − 1; a domain may lack some.
        domain: which domain each row is of [n], 0 … g − 1.
        k: classes.
        fit: fits the plain head of this representation, see `_pair.Fit`.
        seed: of whatever is drawn.

    Raises:
        UsageError: unequal lengths, or domains that are not numbered 0 … g − 1.
        DataError: values that are not finite, or classes outside 0 … k − 1.
    """

    xs: Rows
    ys: IntArray
    domain: IntArray
    k: int
    fit: Fit = field(repr=False)
    seed: int = 0

    def __post_init__(self) -> None:
        lengths = self.xs.shape[0], len(self.ys), len(self.domain)
        if len(set(lengths)) > 1 or not lengths[0]:
            raise UsageError(
                f"{lengths[0]} rows, {lengths[1]} classes and {lengths[2]} domains were given; one of each a row is "
                "needed, and at least one row. Pass arrays of one length."
            )
        found = np.unique(self.domain)
        if not np.array_equal(found, np.arange(len(found))):
            raise UsageError(
                f"Domains are numbered {', '.join(map(str, found[:10]))}; they must be 0, 1, … without gaps. "
                "Number them by np.unique(domain, return_inverse=True)[1]."
            )
        if not np.isfinite(self.xs if self.dense else self.xs.data).all():
            raise DataError("Of the rows some hold values that are not finite (NaN or infinite). Leave such rows out.")
        if self.ys.min() < 0 or self.ys.max() >= self.k:
            raise DataError(
                f"Classes from {self.ys.min()} to {self.ys.max()} were given; with {self.k} classes they must be whole "
                f"numbers from 0 to {self.k - 1}. Number them first."
            )

    @property
    def dense(self) -> bool:
        """Whether the rows are arrays of few columns."""
        return isinstance(self.xs, np.ndarray)

    @cached_property
    def parts(self) -> list[IntArray]:
        """Numbers of the rows of each domain, g arrays."""
        return [np.flatnonzero(self.domain == one) for one in range(int(self.domain.max()) + 1)]

    def without(self, left: int) -> tuple[Domains, Rows, IntArray]:
        """The others, with rows and classes of the one that is left out.

        Dense rows are standardised anew by the others alone: the one left out shall be as unseen as can be.
        """
        out = self.domain == left
        xs, rows = self.xs[~out], self.xs[out]
        if self.dense:
            mean, scale = xs.mean(0), xs.std(0)
            scale[scale == 0] = 1.0
            xs, rows = (xs - mean) / scale, (rows - mean) / scale
        others = np.unique(self.domain[~out], return_inverse=True)[1]
        return replace(self, xs=xs, ys=self.ys[~out], domain=others), rows, self.ys[out]
