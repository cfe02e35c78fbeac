"""Which examples a run has learnt from, kept in its folder as the first eight bytes of each digest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError
from ..runtime import write
from ..types import Task

FILE = "seen.safetensors"


def note(folder: Path, task: Task) -> None:
    """Write down what a run learns from: the first eight bytes of each digest, without labels or splits."""
    from safetensors.numpy import save

    from ..read._unseen import SHORT

    numbers = sorted({int(e.digest[:SHORT], 16) for e in (*task.train, *task.valid, *task.unlabelled)})
    write(folder / FILE, save({"seen": np.array(numbers, np.uint64)}))


def of(folder: Path) -> frozenset[str] | None:
    """What a run has learnt from, as starts of digests; None where its folder does not say."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from ..read._unseen import SHORT

    try:
        return frozenset(f"{n:0{SHORT}x}" for n in load((folder / FILE).read_bytes())["seen"].tolist())
    except FileNotFoundError:
        return None
    except (SafetensorError, KeyError) as error:
        raise DataError(f"{folder / FILE} is damaged ({error}). Copy the run's folder again.") from error
