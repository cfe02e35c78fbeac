"""A saved model: a folder that predicts on its own, without the cache and without the network.

`model.json` (labels, strategy, setting, temperature, named columns, the source's record with its preprocessing),
`head.safetensors`, and, when the model stands on a source, `backbone.safetensors`. No pickle anywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from ..extract._lens import load_rank
from ..extract.gallery import Gallery
from ..family import load as member
from ..family import names
from ..pixels import PLAIN, Pixels
from ..plan import keep
from ..runtime import write
from ..source._catalogue import source_from
from ..strategy import strategy
from ..types import Example, Fitted, Source, to_dict

BACKBONE = "backbone.safetensors"
FORMAT = 2  # of model.json


@dataclass(frozen=True)
class Model:
    """A classifier with all it needs: head, source record, weights file."""

    fitted: Fitted
    source: Source | None
    weights: Path | None  # of the backbone
    columns: Mapping[str, str] = field(default_factory=dict)  # role ("text", "label", …) → column that it learnt from
    pixels: Pixels = PLAIN  # how it reads pictures

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of the columns of `probabilities`; of a model of numbers what they are called."""
        return self.fitted.labels

    @property
    def modality(self) -> str:
        """What it reads: "image" or "text"."""
        if self.source is not None:
            return self.source.modality
        return "text" if self.fitted.view.depth == "input" else "image"

    def gallery(self, engine: str = "auto", folder: Path | None = None) -> Gallery:
        """Looks at pictures the way this model wants them; `folder` is where rows are kept.

        `engine="auto"` is the engine the model was judged with, where this machine has it.
        """
        judged = self.fitted.view.engine
        if engine == "auto" and judged in names("extract/engine") and load_rank(judged) >= 0:
            engine = judged
        if self.source is None:
            return Gallery({}, modality=self.modality, engine=engine, folder=folder)
        weights = {self.source.key: self.weights} if self.weights else {}
        return Gallery(
            {self.source.key: self.source}, modality=self.modality, engine=engine, weights=weights, folder=folder
        )

    def logits(self, gallery: Gallery, examples: Sequence[Example]) -> NDArray[np.float32]:
        """Class scores of pictures, [n k], before temperature scaling."""
        return scores(self.fitted, gallery, examples)

    def probabilities(self, gallery: Gallery, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Calibrated probabilities of pictures, [n k]; of a model of numbers these, [n 1]."""
        found: NDArray[np.float64] = self.kind.decode(self.logits(gallery, examples), self.fitted.temperature)
        return found

    def features(self, gallery: Gallery, examples: Sequence[Example]) -> NDArray[np.float32]:
        """What its network makes of examples before the head, [n d].

        Raises:
            UsageError: it stands on no source.
        """
        fitted = self.fitted
        if self.source is None or not strategy(fitted.strategy).reuses:
            raise UsageError(
                f"This model ('{fitted.strategy}') starts fresh and has no source's features. Name a source: "
                "headstart.embed(inputs, source=…)."
            )
        x = gallery.look(examples, [fitted.view])[0].x
        if fitted.view.depth in (*self.source.depths, "all"):
            return np.asarray(x, np.float32)
        tuned = strategy(fitted.strategy).features
        if tuned is None:  # a language model that answers in words
            raise UsageError(f"This model ('{fitted.strategy}') makes no features. Use headstart.embed(…, source=…).")
        return np.asarray(tuned(fitted, x, self.source, self.weights), np.float32)

    @property
    def kind(self) -> ModuleType:
        """The member of kind/ that reads its outputs."""
        return member("kind", self.fitted.kind)


def scores(fitted: Fitted, gallery: Gallery, examples: Sequence[Example]) -> NDArray[np.float32]:
    """Class scores [n k] of a fitted head, its view taken through `gallery`."""
    x, key = gallery.look(examples, [fitted.view])[0].x, fitted.view.source or ""
    known = gallery.sources.get(key), gallery.weights.get(key)
    return np.asarray(strategy(fitted.strategy).logits(fitted, x, *known), np.float32)


def save(
    folder: Path,
    fitted: Fitted,
    source: Source | None,
    weights: Path | None,
    columns: Mapping[str, str] | None = None,
    beside: Path | None = None,
    pixels: Pixels = PLAIN,
) -> Model:
    """Write a model folder; `model.json` comes last.

    Where the model folder `beside` it holds the same backbone, the two share one file, where the disk knows hard links.
    """
    extra: dict[str, Any] = {"format": FORMAT, "columns": dict(columns or {}), "pixels": asdict(pixels), "source": None}
    if source is not None and weights is not None:
        data = weights.read_bytes()
        if not _holds(folder / BACKBONE, data):
            twin = beside / BACKBONE if beside and _holds(beside / BACKBONE, data) else None
            _place(folder / BACKBONE, data, twin)
        extra |= {"source": to_dict(source), "backbone_sha256": hashlib.sha256(data).hexdigest()}
    keep.save(folder, fitted, extra)
    return Model(fitted, source, folder / BACKBONE if source else None, dict(columns or {}), pixels)


def _holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def _place(path: Path, data: bytes, twin: Path | None) -> None:
    """Another name for the file `twin`, or a file of its own."""
    if twin is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        try:
            return os.link(twin, path)
        except OSError:  # no hard links on this disk
            pass
    write(path, data)


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises:
        DataError: there is no model, or a file of it has changed.
    """
    fitted, extra = keep.load(folder)
    if extra.get("format") != FORMAT:
        raise DataError(
            f"The model in {folder} was saved by another headstart (format {extra.get('format')}; this one reads "
            f"{FORMAT}). Run `headstart fit` again, or use the version in its environment.json."
        )
    columns = extra.get("columns")
    columns = {name: str(column) for name, column in columns.items()} if isinstance(columns, dict) else {}
    pixels = Pixels(**extra.get("pixels", {}))
    if extra["source"] is None:
        return Model(fitted, None, None, columns, pixels)
    weights = folder / BACKBONE
    try:
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
    except FileNotFoundError:
        found = "no file"
    if found != extra["backbone_sha256"]:
        raise DataError(
            f"{weights} is not the file this model was saved with (sha256 {found[:12]}, not "
            f"{extra['backbone_sha256'][:12]}). Copy the whole model folder again, or run `headstart fit` again."
        )
    return Model(fitted, source_from(extra["source"]), weights, columns, pixels)
