"""Predictions for new pictures or texts: one row an input, an unreadable one with its reason, none stopping the others.

In: a model folder and paths (or texts). Out: `Row`s in the order of the inputs. The preprocessing is the model's own.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ..read import ReadOptions
from ..types import Example
from ._input import Input
from ._inputs import inputs_of
from .predictor import Predictor
from .store import Model, load

CHUNK = 256  # inputs between two rows written out


@dataclass(frozen=True)
class Row:
    """What the model says of one input; `error` is the reason when it could not be read.

    A model of classes gives a label with its probability, one of numbers a value, one of several labels an example
    these in `labels`, and in `label` joined by "; ".
    """

    input: str
    label: str | None
    probability: float | None
    probabilities: Mapping[str, float]
    error: str | None = None
    value: float | None = None
    labels: tuple[str, ...] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)  # of a table's row: its other cells
    more: Mapping[str, Any] = field(default_factory=dict)  # what else the model's kind says, by its columns

    @classmethod
    def of(cls, shown: str, said: Mapping[str, Any], beside: Mapping[str, Any]) -> Row:
        """What a kind says of an example, see `Kind.said`."""
        usual = ("label", "probability", "probabilities", "value", "labels")
        known, more = {k: said[k] for k in usual if k in said}, {k: v for k, v in said.items() if k not in usual}
        empty: dict[str, Any] = {"label": None, "probability": None, "probabilities": {}}
        return cls(shown, **empty | known, beside=beside, more=more)

    @property
    def line(self) -> str:
        """What it says, for a terminal.

        >>> Row("a.jpg", None, None, {}, value=0.25).line, Row("a.jpg", None, None, {}, more={"tags": ["a", "b"]}).line
        ('0.25', '["a", "b"]')
        """
        if self.error is not None:
            return f"–\t–\t{self.error}"
        if self.probability is not None:
            return f"{self.label}\t{self.probability:.3f}"
        return "\t".join(str(_cell(said)) for said in self.more.values()) if self.more else f"{self.value or 0.0:.6g}"


def predict(
    model: Path | Model, inputs: Iterable[Any], *, engine: str = "auto", options: ReadOptions = ReadOptions()
) -> Iterator[Row]:
    """Predict files, folders, "-" for paths on standard input, or pictures in memory; of texts see `modality/text.py`.

    `engine="auto"` is the engine the model was judged with, where this machine has it. `options` say how
    tables and text files are read; `text` names the column of texts; else the one that was named when the model
    learnt, or a usual name.

    Raises:
        DataError: the folder holds no model.
    """
    loaded = load(model) if isinstance(model, Path) else model
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        found = inputs_of(loaded.modality, inputs, Path(folder), loaded.columns, loaded.pixels, options)
        with loaded.predictor(engine, Path(folder) / "features") as predictor:
            while some := list(islice(found, CHUNK)):
                yield from _rows(loaded, predictor, some)
                for written in Path(folder).glob("*.*"):  # pictures that lay in memory
                    written.unlink()


def _rows(model: Model, predictor: Predictor, inputs: Sequence[Input]) -> Iterator[Row]:
    looked = [item.example for item in inputs]
    bad = predictor.unreadable([e for e in looked if isinstance(e, Example)])
    good = [e for e in looked if isinstance(e, Example) and e.digest not in bad]
    found = iter(predictor.probabilities(good)) if good else iter(())
    for one in inputs:
        example = one.example
        if isinstance(example, Example) and example.digest not in bad:
            said = model.kind.said(next(found), model.labels, model.fitted.decoder)
            yield Row.of(one.shown, said, one.beside)
        else:
            why = bad[example.digest] if isinstance(example, Example) else example
            yield Row(one.shown, None, None, {}, why, beside=one.beside)


def to_csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as CSV: input, cells beside it, the columns of the model's kind (label, probability, …; or value), error.

    A table's column that is called as one of ours gets " (given)" behind its name.
    """
    out, rows = io.StringIO(), list(rows)
    table, ours = csv.writer(out, lineterminator="\n"), ("input", *columns, "error")
    beside = list(dict.fromkeys(column for row in rows for column in row.beside))
    table.writerow(["input", *(f"{c} (given)" if c in ours else c for c in beside), *columns, "error"])
    for row in rows:
        known: dict[str, Any] = {"label": row.label, "probability": row.probability, "value": row.value}
        known |= {f"p({label})": p for label, p in row.probabilities.items()}
        known |= row.more
        given = ["" if (cell := row.beside.get(c)) is None else cell for c in beside]
        table.writerow([row.input, *given, *(_cell(known.get(column)) for column in columns), row.error or ""])
    return out.getvalue()


def columns_to_csv(columns: Mapping[str, Sequence[str | float]]) -> str:
    """Columns of the same length as CSV."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return out.getvalue()


def _cell(value: Any) -> Any:  # noqa: ANN401 - whatever a kind says
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.6f}" if isinstance(value, float) else value or ""
