"""headstart demo: the whole job on real handwriting."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ._common import emit, watching


def run(
    out: Annotated[str, typer.Option(help="Folder for the run.")] = "runs/demo",
    seed: Annotated[int, typer.Option(help="Seed of the split and of training.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print run.json on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Do the whole job on real handwriting.

    20 pictures a digit to learn from, 100 a digit sealed for the verdict.
    """
    from ..api import demo
    from ..report.text import summary

    with watching(quiet) as watch:
        done = demo(out, seed=seed, watch=watch)
    if as_json:
        emit(done.record)
    else:
        sys.stdout.write(summary(done.record) + "\n")
