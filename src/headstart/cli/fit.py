"""headstart fit DATA: adapt a model and prove whether the reuse helped."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from ._common import (
    ENGINES,
    METRICS,
    STRATEGIES,
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
    data: Annotated[str, typer.Argument(help="Folder of class folders (train/ val/ test/ optional), or table(s).")],
    out: Annotated[str, typer.Option(help="Folder for the run; runs/<name of the data> by default.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the split and of training.")] = 0,
    seeds: Annotated[int, typer.Option(help="Training seeds of candidates whose result depends on chance.")] = 3,
    budget: Annotated[
        str,
        typer.Option(
            help="Most time to spend: 90s, 5m, 1h, or none. auto: 4 min and 3 GB for up to 3,000 examples, of more in "
            "proportion. Reading, a download, the first rival and judging are counted in it, but not cut short."
        ),
    ] = "auto",
    source: Annotated[
        str,
        typer.Option(
            help="By comma: keys of `headstart sources list`, folders, names; chosen from the packaged ones otherwise."
        ),
    ] = "",
    strategy: Annotated[str, typer.Option(help=f"By comma, of: {STRATEGIES}; rivals always run.")] = "",
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
    no_mirror: Annotated[bool, typer.Option("--no-mirror", help="Mirror no picture in training.")] = False,
    kind: Kind = "auto",
    metric: Annotated[str, typer.Option(help=f"{METRICS}; auto takes macro_f1 for imbalanced classes.")] = "auto",
    margin: Annotated[float, typer.Option(help="Differences below this many points do not matter.")] = 1.0,
    layers: Annotated[bool, typer.Option("--layers", help="Fine-tune from every depth up: the whole curve.")] = False,
    source_data: Annotated[str, typer.Option(help="Folder of pictures like the source's own: what is forgotten?")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print run.json on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Adapt a pre-trained model to your pictures or texts.

    It is judged against rivals that start fresh; run again after an interruption, the same command continues.
    """
    options = reading(locals())
    from ..api import fit
    from ..report.text import summary

    with watching(quiet) as watch:
        done = fit(
            data,
            out=out or None,
            seed=seed,
            seeds=seeds,
            budget=budget,
            source=source,
            strategy=strategy,
            engine=engine,
            mirror=not no_mirror,
            metric=metric,
            margin=margin / 100,
            layers=layers,
            source_data=source_data or None,
            watch=watch,
            command=shlex.join(["headstart", *sys.argv[1:]]),
            **options,
        )
    if as_json:
        emit(done.record)
    else:
        sys.stdout.write(summary(done.record) + "\n")
