"""headstart rank DATA: which pre-trained source suits your data, and what each costs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ._common import (
    ENGINES,
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
    data: Annotated[str, typer.Argument(help="Labelled data, as for `fit`: folder of class folders, or table(s).")],
    sources: Annotated[
        str,
        typer.Option(
            "--sources", "--source", help="By comma: keys, folders, names; what `fit` chooses among otherwise."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the split and of the examples drawn.")] = 0,
    budget: Annotated[str, typer.Option(help="Most time to spend, e.g. 90s, 5m, 1h.")] = "none",
    examples: Annotated[int, typer.Option(help="Labelled examples that each source looks at, at most.")] = 256,
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
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
    """Rank pre-trained sources for your labelled data.

    By what small heads make of their frozen features. Nothing else is trained, and the sealed test part is not
    opened. `fit` chooses in the same way by itself.
    """
    options = reading(locals())
    from ..api import rank
    from ..report.ranking import table

    with watching(quiet) as watch:
        found = rank(
            data,
            source=sources,
            seed=seed,
            budget=budget,
            examples=examples,
            engine=engine,
            watch=watch,
            **options,
        )
    if as_json:
        emit(dict(found.record))
    else:
        sys.stdout.write(table(found.record) + "\n")
