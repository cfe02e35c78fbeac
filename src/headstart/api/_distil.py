"""distil: a finished run teaches a smaller student; see `run/distil/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..interrupt import presses
from ..read import ReadOptions
from ..run.distil import record
from ..run.distil.steps import Asked, carry_out
from ..run.job import Watch
from ..run.lock import locked
from ..run.saved import Saved, opened
from ..runtime import quiet_threads
from ._run import DistilledRun


def distil(
    run: str | Path | Saved,
    student: str,
    *,
    unlabelled: str | Path | None = None,
    out: str | Path | None = None,
    take: str | None = None,
    seed: int = 0,
    engine: str = "auto",
    watch: Watch | None = None,
    command: str | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> DistilledRun:
    """Let a finished run teach a smaller student what it says of examples, with labels and without.

    The student learns a head on its frozen features, or its last parts with it: from the teacher's answers, the labels
    and the teacher's features. The same student without a teacher has as many settings and steps; validation chooses
    one of each, and both are judged on the run's sealed test, in pairs.

    Args:
        run: a finished run of `fit` or its folder: any model of classes.
        student: a source, as `fit(source=…)` takes it; "NAME@128" reads pictures of 128 pixels, or 128 tokens.
        unlabelled: more examples of the same kind, a folder or a table; labels in it are not looked at.
        out: folder for what is made; `runs/STUDENT-of-RUN` when not given.
        take: which of the run's two models teaches, see `Run`.
        seed: of all that is drawn.
        engine: `auto`, `torch` or `openvino`.
        watch: called with (what, done, of) as the work goes on.
        command: for the record, how it was asked for.
        options: how tables and text files are read, as for `predict`.

    Raises:
        DataError: the run's data have gone or changed, or nothing unlabelled can be read.
        UsageError: the labels are no classes, the student reads other data, or OUT holds a run.
    """
    quiet_threads()
    teacher = opened(run, take)
    if teacher.made is not None or teacher.exported:
        raise UsageError(f"{teacher.path} was made of another run. Give a run of `headstart fit`, as it was before.")
    if unlabelled is not None and not Path(unlabelled).exists():
        raise UsageError(f"--unlabelled {unlabelled} does not exist. Give a folder, or a table, or leave it out.")
    name = f"{student.replace('/', '--')}-of-{teacher.path.resolve().name}"
    place = Path(out) if out else Path("runs") / name
    if (place / "run.json").is_file() or place.resolve() == teacher.path.resolve():
        raise UsageError(f"{place} holds a run, which the student would lie over. Name another folder with --out.")
    asked = Asked(
        teacher,
        student,
        str(unlabelled) if unlabelled is not None else None,
        place,
        seed,
        engine,
        ReadOptions.of(options),
        command or "headstart.distil(…)",
    )
    with presses.heard(), locked(place):
        record.publish(asked, carry_out(asked, presses.polling(watch)))
    return DistilledRun(place)
