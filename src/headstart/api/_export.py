"""export: a run's model in another runtime, as a folder that is kept only if it predicts what the run predicts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, HeadstartError, UsageError
from ..modality import noun
from ..run import learnt
from ..run.saved import ADAPTED, BEFORE, Saved, opened
from ..runtime import full_precision, quiet_threads, write
from ..ship.export import FILE
from ..types import Example, Fitted, Task

if TYPE_CHECKING:
    from ..judge.contrasts import Compared
    from ..ship.export._artefact import Artefact
    from ..ship.export._gate import Parity
    from ..ship.store import Model

FEWEST, COMPARED = 8, 64  # real examples that the gate needs, and those that it looks at
CALIBRATED = 400  # examples that int8 is calibrated on
RECORDS = ("run.json", ADAPTED, BEFORE, learnt.FILE, "card.md")  # of the run, that lie beside its exported model
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Exported:
    """An artefact that passed the gate."""

    path: Path
    to: str
    precision: str
    parity: Parity
    loss: Compared | None  # of a coarser precision against the run on its sealed test; above 0: it is better
    metric: str
    bytes: int

    @property
    def sentence(self) -> str:
        """What was made and how near it is."""
        from ..judge.wording import units

        said = f"{self.to} {self.precision}, {self.bytes / 1e6:.1f} MB: {self.parity.sentence}."
        if self.loss is None:
            return said
        unit, (low, high) = units(self.metric), self.loss.interval
        return (
            f"{said} On the run's sealed test it is {unit.change(self.loss.difference)}{unit.points} against the run "
            f"(95 % interval {unit.change(low)} to {unit.change(high)})."
        )

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "path": str(self.path),
            "to": self.to,
            "precision": self.precision,
            "bytes": self.bytes,
            "sentence": self.sentence,
            **_found(self.parity, self.loss),
        }


def export(
    run: str | Path | Saved,
    *,
    to: str,
    precision: str = "fp32",
    out: str | Path | None = None,
    take: str | None = None,
    examples: str | Path | None = None,
    watch: Watch | None = None,
) -> Exported:
    """Write a run's model for another runtime; `headstart.load`, `predict` and `evaluate` take the folder as a run.

    Args:
        run: a finished run, or its folder.
        to: `onnx`, `openvino` or `torch`.
        precision: `fp32`; `bf16` where the runtime has it; `int8`, calibrated on the run's training data.
        out: a folder that is not there, or an artefact that is to be replaced; `RUN/export/TO-PRECISION` if not given.
        take: which of the run's two models.
        examples: real inputs to compare run and artefact on, where the run's own data are not there any more.
        watch: called with (what, done, of) as the work goes on.

    Returns:
        `path`, `parity`, `loss`, `sentence`.

    Raises:
        UsageError: no such format, the format has not that precision, or the model has no such form.
        DataError: there are no real examples to compare on.
        HeadstartError: it does not predict what the run predicts, and was deleted.
    """
    from ..ship.export._artefact import format_of, noted

    quiet_threads()
    format_of(to)
    saved = opened(run, take)
    if saved.exported:
        raise UsageError(f"{saved.path} is an exported model already. Give the run that it was made of.")
    say = watch or (lambda what, done, of: None)
    model, place = saved.model, _place(saved, out, to, precision)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=place.parent))
    try:
        with full_precision():
            task, real = _real(saved, model, examples, part / "given", say)
            gate = _Gate(model, _some(real, COMPARED), part, say)
            for what in dict.fromkeys(("fp32", precision)):
                made, parity = gate.through(to, what, _some(real, CALIBRATED), saved.take)
        loss = None
        if precision != "fp32" and task is not None:
            say(f"measure what {precision} loses", 0, 0)
            loss = _loss(saved, model, made, task)
        made = noted(made, _found(parity, loss))
        for name in RECORDS:
            if (saved.path / name).is_file():
                write(made.folder / name, saved.path / name)
        _moved(made.folder, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(file.stat().st_size for file in place.iterdir())
    return Exported(place, to, precision, parity, loss, saved.record["verdict"]["metric"], size)


class _Gate:
    """Writes artefacts below a folder and holds each against the run."""

    def __init__(self, model: Model, examples: Sequence[Example], folder: Path, say: Watch) -> None:
        self._model, self._looked, self._folder, self._say = model, examples, folder, say

    def through(self, to: str, precision: str, rows: Sequence[Example], take: str) -> tuple[Artefact, Parity]:
        """One that passed, and what was found."""
        from ..ship.export._artefact import save
        from ..ship.export._gate import TOLERANCE, compared, passed

        self._say(f"export to {to} {precision}", 0, 0)
        made = save(self._folder / precision, self._model, to, precision, rows, take)
        self._say(f"compare with the run on {len(self._looked)} {noun(made.modality)}s", 0, 0)
        with self._model.predictor(folder=self._folder / "rows") as ours, made.predictor() as theirs:
            found = compared(ours.logits, theirs.logits, self._looked, made.fitted, made.kind, TOLERANCE[precision])
        return made, passed(found, f"The model that was exported to {to} {precision}")


def _real(
    run: Saved, model: Model, given: str | Path | None, folder: Path, say: Watch
) -> tuple[Task | None, list[Example]]:
    """The run's data read again, if it is there, and real examples: those that were given, or those it learnt from."""
    if given is None:
        say("read the run's data", 0, 0)
        task = learnt.again(run, f"Give real {noun(model.modality)}s to compare on with --examples PATH.")
        return task, [*task.valid, *task.train]
    from ..ship._inputs import inputs_of

    if not Path(given).exists():
        raise DataError(f"--examples {given} does not exist. Give a folder, table or file of real inputs.")
    found = inputs_of(model.modality, [given], folder, model.columns, model.pixels)
    real = list({item.example.digest: item.example for item in found if isinstance(item.example, Example)}.values())
    with model.predictor(folder=folder / "rows") as predictor:
        bad = predictor.unreadable(real)
    real = [e for e in real if e.digest not in bad]
    if len(real) < FEWEST:
        raise DataError(
            f"--examples {given} holds {len(real)} readable {noun(model.modality)}s; {FEWEST} or more are needed to "
            "compare run and artefact."
        )
    return None, real


