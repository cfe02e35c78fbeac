"""Which columns of a table hold the examples, and which their labels: by name, by what a person said, by their cells.

A name is enough where its cells agree with it: a column `filename` of documents holds no pictures. Without a header, or
without a usual name, cells decide where only one column can be meant. What was decided so is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...errors import DataError
from .._record import NUMBERS, Choice, Shape, label_text
from .._table import Table
from .even import NAMELESS
from .several import YES_NO

_LOOKED = 20  # cells that are looked at to see what a column holds
_SHOWN = 30  # columns that an error names
_FEW = 0.5  # different labels, as a part of the rows, at most, where a column of labels is told by its cells


@dataclass(frozen=True)
class Chosen:
    """The columns that are read."""

    examples: tuple[str, ...]  # one, or several texts that are put together
    labels: tuple[str, ...]  # one, or several of 0 and 1, a label each
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.examples, *self.labels)

    @property
    def label(self) -> str:
        """The labels' column or columns as one name."""
        return ", ".join(self.labels)


def chosen(table: Table, shape: Shape) -> Chosen:
    """The columns of examples and labels.

    Raises:
        DataError: there are none, or it is not clear which are meant.
    """
    examples, said = example_columns(table, shape)
    labels, told = _label_columns(table, shape, examples)
    if both := [c for c in examples if c in labels]:
        raise DataError(
            f"{table.name}: the column '{both[0]}' was taken for both the {shape.nouns} and their labels; it has "
            f"{', '.join(table.columns)}. Name two of these with `--text` and `--label`."
        )
    return Chosen(examples, labels, (*said, *told))


def example_columns(table: Table, shape: Shape) -> Choice:
    """The column or columns of examples, and what to say of the choice.

    Raises:
        DataError: there are none.
    """
    if shape.choose:
        return shape.choose(table, shape)
    if named := by_name(table, shape):
        return named, ()
    holding = [c for c in table.columns if shape.holds(table, c)]
    if len(holding) != 1:
        raise missing(table, shape.columns, f"Rename the column of {shape.nouns}.")
    return tuple(holding), (f"{table.name}: {shape.nouns} are read from '{holding[0]}'.",)


def by_name(table: Table, shape: Shape) -> tuple[str, ...]:
    """The column, or the several, called as examples are; none where no such is there."""
    return next((found for wanted in shape.columns if (found := find(table.columns, wanted))), ())


def _label_columns(table: Table, shape: Shape, examples: tuple[str, ...]) -> Choice:
    """The column of labels, or columns of 0 and 1, and what to say of the choice."""
    if shape.flags:
        return shape.flags, ()
    named = [found for wanted in shape.labels if (found := find(table.columns, wanted))]
    if named:
        others = [c for (c, *_) in named[1:] if c not in (*named[0], *examples)]
        if len(shape.labels) == 1 or not others:
            refuse_twins(table, named[0], shape.labels, "--label")
            return named[0], ()
        return named[0], (f"{table.name}: labels are read from '{named[0][0]}'; see --label for '{others[0]}'.",)
    if parts := _parts(shape.labels[0]):
        lacking = next((p for p in parts if not find(table.columns, p)), parts[0])
        raise missing(table, (lacking,), "Name columns that are there.")
    rest = [c for c in table.columns if c not in examples]
    if headless(table) and len(few := [c for c in rest if _recurs(table, c)]) == 1:
        return tuple(few), (f"{table.name}: '{few[0]}' is read as the labels (--label names another one).",)
    flags = tuple(c for c in rest if _is_flag(table, c))
    if len(flags) > 1 and _one_hot(table, flags):
        return flags, ()
    hint = f"If {', '.join(flags[:3])} are labels, pass --label {_quoted(','.join(flags))}." if len(flags) > 1 else ""
    likely = [c for c in rest if (c not in flags or len(flags) == 1) and _recurs(table, c)]
    numbers = [c for c in rest if c.strip().casefold() in NUMBERS]
    if not likely and numbers:
        hint = f"To predict numbers pass `--label {_quoted(numbers[0])} --kind regression`."
    hint = hint or (f"Of those {', '.join(likely[:5])} might be it: `--label {_quoted(likely[0])}`." if likely else "")
    raise missing(table, shape.labels, f"Say which it is with `--label COLUMN`, or rename it. {hint}".strip())


