"""How sure a model is: the classes that hold the truth so many times in a hundred, by split conformal prediction.

The scores are those of the examples that the run was judged on, of which the model has learnt nothing. Of a new
example drawn as these were, the set of classes whose probability is at least 1 − q holds the true class with the chosen
coverage, on the average; of numbers, the prediction ± q holds it. q is the ⌈(n + 1) · coverage⌉-th smallest score: of
classes 1 − the probability of the true one, of numbers the absolute error.
(Vovk, Gammerman, Shafer 2005; Sadinle, Lei, Wasserman 2019.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..predict import Row

LEVELS = (0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Coverage:
    """Sorted scores [n] of judged examples; `classes` or numbers."""

    scores: NDArray[np.float64]
    classes: bool

    def edge(self, level: float) -> float:
        """The score that so many stay below; infinite where there are too few examples to promise it.

        >>> Coverage(np.array([0.1, 0.2, 0.3]), True).edge(0.5), Coverage(np.array([0.1]), True).edge(0.9)
        (0.2, inf)
        """
        rank = math.ceil((len(self.scores) + 1) * level)
        return float(self.scores[rank - 1]) if rank <= len(self.scores) else math.inf

    def said(self, row: Row, level: float) -> dict[str, Any]:
        """What is added to an answer: `set`, and whether it is `sure` (one class is left); of numbers the `interval`.

        An infinite edge leaves every class, and no interval.
        """
        edge = self.edge(level)
        if not self.classes:
            value = row.value or 0.0
            return {"interval": [value - edge, value + edge] if math.isfinite(edge) else None}
        least = 1 - edge
        found = sorted((c for c, p in row.probabilities.items() if p >= least), key=lambda c: -row.probabilities[c])
        return {"set": found, "sure": len(found) == 1}


def kept(table: Path) -> Coverage | None:
    """From a run's `predictions.parquet`; None where there is none, or no such scores in it."""
    from pyarrow import parquet

    if not table.is_file():
        return None
    columns = parquet.read_table(table).to_pydict()
    return of_columns(columns)


def of_columns(columns: Mapping[str, Sequence[Any]]) -> Coverage | None:
    """From columns as `Kind.judged` makes them; None of several labels an example.

    >>> of_columns({"label": ["a"], "predicted": ["a"], "p(a)": [0.75], "p(b)": [0.25]}).scores.tolist()
    [0.25]
    >>> of_columns({"value": [1.0], "predicted": [1.5]}).scores.tolist()
    [0.5]
    """
    if "value" in columns and "predicted" in columns:
        errors = np.abs(np.subtract(columns["value"], columns["predicted"], dtype=np.float64))
        return Coverage(np.sort(errors), classes=False)
    shares = [columns.get(f"p({label})") for label in columns.get("label", ())]
    if not shares or any(share is None for share in shares):
        return None
    true = [share[at] for at, share in enumerate(shares) if share is not None]
    return Coverage(np.sort(1 - np.array(true, np.float64)), classes=True)
