"""headstart evaluate RUN DATA: how a run does on labelled data it has not seen, alone or against another run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._common import (
    ENGINES,
    TAKE,
    Blank,
    Duplicates,
    Encoding,
    Group,
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
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    data: Annotated[str, typer.Argument(help="Labelled data, as for `fit`: folder of class folders, or table(s).")],
    against: Annotated[Path | None, typer.Option(help="Another run's folder: which of the two is better?")] = None,
    text: Text = "",
    label: Label = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    blank: Blank = "",
    split_column: SplitColumn = "",
    layout: Layout = "",
    group: Group = "",
    duplicates: Duplicates = "group",
    csv: Annotated[Path | None, typer.Option(help="Write truths and predictions to this CSV file.")] = None,
    take: Annotated[str, typer.Option(help=TAKE)] = "winner",
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Judge a run on labelled data it has not seen.

    With --against another run predicts the same examples, and the two are compared as `fit` compares.
    """
    options = reading(locals())
    from ..api import evaluate
    from ..report.text import evaluated
    from ..runtime import write
    from ..ship.predict import columns_to_csv

    with watching(quiet) as watch:
        found = evaluate(
            run,
            data,
            against=against,
            engine=engine,
            take=take,
            watch=watch,
            **options,
        )
    if csv is not None:
        write(csv, columns_to_csv(found.predictions()))
        sys.stderr.write(f"headstart: {found.n} rows in {csv}\n")
    if as_json:
        emit(found.record())
    else:
        sys.stdout.write(evaluated(found) + "\n")
