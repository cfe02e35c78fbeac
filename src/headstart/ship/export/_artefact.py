"""An artefact: a folder that predicts without the run, without the cache and, mostly, without torch.

`artefact.json` (labels, decoder, preprocessing, columns, the source's record with its licence, sha256 of every file,
what the parity gate found), `head.safetensors` (what preparing needs of the model: a vocabulary), the network's files,
`tokenizer.json` of what reads tokens. Beside them the run's own record and card, so that it is opened as a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, UsageError
from ...family import load as member
from ...family import names
from ...pixels import Pixels
from ...plan import keep
from ...runtime import write
from ...source._catalogue import source_from
from ...strategy import strategy
from ...types import Example, to_dict
from ...version import __version__
from ..predictor import Predictor
from ..store import Model, checksum
from . import FILE
from ._network import Graph, graph
from ._reading import Reading

TOKENIZER, FORMAT = "tokenizer.json", 1
MOST = 400  # examples that int8 is calibrated on


class Format(Protocol):
    """A file of this folder."""

    PRECISIONS: tuple[str, ...]

    def write(self, graph: Graph, folder: Path, precision: str, rows: NDArray[Any]) -> None:
        """See the package."""

    def opened(self, folder: Path, precision: str) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
        """See the package."""


def format_of(name: str) -> Format:
    """The file of that name. Raises `UnknownName`, or `UsageError` where its runtime is not installed."""
    return cast(Format, member("ship/export", name))


@dataclass(frozen=True)
class Artefact(Model):
    """An exported model. `weights` is its tokenizer, where it has one."""

    folder: Path = Path()
    told: Mapping[str, Any] = field(default_factory=dict)  # artefact.json, but for the model itself

    @property
    def format(self) -> str:
        """A member of `ship/export`."""
        return str(self.told["to"])

    @property
    def precision(self) -> str:
        """That it computes in."""
        return str(self.told["precision"])

    def predictor(self, engine: str = "auto", folder: Path | None = None) -> Predictor:
        """The model at work; it has one engine, and keeps no rows.

        Raises:
            UsageError: another engine was asked for.
        """
        if engine not in ("auto", self.format):
            raise UsageError(
                f"{self.folder} was exported to {self.format} and runs in nothing else. Leave the engine '{engine}' "
                "out, or export the run again."
            )
        return Reading(self, format_of(self.format).opened(self.folder, self.precision))


def save(
    folder: Path, model: Model, to: str, precision: str, examples: Sequence[Example], take: str = "winner"
) -> Artefact:
    """Write a model as an artefact; nothing is compared yet, see `_gate`.

    Args:
        folder: empty, or not there.
        model: of a run.
        to: a member of `ship/export`.
        precision: one of that format's.
        take: which of the run's models it is.
        examples: real ones, two or more: the network is traced with some, int8 calibrated on `MOST`.

    Raises:
        UsageError: no such format or precision, or no graph of such a model.
    """
    form = format_of(to)
    if precision not in form.PRECISIONS:
        able = [name for name in names("ship/export") if precision in format_of(name).PRECISIONS]
        other = f"{precision} is had with --to {' or '.join(able)}" if able else "fp32, bf16 and int8 are known"
        raise UsageError(f"{to} is written in {' or '.join(form.PRECISIONS)}, not in {precision}; {other}.")
    folder.mkdir(parents=True, exist_ok=True)
    whole = graph(model, examples if precision == "int8" else examples[:2])
    form.write(whole.brief(), folder, precision, whole.example)
    if model.source is not None and model.weights is not None:
        _tokenizer(folder, model.weights)
    return _told(folder, model, {"to": to, "precision": precision, "take": take})


def _tokenizer(folder: Path, weights: Path) -> None:
    """The tokenizer that a file of weights carries, as the field's own file."""
    from ...source.language.model import written

    if (found := written(weights)) is not None:
        write(folder / TOKENIZER, found)


def _told(folder: Path, model: Model, told: Mapping[str, Any]) -> Artefact:
    """Write `artefact.json`, which comes last."""
    held = {} if strategy(model.fitted.strategy).described is None else dict(model.fitted.state)
    held = {name: array for name, array in held.items() if name not in ("weight", "bias")}
    files = sorted(path for path in folder.iterdir() if path.name not in (FILE, keep.HEAD))
    extra: dict[str, Any] = {
        "format": FORMAT,
        "headstart": __version__,
        **told,
        "licence": model.source.licence if model.source else None,
        "columns": dict(model.columns),
        "pixels": asdict(model.pixels),
        "source": to_dict(model.source) if model.source else None,
        "files": {path.name: checksum(path) for path in files},
    }
    keep.save(folder, replace(model.fitted, state=held), extra, FILE)
    return load(folder)


def noted(artefact: Artefact, found: Mapping[str, Any]) -> Artefact:
    """Put what was found out about an artefact into its `artefact.json`."""
    path = artefact.folder / FILE
    given = json.loads(path.read_text(encoding="utf-8"))
    write(path, json.dumps({**given, **found}, indent=1, ensure_ascii=False) + "\n")
    return replace(artefact, told={**artefact.told, **found})


def load(folder: Path) -> Artefact:
    """Read an artefact.

    Raises:
        DataError: there is none, a file of it has changed, or a newer headstart wrote it.
    """
    fitted, told = keep.load(folder, FILE)
    if told.get("format") != FORMAT:
        raise DataError(
            f"The artefact in {folder} has format {told.get('format')}; this headstart reads {FORMAT}. Update it, or "
            "export the run again."
        )
    for name, known in told["files"].items():
        if (found := checksum(folder / name)) != known:
            raise DataError(
                f"{folder / name} is not the file that was exported (sha256 {found[:12]}, not {known[:12]}). Copy the "
                "whole artefact again, or export the run again."
            )
    source = source_from(told.pop("source")) if told["source"] else None
    columns, pixels = told.pop("columns"), Pixels(**told.pop("pixels"))
    tokenizer = folder / TOKENIZER if TOKENIZER in told["files"] else None
    return Artefact(fitted, source, tokenizer, columns, pixels, folder=folder, told=told)
