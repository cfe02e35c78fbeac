"""headstart predict RUN INPUT…: what the adapted model says of new pictures or texts."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ._common import ENGINES, TAKE, Encoding, Quotes, emit, reading

_OPTIONAL = ("value", "labels", "beside", "more")  # of a row: not every model has these


def run(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, or texts and .txt files; tables; folders; - for paths (texts) on standard input."
        ),
    ],
    csv: Annotated[Path | None, typer.Option(help="Write the rows to this CSV file.")] = None,
    take: Annotated[str, typer.Option(help=TAKE)] = "winner",
    engine: Annotated[str, typer.Option(help=ENGINES)] = "auto",
    text: Annotated[str, typer.Option(help="Table column of texts, if its name is new to the run.")] = "",
    quotes: Quotes = "",
    encoding: Encoding = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")] = False,
) -> None:
    """Predict new pictures or texts.

    One row an input; an unreadable one gets its reason there and stops nothing.
    """
    options = reading(locals())
    from ..api import Run
    from ..errors import DataError
    from ..read import ReadOptions
    from ..runtime import write
    from ..ship.predict import predict, to_csv

    model = Run(run, take).model
    rows, good, bad = [], 0, 0
    for row in predict(model, inputs, engine=engine, options=ReadOptions.of(options)):
        good, bad = good + (row.error is None), bad + (row.error is not None)
        if csv is not None:
            rows.append(row)
        elif as_json:
            emit({name: v for name, v in asdict(row).items() if name not in _OPTIONAL or (v is not None and v != {})})
        else:
            sys.stdout.write(f"{row.input}\t{row.line}\n")
    if csv is not None:
        write(csv, to_csv(rows, model.kind.columns(model.labels)))
        sys.stderr.write(f"headstart: {len(rows)} rows in {csv}" + (f", {bad} could not be read\n" if bad else "\n"))
    if not good:
        raise DataError(
            f"None of the {bad} inputs could be read; each row says why. Give files, folders of these, or - with "
            "paths (or texts) on standard input."
        )
