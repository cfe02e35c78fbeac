"""headstart rank DATA: which pre-trained source suits your data, and what each costs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ._common import DUPLICATES, ENGINES, KINDS, LAYOUTS, emit, watching


def run(
    data: Annotated[str, typer.Argument(help="Labelled data, as for `fit`: folder of class folders, or table(s).")],
    sources: Annotated[
        str,
        typer.Option(
            "--sources", "--source", help="By comma: keys, folders, names; what `fit` chooses among otherwise."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the split and of the examples drawn.")] = 0,
    budget: Annotated[str, typer.Option(help="Most time to spend, e.g. 90s, 5m, 1h.")] = "none",
    examples: Annotated[int, typer.Option(help="Labelled examples that each source looks at, at most.")] = 256,
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    group: Annotated[str, typer.Option(help="Table column (or table of files and groups) left out by value.")] = "",
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
    """Rank pre-trained sources for your labelled data.

    By what small heads make of their frozen features. Nothing else is trained, and the sealed test part is not
    opened. `fit` chooses in the same way by itself.
    """
    from ..api import rank
    from ..report.ranking import table

    with watching(quiet) as watch:
        found = rank(
            data,
            source=sources,
            seed=seed,
            budget=budget,
            examples=examples,
            engine=engine,
            group=group or None,
            text=text or None,
            label=label or None,
            kind=kind,
            layout=layout or None,
            duplicates=duplicates,
            watch=watch,
        )
    if as_json:
        emit(dict(found.record))
    else:
        sys.stdout.write(table(found.record) + "\n")
