"""The command line: one file per verb, found by its name. Errors become one plain sentence and an exit code.

A verb file has `app` (a group of sub-commands) or `run` (one command). Only the verb that is called imports what it
works with; `headstart --help` imports none of torch, timm or scikit-learn.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from ..errors import HeadstartError
from ..family import names

_INTERRUPTED = 130  # the exit code of a command that Ctrl-C ended


def main() -> None:
    """Entry point of the `headstart` command."""
    from ..interrupt import presses

    try:
        with presses.heard():
            _run()
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # typer's answer to Ctrl-C
            _stopped()
        raise
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


def _run() -> None:
    """The verb that the arguments name."""
    import typer

    from ..runtime import quiet_threads
    from ._help import Sections

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
    asked = typer.Option(False, "--version", help="Show the version and exit.", is_eager=True, callback=_version)

    @app.callback()
    def top(version: bool = asked) -> None:
        """Options of no verb."""

    for name in names("cli"):
        verb = import_module(f"headstart.cli.{name}")
        if hasattr(verb, "app"):
            app.add_typer(verb.app, name=name)
        else:
            app.command(name, cls=Sections)(verb.run)
    app()


def _version(asked: bool) -> None:
    if asked:
        import typer

        from ..version import __version__

        sys.stdout.write(f"headstart {__version__}\n")
        raise typer.Exit


def _stopped() -> NoReturn:
    """End at once after Ctrl-C: what Python still does at its end could be interrupted too, with a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.write("\nheadstart: stopped. Nothing finished is lost: the same command goes on from there.\n")
        sys.stderr.flush()
    os._exit(_INTERRUPTED)
