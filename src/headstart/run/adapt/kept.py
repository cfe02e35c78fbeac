"""What each method said, kept in the run's folder: an adaptation that was killed goes on from there.

A file of `adapt/kept/` holds the scores of one method on one representation, and is named by all that they depend on:
the rows, their classes, the method with its setting, the seed, the version. No label of the target is among it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...align._pair import Way
from ...runtime import digest, write
from ...types import FloatArray, IntArray
from ...version import __version__
from .rows import Representation

FOLDER = "adapt/kept"


@dataclass(frozen=True)
class Said:
    """Scores of a method, and what it noted."""

    valid: FloatArray  # [v k] of held-out source rows
    target: FloatArray  # [m k]
    notes: Mapping[str, Any]
    seconds: float  # that it took when it ran


class Kept:
    """The methods on one representation.

    Args:
        out: the run's folder.
        at: the representation.
        y: classes of its training rows [n].
        k: classes.
        seed: of the methods.
    """

    def __init__(self, out: Path, at: Representation, y: IntArray, k: int, seed: int) -> None:
        self.folder, self.at, self.seed = out / FOLDER, at, seed
        self.pair = at.pair(y, k, seed)
        content = hashlib.sha256(np.ascontiguousarray(y).tobytes())
        for rows in (at.train, at.valid, at.target, *([] if at.copies is None else [at.copies])):
            for part in (rows,) if at.dense else (rows.data, rows.indices, rows.indptr):
                content.update(np.ascontiguousarray(part).tobytes())
        self._rows = content.hexdigest()

    def says(self, way: Way) -> Said:
        """What a method says: read where it is known, else worked out and kept.

        Raises:
            ArithmeticError: some of its scores are no numbers; and whatever else the method raises.
        """
        setting = [way.name, asdict(way.config()), self.at.name, dict(self.at.config), self.pair.k, self.seed]
        file = self.folder / f"{way.name}-{digest(__version__, self._rows, setting)}.safetensors"
        return _read(file) or self._work_out(way, file)

    def _work_out(self, way: Way, file: Path) -> Said:
        from safetensors.numpy import save

        begun = time.monotonic()
        model = way.fit(self.pair)
        valid, target = (np.ascontiguousarray(model(rows), np.float32) for rows in (self.at.valid, self.at.target))
        if not (np.isfinite(valid).all() and np.isfinite(target).all()):
            raise ArithmeticError("some of its scores are no numbers")
        said = Said(valid, target, dict(model.notes), time.monotonic() - begun)
        told = {"notes": json.dumps(said.notes), "seconds": f"{said.seconds:.3f}"}
        write(file, save({"valid": valid, "target": target}, told))
        return said


def _read(file: Path) -> Said | None:
    from safetensors import SafetensorError, safe_open

    with suppress(FileNotFoundError, SafetensorError), safe_open(file, "numpy") as found:
        told = found.metadata()
        scores = [found.get_tensor(name) for name in ("valid", "target")]
        return Said(scores[0], scores[1], json.loads(told["notes"]), float(told["seconds"]))
    return None
