"""Labels that are written as numbers: are they classes, or numbers to predict?

In: records with labels as text. Out: the same, each with its number where numbers are to be predicted.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...types import IntArray
from .._record import Found

COMMA = re.compile(r"[+-]?\d+,\d+")  # a decimal comma
MANY = 20  # more different numbers than this, and not all whole: then they are to be predicted
STRATA = 5  # equal parts of the numbers that every split gets its share of


def settled(found: Found, kind: str | None, table: bool, path: Path) -> Found:
    """The records with `target` set where their labels are numbers to predict.

    Args:
        found: what was read.
        kind: as asked for; None: regression where the labels come from a table, all
            are numbers, more than `MANY` differ and some are no whole numbers. Five stars are five classes.
        table: whether the labels come from a table.
        path: of the data.

    Raises:
        DataError: regression was asked for, and a label is no number, or all are the same.
    """
    values = [number(r.label) for r in found.records]
    known = [v for v in values if v is not None]
    different = set(known)
    if kind is None and table and len(known) == len(values) and len(different) > MANY:
        span = f"{len(different):,} different {{}}numbers from {min(known):g} to {max(known):g}"
        if all(v.is_integer() for v in known):
            said = f"The labels are {span.format('whole ')}; they are taken as classes; see --kind."
        else:
            said = f"The labels are {span.format('')}, so numbers are predicted (--kind classification takes classes)."
            kind = "regression"
        found = replace(found, warnings=(*found.warnings, said))
    if kind != "regression":
        return found
    if odd := [r.label for r, v in zip(found.records, values, strict=True) if v is None]:
        raise DataError(
            f"{path.name}: {len(odd)} of {len(values)} labels are no finite numbers, such as '{odd[0]}'. To predict "
            "numbers all must be; repair these rows, name another column with --label, or pass --kind classification."
        )
    if len(different) < 2:
        raise DataError(f"{path.name}: every label is {known[0] if known else 'missing'}. Give numbers that differ.")
    if comma := next((r.label for r in found.records if "," in r.label), None):
        found = replace(found, notes=(*found.notes, f"The labels have decimal commas: {comma} is {number(comma):g}."))
    return replace(found, records=tuple(replace(r, target=v) for r, v in zip(found.records, values, strict=True)))


def number(label: str) -> float | None:
    """The finite number that a label is, if it is one.

    >>> number("-0.25"), number("3,5"), number("nan"), number("1_0"), number("three")
    (-0.25, 3.5, None, None, None)
    """
    try:
        value = float(label.replace(",", ".") if COMMA.fullmatch(label) else label)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in label else None


def strata(values: list[float]) -> IntArray:
    """In which fifth of the numbers each one lies, `[n]`, so that splits can share these out as they do classes.

    >>> strata([1.0, 2.0, 3.0, 4.0, 50.0]).tolist()
    [0, 1, 2, 3, 4]
    """
    edges = np.quantile(values, np.arange(1, STRATA) / STRATA)
    return np.unique(np.digitize(values, edges), return_inverse=True)[1].astype(np.int64)
