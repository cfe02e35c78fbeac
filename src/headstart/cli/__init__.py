"""The command line: one file per verb, found by its name. Errors become one plain sentence and an exit code.

A verb file has `app` (a group of sub-commands) or `run` (one command). Only the verb that is called imports what it
works with; `headstart --help` imports none of torch, timm or scikit-learn.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper

from ..errors import HeadstartError
from ..family import names


def main() -> None:
    """Entry point of the `headstart` command."""
    import typer

    from ..runtime import quiet_threads

    quiet_threads()
    for stream in (sys.stdout, sys.stderr):  # a file name that is no text is escaped, in JSON too
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app = typer.Typer(
        help="Reuse what a pre-trained model knows, with proof that the reuse helped.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for name in names("cli"):
        verb = import_module(f"headstart.cli.{name}")
        if hasattr(verb, "app"):
            app.add_typer(verb.app, name=name)
        else:
            app.command(name)(verb.run)
    try:
        app()
    except HeadstartError as error:
        sys.stderr.write(f"headstart: {error}\n")
        raise SystemExit(error.exit_code) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(
            f"headstart: {where}{error.strerror or error}. Check that the path is right, that you may write there and "
            "that the disk has room; then run the same command again: finished work is kept.\n"
        )
        raise SystemExit(1) from error
    except SystemExit as end:
        if end.code == 130:  # typer's answer to Ctrl-C
            sys.stderr.write("\nheadstart: stopped. Run the same command again to continue; finished work is kept.\n")
        raise