def _some(examples: Sequence[Example], most: int) -> list[Example]:
    """Evenly chosen ones."""
    return list(examples[:: max(1, -(-len(examples) // most))])


def _loss(run: Saved, model: Model, made: Artefact, task: Task) -> Compared:
    """The artefact against the run on its sealed test, in its own metric.

    Raises:
        HeadstartError: it is clearly worse.
    """
    from ..judge.unseen import evaluate

    verdict = run.record["verdict"]
    with model.predictor() as ours, made.predictor() as theirs:

        def logits(fitted: Fitted, examples: Sequence[Example]) -> Any:  # noqa: ANN401 - [n …]
            return (theirs if fitted is made.fitted else ours).logits(examples)

        sides = [(str(made.folder), made.fitted), (run.name, model.fitted)]
        found = evaluate(task, sides, logits, metric=verdict["metric"], margin=verdict["margin"]).comparison
    assert found is not None
    if found.decision == "hurts":
        low, high = found.interval
        raise HeadstartError(
            f"In {made.precision} the model is worse than the run by more than the verdict's margin: "
            f"{found.difference:+.3g} in {verdict['metric']} (95 % interval {low:+.3g} to {high:+.3g}). It was "
            "deleted. Export it in another precision or format."
        )
    return found


def _found(parity: Parity, loss: Compared | None) -> Mapping[str, Any]:
    from ..types import to_dict

    return {"parity": parity.record(), "loss": to_dict(loss) if loss else None}


def _place(run: Saved, out: str | Path | None, to: str, precision: str) -> Path:
    """Where it shall lie."""
    which = "" if run.take == "winner" else f"-{run.take}"
    place = Path(out) if out is not None else run.path / "export" / f"{to}-{precision}{which}"
    if place.exists() and not (place / FILE).is_file() and not (place.is_dir() and not any(place.iterdir())):
        raise UsageError(f"{place} is there and is no exported model, so it stays. Give another --out.")
    return place


def _moved(made: Path, place: Path) -> None:
    """Put a finished artefact in its place, and an older one away."""
    old = made.with_name("old")
    if place.exists():
        place.rename(old)
    made.rename(place)
