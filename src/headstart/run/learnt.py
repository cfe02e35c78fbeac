"""What a run has learnt from: the digests that it kept, the first eight bytes of each, and the data read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..runtime import write
from ..types import Task
from .saved import Saved

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


def again(run: Saved, otherwise: str, progress: Callable[[int, int], None] | None = None) -> Task:
    """The run's task, its test split sealed.

    Args:
        run: a finished one.
        otherwise: what a person can do where it cannot be read, a sentence.
        progress: called with (done, total) examples looked at.

    Raises:
        DataError: the run does not say what it read, or the data have gone or changed.
    """
    from ..read import ReadOptions, read

    record = run.record
    data = record.get("data")
    if data is None or not Path(data["path"]).exists():
        gone = "does not say what it learnt from" if data is None else f"learnt from {data['path']}, which is not there"
        raise DataError(f"{run.path} {gone}. {otherwise}")
    found = read(
        data["path"],
        ReadOptions(**data["options"]),
        name=record["task"]["name"],
        seed=record["seed"],
        progress=progress,
    )
    if found.fingerprint != record["task"]["fingerprint"]:
        raise DataError(f"{data['path']} has changed since {run.path} was made. {otherwise}")
    return found
