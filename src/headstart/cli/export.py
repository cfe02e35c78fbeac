"""headstart export RUN --to FORMAT: the run's model for another runtime, kept only if it predicts what the run does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..family import names
from ._common import TAKE, emit, watching

FORMATS = " or ".join(names("ship/export"))


def run(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    to: Annotated[str, typer.Option(help=f"{FORMATS}.")],
    precision: Annotated[str, typer.Option(help="fp32, bf16 or int8.")] = "fp32",
    out: Annotated[Path | None, typer.Option(help="Its folder; RUN/export/TO-PRECISION if not given.")] = None,
    take: Annotated[str, typer.Option(help=TAKE)] = "winner",
    examples: Annotated[
        Path | None, typer.Option(help="Real inputs to compare on, where the run's own data have gone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Export the run's model.

    The folder predicts on its own: `headstart predict FOLDER new.jpg`.
    """
    from ..api import export

    with watching(quiet) as watch:
        made = export(run, to=to, precision=precision, out=out, take=take, examples=examples, watch=watch)
    if as_json:
        emit(made.record())
    else:
        sys.stdout.write(f"{made.sentence}\nmodel   {made.path}\nnext    headstart predict {made.path} INPUT\n")
