"""Which column of a table holds what: examples, labels, splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..errors import DataError
from ._formats import SPLITS
from ._record import Shape, label_text, split_name

NAME = "Say which it is with `--{} COLUMN`, or rename it."
_PICTURES = "Rename the column of pictures; if these are texts, say which column with `--text COLUMN`."


def example_column(name: str, columns: Sequence[str], shape: Shape) -> str:
    """The column that holds the examples."""
    return column(name, columns, shape.columns, NAME.format("text") if shape.modality == "text" else _PICTURES)


def column(name: str, columns: Sequence[str], allowed: tuple[str, ...], do: str) -> str:
    """The first of `allowed` that a table has; `do` is what to do where it has none."""
    by_name = {c.strip().casefold(): c for c in reversed(columns)}
    for wanted in allowed:
        if (key := wanted.strip().casefold()) in by_name:
            return by_name[key]
    raise DataError(
        f"{name} has the columns {', '.join(columns) or '(none)'}, but none named {' or '.join(allowed)}. {do}"
    )


def flag_columns(name: str, columns: Sequence[str], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that a name with commas means, where no column has this name itself; else none.

    Raises:
        DataError: one of them is not there.
    """
    parts = [part.strip() for part in wanted[0].split(",") if part.strip()]
    if len(wanted) > 1 or len(parts) < 2 or wanted[0] in columns:
        return ()
    return tuple(dict.fromkeys(column(name, columns, (part,), "Name columns that are there.") for part in parts))


def splits(name: str, cells: list[object]) -> list[str | None]:
    """The split of each row; all None where the column is missing or empty."""
    texts = [label_text(cell) for cell in cells]
    if not any(texts):
        return [None] * len(texts)
    if missing := texts.count(None):
        raise DataError(
            f"{name}: {missing} of {len(texts)} rows have an empty split; allowed: {SPLITS}. Fill them all."
        )
    out = [split_name(text or "") for text in texts]
    if unknown := Counter(text for text, split in zip(texts, out, strict=True) if split is None):
        odd, times = unknown.most_common(1)[0]
        raise DataError(f"{name}: split '{odd}' ({times} rows) is not known; allowed: {SPLITS}. Rename it.")
    return out
