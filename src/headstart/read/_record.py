"""What readers find, and what they look for: a labelled example, the shape of examples, labels as text.

Knows nothing of pixels and words. Labels are NFC text in any script; numbers sort as numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from ..family import names
from ..kind import kind_of
from ..kind.multilabel import JOINED as JOINED
from ..modality import noun
from ..pixels import PLAIN, Pixels
from ..types import LabelCell, SetAside
from ..types import in_order as in_order
from ._table import Table

NUMBERS = ("score", "rating", "value", "number", "target")  # what columns of numbers are called
TEXTS = tuple("text sentence content review question utterance message tweet comment body document title".split())
LABELS = ("label", "class", "category", "target", "labels")  # of classes


@dataclass(frozen=True)
class Record:
    """One picture or text as the person gave it."""

    path: Path  # absolute; of a text in a table "TABLE:ROW"
    cell: LabelCell  # what was said of it, which the task's kind reads; "" where nothing was
    split: str | None = None  # "train", "valid", "test", or None: not given
    group: str | None = None
    content: str | None = None  # of a text
    pixels: Pixels = PLAIN  # how a picture's file is read

    @property
    def label(self) -> str:
        """The same as one text."""
        return self.cell if isinstance(self.cell, str) else JOINED.join(self.cell)

    @property
    def classes(self) -> tuple[str, ...]:
        """Its one label, or its several."""
        return (self.cell,) if isinstance(self.cell, str) else self.cell


Cell = Callable[[Path, object], Path | str | None]  # (a table's folder, a cell) → a file or a text, if there is one
Choice = tuple[tuple[str, ...], tuple[str, ...]]  # columns, and what to say of the choice
Sifted = tuple[list[Path], list[str]]  # files, and what to say of the others


@dataclass(frozen=True)
class Shape:
    """What a reader looks for, and how it is called: all that the rooms below know of a modality."""

    modality: str
    how: str  # what to do where no class is found
    wanted: Callable[[Path], bool]  # whether a file is meant as an example
    columns: tuple[str, ...]  # of a table, the first of these that is there holds the examples
    cell: Cell
    holds: Callable[[Table, str], bool]  # whether a column's cells look like such examples, whatever it is called
    labels: tuple[str, ...] = LABELS  # as `columns`, of their classes
    flags: tuple[str, ...] = ()  # in place of `labels`: columns of 0 and 1, one a label
    several: bool = False  # an example may have several labels: an empty cell says that none applies
    reads: Callable[[object, Path], str | None] | None = None  # a cell of labels, where their kind does: `Kind.cell`
    files: bool = False  # cells name files, which are looked for
    loose: bool = False  # what has no label may be learnt from too
    options: tuple[str, ...] = ()  # of `ReadOptions`, those that say something of such examples alone
    choose: Callable[[Table, Shape], Choice] | None = None  # the columns of examples; None: by `columns`, then `holds`
    sift: Callable[[Sequence[Path], Path], Sifted] | None = None  # (wanted files, their root) → those to learn from

    def columns_of(self, kind: str | None, label: str | None = None) -> Shape:
        """The same, which looks for the column `label`, or for one of numbers first where these are to be predicted."""
        of = kind_of(kind) if kind in names("kind") else None
        shape = replace(self, several=kind == "multilabel", reads=of.cell if of and of.structured else None)
        if label:
            return replace(shape, labels=(label,))
        return replace(shape, labels=(*NUMBERS, *self.labels)) if kind == "regression" else shape

    def reading(self, column: str | None) -> Shape:
        """The same, which takes the texts from this column alone, where one is named."""
        return replace(self, columns=(column,)) if column else self

    def known(self, columns: Mapping[str, str]) -> Shape:
        """The same, which looks first for the columns that the run learnt from (`Model.columns`)."""
        named, label = ((columns[role],) if columns.get(role) else () for role in (self.modality, "label"))
        return replace(self, columns=(*named, *self.columns), labels=(*label, *self.labels))

    @property
    def noun(self) -> str:
        """Of one example."""
        return noun(self.modality)

    @property
    def nouns(self) -> str:
        """Of several."""
        return f"{self.noun}s"


@dataclass(frozen=True)
class Found:
    """All that one reader found."""

    records: tuple[Record, ...]
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
    column: str = "number"  # of the labels, in a table
    labels: tuple[str, ...] = ()  # all that there are, where columns of 0 and 1 name them
    loose: tuple[Record, ...] = ()  # texts without a label, to learn words from
    notes: tuple[str, ...] = ()  # what was guessed of the data, a sentence each, for a person
    columns: Mapping[str, str] = field(default_factory=dict)  # role ("text", "label", …) → the table's column
    kind: str = "classification"  # of task, once it is settled
    join: bool = False  # one label a row or folder: those of the same example belong together


def span(values: Sequence[int]) -> list[int]:
    """Least, median and largest.

    >>> span([4, 2, 9]), span([])
    ([2, 4, 9], [])
    """
    return [min(values), int(median(values)), max(values)] if values else []


def joined(labels: Sequence[str]) -> str:
    """Several labels as one text."""
    return JOINED.join(labels)


def label_text(value: object) -> str | None:
    """A label as NFC text without outer blanks; None where there is none.

    >>> label_text(3.0), label_text(" n\u0303u "), label_text(""), label_text(float("nan"))
    ('3', 'ñu', None, None)
    """
    if value is None or value != value:  # only NaN differs from itself
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip() or None
