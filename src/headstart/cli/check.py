"""headstart check DATA: read without training, and show what was understood."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._common import DUPLICATES, KINDS, LAYOUTS, emit, watching


def run(
    data: Annotated[str, typer.Argument(help="Data as for `fit`: folder of class folders, or table(s).")],
    html: Annotated[Path | None, typer.Option(help="Write a page with examples to this file.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    group: Annotated[str, typer.Option(help="Table column (or table of files and groups) kept together.")] = "",
    text: Annotated[str, typer.Option(help="Table column of texts, if its name is unusual.")] = "",
    label: Annotated[str, typer.Option(help="Table column(s) of labels, if the name is unusual.")] = "",
    layout: Annotated[
        str, typer.Option(help=f"{LAYOUTS}: what a folder's first level names; nested: its last level, the classes.")
    ] = "",
    duplicates: Annotated[str, typer.Option(help=DUPLICATES)] = "group",
    kind: Annotated[str, typer.Option(help=f"{KINDS}: one label an example, several, or a number?")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Show how your data is read, before anything is trained.

    Classes, splits, columns, what was set aside and what looks suspicious.
    """
    from ..api import check
    from ..report import checked
    from ..runtime import write

    with watching(quiet) as watch:
        found = check(
            data,
            seed=seed,
            watch=watch,
            group=group or None,
            text=text or None,
            label=label or None,
            layout=layout or None,
            duplicates=duplicates,
            kind=kind,
        )
    if html is not None:
        write(html, found.html())
    if as_json:
        emit(dict(found.record))
    else:
        sys.stdout.write(checked.text(found.record) + "\n")
