"""headstart search RUN|SOURCE|INDEX build FOLDER, … query PICTURE|TEXT…: look-alikes through a network."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._common import ENGINES, TAKE, Encoding, Quotes, Text, emit, reading, watching

if TYPE_CHECKING:
    from ..api import SearchIndex

ACTIONS = ("build", "query")


def run(
    given: Annotated[str, typer.Argument(help="A finished run's folder, a source, or an index's folder.")],
    action: Annotated[str, typer.Argument(help="build or query.")],
    inputs: Annotated[
        list[str],
        typer.Argument(help="build: the folder (or table) to be searched; query: pictures, texts, folders, tables."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the index. [default: RUN/search, or runs/search-SOURCE]")
    ] = None,
    top: Annotated[int, typer.Option(help="How many look-alikes of each input.")] = 10,
    take: Annotated[str, typer.Option(help=TAKE)] = "",
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    text: Text = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output, an object a query.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Find look-alikes by what a network makes of examples.

    build makes an index of a folder, or brings one up to date: only what is new is looked at, what is gone leaves.
    query names the entries most like each input, by cosine.
    """
    options = reading(locals())
    from ..api import search
    from ..errors import DataError, UnknownName, UsageError

    if action not in ACTIONS:
        raise UnknownName("action of search", action, [*ACTIONS])
    if action == "build":
        if len(inputs) > 1:
            raise UsageError(f"{len(inputs)} folders were given; an index is of one. Name the folder above them.")
        with watching(quiet) as watch:
            made = search(given, inputs[0], out=out, take=take or None, engine=engine, watch=watch, **options)
        _built(made, as_json)
        return
    index = search(given, out=out, take=take or None)
    found = index.query(inputs, top, engine=engine, **options)
    for one in found:
        hits = [{"shown": list(h.entry.shown), "cosine": h.cosine, "content": h.entry.content} for h in one.hits]
        if as_json:
            emit({"input": one.input, "error": one.error, "hits": hits})
        else:
            sys.stdout.write(f"{one.input}\n" if one.error is None else f"{one.input}\t{one.error}\n")
            sys.stdout.writelines(f"  {h.cosine:.3f}\t{h.entry.content or h.shown}\n" for h in one.hits)
    if all(one.error is not None for one in found):
        raise DataError(f"None of the {len(found)} inputs could be read; each says why. The index holds {index.noun}s.")


def _built(made: SearchIndex, as_json: bool) -> None:
    graph, change = made.index.graph, made.change
    if as_json:
        recall = {"approximate": graph is not None, "recall_at_10": graph.recall if graph else 1.0}
        told = {"index": str(made.path), "through": made.index.through.name, "n": len(made), **recall}
        emit(told | (asdict(change) if change else {}) | {"notes": list(made.index.notes)})
        return
    sys.stdout.write("\n".join([made.sentence, *made.index.notes, f"  index  {made.path}"]) + "\n")
