"""headstart report RUN: open the page for people, and print its path."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from ._common import emit


def run(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print run.json instead.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the path only.")] = False,
) -> None:
    """Show the report of a run.

    Prints the verdict and the page's path; opens the page where there is a browser.
    """
    import webbrowser

    from ..api import Run
    from ..report.text import COLUMNS

    done = Run(run)
    done.readdress()
    if as_json:
        emit(done.record)
        return
    sys.stdout.write("\n".join([*textwrap.wrap(done.sentence, COLUMNS), str(done.report), ""]))
    if not no_open and sys.stdout.isatty():
        webbrowser.open(done.report.absolute().as_uri())