def _quoted(name: str) -> str:
    """A name as a shell takes it for one word."""
    return f"'{name}'" if " " in name else name


def find(columns: Sequence[str], wanted: str) -> tuple[str, ...]:
    """The column called so, whatever its capitals; or the several that a name with commas or a star means; else none.

    >>> find(("Text", "toxic", "vile"), "text"), find(("a", "b"), "b, a"), find(("is_a", "is_b"), "is_*")
    (('Text',), ('b', 'a'), ('is_a', 'is_b'))
    """
    called = {c.strip().casefold(): c for c in reversed(columns)}
    key = wanted.strip().casefold()
    if wanted in columns or key in called:
        return (wanted if wanted in columns else called[key],)
    if "*" in key:
        return tuple(c for c in columns if fnmatchcase(c.strip().casefold(), key))
    parts = [find(columns, part) for part in _parts(wanted)]
    if parts:
        return tuple(dict.fromkeys(c for part in parts for c in part)) if all(parts) else ()
    inner = [c for name, c in called.items() if "." in name and name.rpartition(".")[2] == key]
    return tuple(inner) if len(inner) == 1 else ()


def headless(table: Table) -> bool:
    """Whether the table had no header, so that names say nothing."""
    return bool(table.columns) and all(c == NAMELESS.format(n) for n, c in enumerate(table.columns, 1))


def _parts(wanted: str) -> list[str]:
    """The names in one with commas; none where it has none."""
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    return parts if len(parts) > 1 else []


def some(table: Table, column: str) -> list[object]:
    """The first cells of a column that hold something."""
    out: list[object] = []
    for _, row, _ in table.rows:
        if (cell := row.get(column)) not in (None, "") and cell == cell:
            out.append(cell)
        if len(out) == _LOOKED:
            break
    return out


def _recurs(table: Table, column: str) -> bool:
    """Whether a column's values come again and again, as those of classes do."""
    values = [text for _, row, _ in table.rows if (text := _plain(row.get(column)))]
    return 1 < len(set(values)) <= _FEW * len(values)


def _plain(cell: object) -> str | None:
    return label_text(cell) if isinstance(cell, str | int | float) else None


def _is_flag(table: Table, column: str) -> bool:
    """Whether all cells of a column say 0, 1 or nothing, and some say 1."""
    values = {text.casefold() for _, row, _ in table.rows if (text := _plain(row.get(column)))}
    return bool(values) and values <= YES_NO.keys() and any(YES_NO[v] for v in values)


def _one_hot(table: Table, flags: Iterable[str]) -> bool:
    """Whether exactly one of these columns says 1 in each row that says anything."""
    rows = ([_plain(row.get(c)) for c in flags] for _, row, _ in table.rows)
    return all(sum(YES_NO.get((cell or "0").casefold(), False) for cell in row) == 1 for row in rows if any(row))


def refuse_twins(table: Table, taken: tuple[str, ...], wanted: tuple[str, ...], option: str) -> None:
    """Refuse a guess between two columns of one name that say different things."""
    if len(wanted) > 1 and (twin := next((f"{c} (2)" for c in taken if f"{c} (2)" in table.columns), None)):
        raise DataError(
            f"{table.name} has two columns named '{taken[0]}' that hold different things. Which is meant? "
            f"{option} '{taken[0]}' takes the first, {option} '{twin}' the second."
        )


def missing(table: Table, allowed: tuple[str, ...], do: str) -> DataError:
    """The error that none of these columns is there, and what to do."""
    shown = " or ".join(allowed[:6]) + (" or …" if allowed[6:] else "")
    given = ", ".join(table.columns[:_SHOWN]) + (
        f" and {len(table.columns) - _SHOWN} more" if table.columns[_SHOWN:] else ""
    )
    return DataError(f"{table.name} has the columns {given or '(none)'}, but none named {shown}. {do}")
