"""Labels that are written as numbers: are they classes, or numbers to predict?

In: records with labels as text. Out: the same, each with its number where numbers are to be predicted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...errors import DataError
from ...kind.regression import number
from .._record import Found

MANY = 20  # more different numbers than this, and not all whole: then they are to be predicted


def settled(found: Found, kind: str | None, table: bool, path: Path) -> Found:
    """The records of the kind regression where their labels are numbers to predict.

    Args:
        found: what was read.
        kind: as asked for; None: regression where the labels come from a table, all
            are numbers, more than `MANY` differ and some are no whole numbers. Five stars are five classes.
        table: whether the labels come from a table.
        path: of the data.

    Raises:
        DataError: regression was asked for, and a label is no number, or all are the same.
    """
    if found.kind not in ("classification", "regression"):
        return found
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
    return replace(found, kind=kind)
