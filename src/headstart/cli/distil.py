"""headstart distil RUN --student SOURCE: a smaller model that learns what a finished run says."""

from __future__ import annotations

import shlex
import sys
import textwrap
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from ._common import ENGINES, TAKE, Encoding, Quotes, Text, emit, reading, watching


def run(
    run: Annotated[Path, typer.Argument(help="A finished run's folder: the teacher.")],
    student: Annotated[
        str, typer.Option(help="Source to make smaller model of; NAME@128: at 128 pixels, or tokens of a text.")
    ],
    unlabelled: Annotated[str, typer.Option(help="More examples, a folder or a table; labels are not looked at.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for the student. [default: runs/STUDENT-of-RUN]")] = None,
    take: Annotated[str, typer.Option(help=TAKE)] = "",
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn.")] = 0,
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    text: Text = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Let a finished run teach a smaller student.

    The student without a teacher stands beside: same labels, settings and steps, same sealed test.
    """
    options = reading(locals())
    from ..api import distil
    from ..report.text import COLUMNS

    with watching(quiet) as watch:
        made = distil(
            run,
            student,
            unlabelled=unlabelled or None,
            out=out,
            take=take or None,
            seed=seed,
            engine=engine,
            watch=watch,
            command=shlex.join(["headstart", *sys.argv[1:]]),
            **options,
        )
    if as_json:
        emit(dict(made.told))
        return
    warnings = [line for w in made.told["warnings"] for line in ["", *textwrap.wrap(f"warning: {w}", COLUMNS)]]
    lines = [*textwrap.wrap(made.sentence, COLUMNS), *warnings, "", f"  model   {made.path / 'model'}"]
    sys.stdout.write("\n".join([*lines, f"  next    headstart predict {quote(str(made.path))} …"]) + "\n")
