"""headstart serve RUN…: models behind HTTP, with a page to try them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ._common import ENGINES, TAKE

_LIMITS = "Limits"


def run(
    runs: Annotated[list[str], typer.Argument(help="Folders of runs or exported models, or NAME=FOLDER.")],
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0: all networks.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: one that is free.")] = 8000,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the key that requests must give; else $HEADSTART_API_KEY.")
    ] = None,
    take: Annotated[str, typer.Option(help=TAKE)] = "winner",
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    body: Annotated[float, typer.Option(help="MB of a request.", rich_help_panel=_LIMITS)] = 20,
    pixels: Annotated[float, typer.Option(help="Megapixels of a picture.", rich_help_panel=_LIMITS)] = 40,
    queue: Annotated[int, typer.Option(help="Inputs that may wait; more get 429.", rich_help_panel=_LIMITS)] = 256,
    seconds: Annotated[float, typer.Option(help="Until an answer; else 504.", rich_help_panel=_LIMITS)] = 30,
    batch: Annotated[int, typer.Option(help="Inputs at once; 1: no batching.", rich_help_panel=_LIMITS)] = 32,
    wait: Annotated[float, typer.Option(help="ms that a batch waits at most.", rich_help_panel=_LIMITS)] = 4,
) -> None:
    """Serve models over HTTP, with a page to try them.

    At / the page, at /docs the API: the Open Inference Protocol, and /predict for files and texts.
    """
    from ..api import serve
    from ..errors import UsageError
    from ..family import require

    require("server", ("fastapi", "uvicorn"))
    from ..ship.serve.limits import MB, Limits

    if min(body, pixels, queue, seconds, batch) <= 0 or wait < 0:
        raise UsageError("Limits must be above 0, and --wait 0 or more. Leave one out for its usual value.")
    key = key_file.read_text(encoding="utf-8").strip() if key_file else os.environ.get("HEADSTART_API_KEY") or None
    if key is None and host not in ("127.0.0.1", "localhost", "::1"):
        sys.stderr.write("headstart: others may ask, and no key is set. Set HEADSTART_API_KEY, or --key-file.\n")
    limits = Limits(
        body=int(body * MB), held=max(int(body * MB) * 4, 200 * MB), pixels=int(pixels * MB), queue=queue,
        seconds=seconds, batch=batch, wait=wait / 1000,
    )  # fmt: skip
    serve(runs, host=host, port=port, key=key, take=take, engine=engine, limits=limits)
