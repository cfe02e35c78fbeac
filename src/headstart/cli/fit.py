"""headstart fit DATA: adapt a model and prove whether the reuse helped."""

from __future__ import annotations

import shlex
import sys
from functools import partial
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

# sections of `--help`, after Data
_sources, _search, _verdict, _output = (
    partial(typer.Option, rich_help_panel=title) for title in ("Sources", "Search", "Verdict", "Output")
)


def run(
    data: Annotated[str, typer.Argument(help="Folder of class folders (train/ val/ test/ optional), or table(s).")],
    group: Group = "",
    text: Text = "",
    label: Label = "",
    kind: Kind = "auto",
    layout: Layout = "",
    duplicates: Duplicates = "group",
    crop: Crop = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    blank: Blank = "",
    split_column: SplitColumn = "",
    source: Annotated[
        str,
        _sources(
            help="By comma: keys of `headstart sources list`, folders, names; chosen from the packaged ones otherwise."
        ),
    ] = "",
    source_data: Annotated[str, _sources(help="Folder of pictures like the source's own: what is forgotten?")] = "",
    engine: Annotated[str, _sources(help=ENGINES)] = "auto",
    strategy: Annotated[str, _search(help=f"By comma, of: {STRATEGIES}; rivals always run.")] = "",
    budget: Annotated[
        str,
        _search(
            help="Most time to spend: 90s, 5m, 1h, or none. auto: 4 min and 3 GB for up to 3,000 examples, of more in "
            "proportion. Reading, a download, the first rival and judging are counted in it, but not cut short."
        ),
    ] = "auto",
    seed: Annotated[int, _search(help="Seed of the split and of training.")] = 0,
    seeds: Annotated[int, _search(help="Training seeds, at most, of finalists whose result depends on chance.")] = 3,
    layers: Annotated[bool, _search("--layers", help="Fine-tune from every depth up: the whole curve.")] = False,
    no_mirror: Annotated[bool, _search("--no-mirror", help="Mirror no picture in training.")] = False,
    metric: Annotated[str, _verdict(help=f"{METRICS}; auto takes macro_f1 for imbalanced classes.")] = "auto",
    margin: Annotated[float, _verdict(help="Differences below this many points do not matter.")] = 1.0,
    out: Annotated[str, _output(help="Folder for the run; runs/<name of the data> by default.")] = "",
    log: Annotated[str, _output(help="Folder for TensorBoard's files: losses, scores, the verdict.")] = "",
    as_json: Annotated[bool, _output("--json", help="Print run.json on standard output.")] = False,
    quiet: Annotated[bool, _output("--quiet", help="No progress.")] = False,
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
            log=log or None,
            watch=watch,
            command=shlex.join(["headstart", *sys.argv[1:]]),
            **options,
        )
    if as_json:
        emit(done.record)
    else:
        sys.stdout.write(summary(done.record) + "\n")
