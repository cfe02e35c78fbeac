"""The data that a finished run learnt from, read again as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import DataError
from ..read import ReadOptions
from ..types import Task
from .saved import Saved


def task(run: Saved, otherwise: str, progress: Callable[[int, int], None] | None = None) -> Task:
    """The run's task, its test split sealed.

    Args:
        run: a finished one.
        otherwise: what a person can do where it cannot be read, a sentence.
        progress: called with (done, total) examples looked at.

    Raises:
        DataError: the run does not say what it read, or the data have gone or changed.
    """
    from ..read import read

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
