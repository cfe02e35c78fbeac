"""headstart demo: the whole job on real photographs, then on real handwriting."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from ._common import emit, watching


def run(
    out: Annotated[str, typer.Option(help="Folder for the two runs.")] = "runs/demo",
    seed: Annotated[int, typer.Option(help="Seed of the split and of training.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print both run.json on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Do the whole job on real photographs, then on handwriting.

    Reuse helps with the photographs, and does not with the handwriting; the two verdicts say so.
    """
    from ..api._demo import DEMOS, demo
    from ..report.text import COLUMNS, headline

    for which, made in DEMOS.items():
        if not as_json:
            sys.stdout.write(f"{textwrap.fill(made.about, COLUMNS)}\n")
            sys.stdout.flush()
        with watching(quiet) as watch:
            done = demo(which, out=Path(out) / which, seed=seed, watch=watch)
        if as_json:
            emit(done.record)
        else:
            sys.stdout.write(f"\n{headline(done.record)}\nreport  {done.path}/report.html\n\n")
