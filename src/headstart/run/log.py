"""`--log DIR`: training losses, validation scores and the verdict as TensorBoard's event files, while the fit goes on.

A folder each training, named as in the progress ("scratch/setting 1 of 4"), so that TensorBoard draws them in one
chart: `loss` and `validation` by step. In DIR itself: the verdict as text, how each candidate ended, and what the run's
model reached on the sealed test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..family import require
from ..listening import listening
from ..types import Progress
from .saved import Saved

_SCORES = ("accuracy", "log_loss")  # of a candidate on validation, beside what its kind has by name


class Log:
    """An open log; see the module's first lines."""

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` where TensorBoard's package is not installed, or the folder is a file."""
        require("log for TensorBoard", ["tensorboard"])
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"--log {folder} is a file; a log needs a folder. Name another one.")
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def step(self, name: str, step: Progress) -> None:
        """Loss and score of a training, where they are known."""
        for tag, value in (("loss", step.loss), ("validation", step.metric)):
            if value is not None:
                self._writer(named(name)).add_scalar(tag, value, step.step)

    def finished(self, run: Saved) -> None:
        """What came of it all."""
        record, whole = run.record, self._writer("")
        whole.add_text("verdict", run.sentence)
        rows = [f"| {t['id']} | {t['status']} | {_cell(t['reason'])} |" for t in record["trials"]]
        whole.add_text("candidates", "\n".join(["| candidate | | why |", "|---|---|---|", *rows]))
        for trial in record["trials"]:
            known: Mapping[str, Any] = {**{name: trial[name] for name in _SCORES}, **trial["scores"]}
            for name, value in known.items():
                if value is not None and trial["status"] == "finished":
                    self._writer(named(trial["id"])).add_scalar(f"candidate/{name}", value)
        metrics: Mapping[str, Any] = record["metrics"]
        for name, value in metrics.items():
            if isinstance(value, float):
                whole.add_scalar(f"sealed test/{name}", value)

    def close(self) -> None:
        """Write what is still held."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, name: str) -> Any:  # noqa: ANN401 - torch has no types for it
        if name not in self._writers:
            from torch.utils.tensorboard import SummaryWriter

            self._writers[name] = SummaryWriter(str(self._folder / name))
        return self._writers[name]


@contextmanager
def logged(folder: str | None) -> Iterator[Log | None]:
    """Within, training is logged, where a folder was named."""
    if folder is None:
        yield None
        return
    log = Log(Path(folder))
    try:
        with listening(log.step):
            yield log
    finally:
        log.close()


def named(name: str) -> str:
    """A training's name as a path below the log.

    >>> named("scratch: setting 1 of 4"), named("finetune-facebook/dino")
    ('scratch/setting 1 of 4', 'finetune-facebook_dino')
    """
    return "/".join(re.sub(r"[^\w .@+-]", "_", part.strip()) for part in name.split(": "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
