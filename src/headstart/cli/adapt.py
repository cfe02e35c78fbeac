"""headstart adapt SOURCE TARGET: a model for a new domain, of which there are examples and no labels."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from ._common import ENGINES, Blank, Encoding, Group, Label, Layout, Quotes, SplitColumn, Text, emit, reading, watching


def run(
    source: Annotated[str, typer.Argument(help="Labelled data, as for `fit`, or a finished run's folder.")],
    target: Annotated[
        list[str],
        typer.Argument(help="Examples of the new domain without labels: a folder, or a table; see also --unseen."),
    ],
    unseen: Annotated[
        bool, typer.Option("--unseen", help="All are labelled domains; learn for one of which there is no example.")
    ] = False,
    judge: Annotated[
        str, typer.Option(help="Labelled examples of the new domain, for the verdict alone: adapted against untouched.")
    ] = "",
    target_labels: Annotated[
        str,
        typer.Option(help="With --judge: also against a model trained on N of its labels, or on half, on the others."),
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for what is made. [default: runs/TARGET-adapted]")] = None,
    method: Annotated[
        str,
        typer.Option(
            help="By comma: methods in place of all; not adapting always takes part. intermediate (texts) and "
            "selfsupervised (pictures) let a source learn on from both domains, in minutes, and only where named."
        ),
    ] = "",
    source_model: Annotated[
        str, typer.Option("--source", help="By comma: sources to reuse, as for `fit`; with labelled data.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn.")] = 0,
    budget: Annotated[str, typer.Option(help="Of the fit that comes before, e.g. 90s, 5m, none.")] = "auto",
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    group: Group = "",
    text: Text = "",
    label: Label = "",
    layout: Layout = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    blank: Blank = "",
    split_column: SplitColumn = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Adapt a model to a new domain without its labels.

    Every method is tried on every representation that suits it; which one is handed out is chosen without a target
    label, and how good it will be there is estimated. With --judge labelled examples tell whether it was right.
    """
    options = reading(locals())
    from ..api import adapt
    from ..report.adapted import text as shown

    with watching(quiet) as watch:
        made = adapt(
            source,
            target,
            unseen=unseen,
            judge=judge or None,
            target_labels=target_labels or None,
            out=out,
            seed=seed,
            method=method,
            source_model=source_model or None,
            budget=budget,
            engine=engine,
            watch=watch,
            command=shlex.join(["headstart", *sys.argv[1:]]),
            **options,
        )
    if as_json:
        emit(dict(made.told))
    else:
        sys.stdout.write(shown(made.told) + "\n")
