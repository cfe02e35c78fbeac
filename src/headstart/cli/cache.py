"""`headstart cache show|clear`: what is kept on this machine, and deleting it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(help="Show or clear what headstart keeps on this machine.")


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Where the cache is, and how large each part of it is."""
    from ..api import cache
    from ..api._cache import PARTS
    from ._common import emit

    kept = cache()
    if as_json:
        emit({"folder": str(kept.folder), "bytes": kept.size, "parts": kept.sizes})
        return
    rows = [f"{size / 1e6:>10,.1f} MB  {name:<10} {PARTS[name]}" for name, size in kept.sizes.items()]
    sys.stdout.write("\n".join([f"{kept.folder}  {kept.size / 1e6:,.1f} MB in all", *rows]) + "\n")


@app.command()
def clear(
    part: Annotated[str, typer.Argument(help="A part that `cache show` names, or all.")] = "features",
) -> None:
    """Delete one part of the cache; it is made or fetched again when it is needed."""
    from ..api import cache

    kept = cache()
    sys.stdout.write(f"{kept.clear(part) / 1e6:,.1f} MB of {part} freed in {kept.folder}\n")
