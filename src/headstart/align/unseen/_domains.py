"""What a method for unseen domains is given: labelled rows of several domains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
        group: numbers of the groups that rows belong to [n], in any domain; None: each row stands alone.

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
    group: IntArray | None = None

    def __post_init__(self) -> None:
        lengths = self.xs.shape[0], len(self.ys), len(self.domain), *([] if self.group is None else [len(self.group)])
        if len(set(lengths)) > 1 or not lengths[0]:
            raise UsageError(
                f"{lengths[0]} rows, {lengths[1]} classes and {lengths[2]} domains were given"
                + (f", {lengths[3]} groups" if self.group is not None else "")
                + "; one of each a row is needed, and at least one row. Pass arrays of one length."
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

    @property
    def group_of_parts(self) -> list[IntArray] | None:
        """Groups of the rows of each domain, g arrays; None where each row stands alone."""
        return None if self.group is None else [self.group[part] for part in self.parts]

    def besides(self, left: int) -> NDArray[np.bool_]:
        """Rows to learn from while one domain is left out: of the others, and of no group that it has, too [n]."""
        out = self.domain == left
        return np.asarray(~out if self.group is None else ~out & ~np.isin(self.group, self.group[out]))

    def without(self, left: int) -> tuple[Domains, Rows, IntArray]:
        """The others, with rows and classes of the one that is left out.

        Dense rows are standardised anew by the others alone: the one left out shall be as unseen as can be.
        """
        out, learn = self.domain == left, self.besides(left)
        xs, rows = self.xs[learn], self.xs[out]
        if self.dense:
            mean, scale = xs.mean(0), xs.std(0)
            scale[scale == 0] = 1.0
            xs, rows = (xs - mean) / scale, (rows - mean) / scale
        others = np.unique(self.domain[learn], return_inverse=True)[1]
        group = None if self.group is None else self.group[learn]
        return replace(self, xs=xs, ys=self.ys[learn], domain=others, group=group), rows, self.ys[out]
