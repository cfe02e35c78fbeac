"""A saved model: a folder that predicts on its own, without the cache and without the network.

`model.json` (labels, strategy, setting, temperature, named columns, the source's record with its preprocessing),
`head.safetensors`, and, when the model stands on a source, `backbone.safetensors`. No pickle anywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..extract._extractor import load_rank
from ..extract.feature_store import FeatureStore
from ..family import names
from ..kind import Kind, kind_of
from ..pixels import PLAIN, Pixels
from ..plan import keep
from ..runtime import write
from ..source._catalogue import source_from
from ..types import Fitted, Source, to_dict
from .predictor import Predictor

BACKBONE = "backbone.safetensors"
FORMAT = 3  # of model.json
READ = (2, 3)  # formats that are understood: in 2 a head's decoder was two numbers, see `plan.keep`


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

    def store(self, engine: str = "auto", folder: Path | None = None) -> FeatureStore:
        """Looks at pictures the way this model wants them; `folder` is where rows are kept.

        `engine="auto"` is the engine the model was judged with, where this machine has it.
        """
        judged = self.fitted.view.engine
        if engine == "auto" and judged in names("extract/engine") and load_rank(judged) >= 0:
            engine = judged
        sources = {self.source.key: self.source} if self.source else {}
        weights = {self.source.key: self.weights} if self.source and self.weights else {}
        return FeatureStore(sources, modality=self.modality, engine=engine, weights=weights, folder=folder)

    def predictor(self, engine: str = "auto", folder: Path | None = None) -> Predictor:
        """The model at work, on a feature store of its own; `folder` is where rows are kept meanwhile."""
        return Predictor(self.fitted, self.store(engine, folder))

    @property
    def modality(self) -> str:
        """What it reads."""
        return self.fitted.modality

    @property
    def kind(self) -> Kind:
        """The member of kind/ that reads its outputs."""
        return kind_of(self.fitted.kind)


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
    extra: dict[str, Any] = {"format": FORMAT, "columns": dict(columns or {})}
    extra |= {"pixels": asdict(pixels), "source": None}
    if source is not None and weights is not None:
        sha256 = checksum(weights)
        if checksum(folder / BACKBONE) != sha256:
            twin = beside / BACKBONE if beside and checksum(beside / BACKBONE) == sha256 else None
            _place(folder / BACKBONE, weights, twin)
        extra |= {"source": to_dict(source), "backbone_sha256": sha256}
    keep.save(folder, fitted, extra)
    return Model(fitted, source, folder / BACKBONE if source else None, dict(columns or {}), pixels)


def checksum(path: Path) -> str:
    """The sha256 of a file, which is never whole in memory; "no file" where there is none."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "no file"


def _place(path: Path, file: Path, twin: Path | None) -> None:
    """Another name for the file `twin`, or a file of its own."""
    if twin is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        try:
            return os.link(twin, path)
        except OSError:  # no hard links on this disk
            pass
    write(path, file)


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises:
        DataError: there is no model, or a file of it has changed.
    """
    fitted, extra = keep.load(folder)
    if extra.get("format") not in READ:
        raise DataError(
            f"The model in {folder} was saved by another headstart (format {extra.get('format')}; this one reads "
            f"{' and '.join(map(str, READ))}). Run `headstart fit` again, or use the version in its environment.json."
        )
    columns = extra.get("columns")
    columns = {name: str(column) for name, column in columns.items()} if isinstance(columns, dict) else {}
    pixels = Pixels(**extra.get("pixels", {}))
    source = None if extra["source"] is None else source_from(extra["source"])
    if source is None:
        return Model(fitted, None, None, columns, pixels)
    weights = folder / BACKBONE
    if (found := checksum(weights)) != extra["backbone_sha256"]:
        raise DataError(
            f"{weights} is not the file this model was saved with (sha256 {found[:12]}, not "
            f"{extra['backbone_sha256'][:12]}). Copy the whole model folder again, or run `headstart fit` again."
        )
    return Model(fitted, source, weights, columns, pixels)
