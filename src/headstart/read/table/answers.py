"""The label cells of a table → what each row is labelled: one text, several, or nothing.

In: the table and its columns of labels. Out: an `Answer` a row. Lists that were printed are lists again; columns of 0
and 1 of which each row has exactly one 1 are classes; what an empty cell means a person says where much hangs on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import DataError, UsageError
from .._options import ReadOptions
from .._record import Shape, joined, label_text
from .._table import Table
from .columns import Chosen
from .printed import printed
from .several import YES_NO, flagged, listed

_FEW = 0.05  # of the rows may have an empty cell among columns of 0 and 1, and are set aside
_LEAST = 10  # rows from which on "exactly one 1 in each" is no accident


@dataclass(frozen=True)
class Answer:
    """What one row is labelled."""

    text: str | None  # None: nothing is said
    tags: tuple[str, ...] | None = None  # where there may be several labels


@dataclass(frozen=True)
class Answers:
    """Of all rows."""

    rows: tuple[Answer, ...]
    flags: tuple[str, ...] = ()  # all labels there are, where columns of 0 and 1 name several an example
    notes: tuple[str, ...] = ()


def answers(table: Table, columns: Chosen, shape: Shape, options: ReadOptions) -> Answers:
    """What each row is labelled.

    Raises:
        DataError: a cell holds something else than labels, or it is not clear what empty ones mean.
        UsageError: `blank` is not 0 or 1 where columns of 0 and 1 are read.
    """
    if len(columns.labels) > 1 or shape.flags:
        return _flags(table, columns.labels, shape, options.blank)
    column = columns.label
    cells = [row.get(column) for _, row, _ in table.rows]
    if shape.reads is not None:
        return Answers(tuple(Answer(shape.reads(cell, table.folder)) for cell in cells))
    lists = printed(cells) if options.kind in (None, "multilabel") else None
    if lists is not None:
        return _printed(cells, lists, column, shape)
    found = []
    for (where, _, _), cell in zip(table.rows, cells, strict=True):
        tags = listed(cell, where, column, blank=shape.several)
        text = label_text(cell) or options.blank if tags is None else joined(tags)
        found.append(Answer(text, tags))
    if not shape.several and _of_one(found):
        said = f"The lists in '{column}' hold one label each, and are read as it. --kind multilabel learns several."
        return Answers(tuple(Answer(a.text) for a in found), notes=(said,))
    return Answers(tuple(found))


def _of_one(found: Sequence[Answer]) -> bool:
    """Whether lists are met, and each holds one label."""
    lists = [a.tags for a in found if a.tags is not None]
    return len(lists) >= _LEAST and all(len(tags) == 1 for tags in lists)


def _printed(cells: Sequence[object], lists: Sequence[tuple[str, ...] | None], column: str, shape: Shape) -> Answers:
    """Labels of lists that went through a text table."""
    first = next(str(cell) for cell, tags in zip(cells, lists, strict=True) if tags)[:40] if any(lists) else "[]"
    known = [tags for tags in lists if tags is not None]
    if not shape.several and all(len(tags) == 1 for tags in known):
        said = f"The labels in '{column}' are lists of one, printed ({first}); each is read as its one label."
        return Answers(tuple(Answer(tags[0] if tags else None) for tags in lists), notes=(said,))
    said = (
        f"The labels in '{column}' are printed lists ({first}): several labels an example are learnt. --kind "
        "classification takes each list as a class of its own."
    )
    rows = [Answer(None) if tags is None else Answer(joined(tags), tags) for tags in lists]
    return Answers(tuple(rows), notes=(said,))


def _flags(table: Table, flags: tuple[str, ...], shape: Shape, blank: str | None) -> Answers:
    """Labels of columns of 0 and 1."""
    if blank is not None and blank.strip().casefold() not in YES_NO:
        raise UsageError(f"--blank {blank} was given; in columns of 0 and 1 ({', '.join(flags[:3])}) it is 0 or 1.")
    values = {text for _, row, _ in table.rows for c in flags if (text := label_text(row.get(c)))}
    no = "-1" if "-1" in values and values <= {"-1", "1"} else None  # as in CelebA; beside a 0 it says something else
    plain = (lambda row: {c: "0" if label_text(row.get(c)) == no else row.get(c) for c in flags}) if no else dict
    tags = [flagged(plain(row), flags, where, blank) for where, row, _ in table.rows]
    lacking = [n for n, found in enumerate(tags) if found is None]
    partly = [n for n in lacking if any(label_text(table.rows[n][1].get(c)) for c in flags)]
    if len(partly) > _FEW * len(tags):
        raise DataError(
            f"{table.name}: {len(partly):,} of {len(tags):,} rows leave some of {', '.join(flags)} empty, such as "
            f"{table.rows[partly[0]][0]}. Does an empty cell say that the label does not apply (not mentioned, not "
            "found)? Then pass --blank 0. If it says that nobody looked, fill these cells, or take the rows out."
        )
    whole = [found for found in tags if found is not None]
    if not shape.several and (shape.flags or len(whole) >= _LEAST) and all(len(found) == 1 for found in whole):
        said = (
            f"Exactly one of {', '.join(flags[:5])}{', …' if flags[5:] else ''} is 1 in each row, so they are read as "
            "classes, one an example. --kind multilabel takes them as labels of which several may apply."
        )
        return Answers(tuple(Answer(found[0] if found else None) for found in tags), notes=(said,))
    rows = (Answer(None) if found is None else Answer(joined(found), found) for found in tags)
    return Answers(tuple(rows), flags)
