"""headstart check DATA: read without training, and show what was understood."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._common import (
    Blank,
    Crop,
    Duplicates,
    Encoding,
    Group,
    Kind,
    Label,
    Layout,
    Quotes,
    SplitColumn,
    Text,
    emit,
    reading,
    watching,
)


def run(
    data: Annotated[str, typer.Argument(help="Data as for `fit`: folder of class folders, or table(s).")],
    html: Annotated[Path | None, typer.Option(help="Write a page with examples to this file.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    group: Group = "",
    text: Text = "",
    label: Label = "",
    layout: Layout = "",
    duplicates: Duplicates = "group",
    crop: Crop = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    blank: Blank = "",
    split_column: SplitColumn = "",
    kind: Kind = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Show how your data is read, before anything is trained.

    Classes, splits, columns, what was set aside and what looks suspicious.
    """
    options = reading(locals())
    from ..api import check
    from ..report import checked
    from ..runtime import write

    with watching(quiet) as watch:
        found = check(
            data,
            seed=seed,
            watch=watch,
            **options,
        )
    if html is not None:
        write(html, found.html())
    if as_json:
        emit(dict(found.record))
    else:
        sys.stdout.write(checked.text(found.record) + "\n")
