"""headstart predict RUN INPUT…: what the adapted model says of new pictures."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ._common import emit


def run(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    inputs: Annotated[list[str], typer.Argument(help="Pictures, folders, or - for paths on standard input.")],
    csv: Annotated[Path | None, typer.Option(help="Write the rows to this CSV file.")] = None,
    engine: Annotated[str, typer.Option(help="auto, torch or openvino.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Predict new pictures; unreadable ones are reported in their row and stop nothing."""
    from ..api import Run
    from ..runtime import write
    from ..ship.predict import predict, to_csv

    model = Run(run).model
    rows = []
    for row in predict(model, inputs, engine=engine):
        if csv is not None:
            rows.append(row)
        elif as_json:
            emit(asdict(row))
        else:
            said = f"{row.label}\t{row.probability:.3f}" if row.error is None else f"–\t–\t{row.error}"
            sys.stdout.write(f"{row.input}\t{said}\n")
    if csv is not None:
        write(csv, to_csv(rows, model.labels))
        bad = sum(row.error is not None for row in rows)
        sys.stderr.write(f"headstart: {len(rows)} rows in {csv}" + (f", {bad} could not be read\n" if bad else "\n"))
