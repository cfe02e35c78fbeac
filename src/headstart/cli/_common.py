"""What verbs share: a progress display on standard error, JSON on standard output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Annotated, Any

import typer

from ..family import names

ENGINES = " or ".join(["auto", *names("extract/engine")]) + "."
DUPLICATES = "Near-duplicates: group (one side of the split), keep (as any other) or drop (one of each stays)."
LAYOUTS = "classes or splits or nested"
KINDS = " or ".join(["auto", *names("kind")])
METRICS = " or ".join(["auto", *names("judge/metric")])
STRATEGIES = ", ".join(names("transfer"))
TAKE = "Which model of the run: winner, or the best that reuses (transfer) or starts fresh (rival)."

_of_data = partial(typer.Option, rich_help_panel="Data")  # the section of `--help` that they stand in

Group = Annotated[str, _of_data(help="Table column (or table of files and groups) not to be split.")]
Text = Annotated[str, _of_data(help="Table column of texts, if its name is unusual; by comma several, joined.")]
Label = Annotated[str, _of_data(help="Table column of labels, if its name is unusual; or several of 0 and 1.")]
Kind = Annotated[str, _of_data(help=f"{KINDS}: one label an example, several, or a number?")]
Layout = Annotated[
    str, _of_data(help=f"{LAYOUTS}: what a folder's first level names; nested: its last level, the classes.")
]
Duplicates = Annotated[str, _of_data(help=DUPLICATES)]
Crop = Annotated[
    str, _of_data(help="Of pictures far from square: centre, squash or letterbox; by their shapes otherwise.")
]
Quotes = Annotated[str, _of_data(help="yes or no: do quotation marks wrap a table's cells? Found out otherwise.")]
Encoding = Annotated[str, _of_data(help="Of tables and text files, e.g. cp1251; found out otherwise.")]
Blank = Annotated[str, _of_data(help="What an empty label means, e.g. 0 in columns of 0 and 1.")]
SplitColumn = Annotated[str, _of_data(help="Table column that names the splits, if not called split.")]

EVERY = 15.0  # seconds between two lines of one piece of work, off a terminal


def reading(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of a verb's arguments those that say how data is read: fields of `ReadOptions`."""
    from ..read import ReadOptions

    return {option.name: given[option.name] for option in fields(ReadOptions) if option.name in given}


def emit(value: Any) -> None:  # noqa: ANN401 - anything JSON takes
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


@contextmanager
def watching(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A `watch(what, done, of)` that draws a progress bar on standard error, or none when quiet or not a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None if quiet else _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1)
        now = ""

        def watch(what: str, done: int, of: int) -> None:
            nonlocal now
            if not of:
                bar.console.print(f"headstart: {what}", markup=False, highlight=False)
                return
            work = what.split(" · ")[0]  # behind the dot stand loss and score, which change as it goes on
            if work != now:
                bar.reset(task, description=what, total=of)
                now = work
            bar.update(task, description=what, completed=done, total=of)

        yield watch


def _lines() -> Callable[[str, int, int], None]:
    """For logs: the time and what is done, a line when that changes and every `EVERY` seconds how far it is."""
    seen: set[str] = set()
    begun = said = time.monotonic()

    def watch(what: str, done: int, of: int) -> None:
        nonlocal said
        what, now = what.split(" · ")[0].split(":")[0] if of else what, time.monotonic()
        if what not in seen or (of > 1 and now - said >= EVERY):
            minutes, rest = divmod(int(now - begun), 60)
            far = f" ({done:,} of {of:,})" if of > 1 and what in seen else ""
            seen.add(what)
            said = now
            sys.stderr.write(f"headstart: {minutes}:{rest:02d} {what}{far}\n")

    return watch
