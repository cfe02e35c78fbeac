"""Options that say nothing of the data at hand: a person who passes one believes that it was heard."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ._options import ReadOptions
from ._reader import shapes
from ._record import Shape
from ._table import Table

_OF_TABLES = ("label", "text", "split_column", "blank", "quotes")


def refuse_idle(path: Path, table: Table | None, shape: Shape, options: ReadOptions) -> None:
    """Refuse what would be passed over.

    Args:
        path: the data.
        table: what it holds, if it is a table.
        shape: of the examples.
        options: what a person said.

    Raises:
        UsageError: an option for columns was given with a folder, one for folders with a table, or one for examples of
            another modality.
    """
    given = [o for other in shapes() for o in other.options if o not in shape.options and getattr(options, o)]
    what = f"read as {shape.nouns}. Leave it out"
    if not given and table is None and path.is_dir():
        given = [name for name in _OF_TABLES if getattr(options, name)]
        what = "a folder of class folders and has no columns. Leave it out, or pass the table that has them"
    elif not given and table is not None and options.layout:
        given = ["layout"]
        what = "read as a table, and folders say nothing. Leave it out, or pass the folder of class folders"
    if given:
        option = f"--{given[0].replace('_', '-')} {getattr(options, given[0])}"
        raise UsageError(f"{option} was given, but {path.name} is {what}.")
