"""Predictions for new pictures: one row an input, an unreadable one with its reason, none stopping the others.

In: a model folder and paths. Out: `Row`s in the order of the inputs. The preprocessing is the model's own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..embed.gallery import Gallery
from ..read._picture import Unreadable, file_bytes
from ..read._walk import expand
from ..types import Example
from .store import Model, load

CHUNK = 256  # pictures between two rows written out


@dataclass(frozen=True)
class Row:
    """What the model says of one input; `error` is the reason when it could not be read."""

    input: str
    label: str | None
    probability: float | None
    probabilities: Mapping[str, float]
    error: str | None = None


def predict(model: Path | Model, inputs: Iterable[str | Path], *, engine: str = "auto") -> Iterator[Row]:
    """Predict files, folders, or "-" for paths on standard input.

    `engine="auto"` is the engine the model was judged with, where this machine has it.

    Raises:
        DataError: the folder holds no model.
    """
    loaded = load(model) if isinstance(model, Path) else model
    paths = expand(inputs)
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        gallery = loaded.gallery(engine, Path(folder))
        for start in range(0, len(paths), CHUNK):
            yield from _rows(loaded, gallery, paths[start : start + CHUNK])


def _rows(model: Model, gallery: Gallery, paths: Sequence[Path]) -> Iterator[Row]:
    looked = [_examine(path) for path in paths]
    bad = gallery.unreadable([e for e in looked if isinstance(e, Example)], [model.fitted.view])
    good = [e for e in looked if isinstance(e, Example) and e.digest not in bad]
    found = iter(model.probabilities(gallery, good)) if good else iter(())
    for path, item in zip(paths, looked, strict=True):
        if not isinstance(item, Example) or item.digest in bad:
            yield Row(str(path), None, None, {}, bad[item.digest] if isinstance(item, Example) else item)
            continue
        row = next(found)
        best = int(row.argmax())
        named = {label: float(p) for label, p in zip(model.labels, row, strict=True)}
        yield Row(str(path), model.labels[best], float(row[best]), named)


def _examine(path: Path) -> Example | str:
    """The file as an example without a label, or the reason why it cannot be opened; it is not decoded yet."""
    if path.is_dir():
        return "The folder holds no pictures."
    try:
        data = file_bytes(path)
    except Unreadable as error:
        return error.detail
    return Example(str(path.absolute()), -1, hashlib.sha256(data).hexdigest())


def to_csv(rows: Iterable[Row], labels: Sequence[str]) -> str:
    """Rows as CSV: input, label, probability, one column a class, error."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["input", "label", "probability", *(f"p({label})" for label in labels), "error"])
    for row in rows:
        numbers = [f"{row.probabilities[label]:.6f}" if row.probabilities else "" for label in labels]
        shown = "" if row.probability is None else f"{row.probability:.6f}"
        table.writerow([row.input, row.label or "", shown, *numbers, row.error or ""])
    return out.getvalue()
