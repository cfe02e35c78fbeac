"""The steps of a distillation: a finished run, the data it learnt from, a smaller source, unlabelled examples.

read → the teacher answers for all of them → the student looks → candidates with and without a teacher, of as many
settings, chosen on validation data → the best of each trained on all labelled examples → the sealed test → save.
What the student alone may do is what it may do with a teacher: the same rows with labels, settings and steps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...kind import kind_of, targets
from ...modality import noun
from ...read import ReadOptions
from ...runtime import Clock, one_blas_thread
from ...strategy import TrainResult, finished, strategy
from ...transfer.distil import frozen, tuned
from ...transfer.distil.lesson import UNLABELLED, Lesson, lesson
from ...types import Example, Facts, Features, FitContext, Fitted, FloatArray, Progress, Source, Task, View
from .. import mirror, particulars
from ..adapt.domains import source_task
from ..job import Watch
from ..saved import MODEL, Saved
from . import data, pace

if TYPE_CHECKING:
    from ...extract.feature_store import FeatureStore
    from ...judge.distilled import Distilled
    from ...plan.search import Score
    from ...ship.store import Model

AGAIN = "Run `headstart fit` again, and give that run."
Run = Callable[[Any, FitContext], Generator[Progress, None, TrainResult]]


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    run: Saved  # the teacher
    student: str  # a source
    unlabelled: str | None  # a folder, or a table
    out: Path
    seed: int
    engine: str
    read: ReadOptions  # of the unlabelled examples
    command: str


@dataclass(frozen=True)
class Way:
    """One way to train the student, with all that its settings share."""

    taught: bool
    strategy: str  # which reads what is learnt
    settings: Sequence[Any]
    context: FitContext  # without validation rows in training
    both: FitContext  # validation rows among the labelled ones, for the last training
    run: Run
    again: Run  # on `both`
    refit: Callable[[Any, Any, int, int], Any]


@dataclass(frozen=True)
class Tried:
    """One setting, trained on training data alone."""

    way: Way
    config: Any
    fitted: Fitted
    notes: Any
    score: Score
    seconds: float


@dataclass
class Distillation:
    """What came of it."""

    task: Task
    teacher: Model
    student: Source
    tried: list[Tried]
    taught: Tried  # chosen, with a teacher
    alone: Tried  # chosen, without
    fitted: Fitted  # the taught student, trained on all labelled examples
    found: Distilled
    paces: pace.Paces
    n_more: int
    notes: tuple[str, ...]
    clock: Clock


def carry_out(asked: Asked, watch: Watch) -> Distillation:
    """Do it; the model lies in `asked.out` afterwards, what is told of it is the caller's.

    Raises:
        DataError, UsageError, SourceError: see `headstart.distil`.
    """
    from ...extract.feature_store import FeatureStore
    from ...source import _catalogue

    clock = Clock()
    source = _catalogue.get(asked.student)
    teacher = asked.run.model
    if source.modality != teacher.modality:
        raise UsageError(
            f"{asked.run.path} reads {noun(teacher.modality)}s, the student '{source.key}' {noun(source.modality)}s. "
            f"Name a source of {noun(teacher.modality)}s with --student."
        )
    weights = _catalogue.fetch(source)
    with tempfile.TemporaryDirectory(prefix="headstart-") as place, one_blas_thread():
        with clock("read"):
            task = source_task(asked.run, lambda done, of: watch("read", done, of), "distil", AGAIN)
            more, notes = data.unlabelled(asked.run, task, asked.unlabelled, asked.read, Path(place))
        with clock("teach"):
            watch("the teacher answers", 0, 1)
            said = _answers(teacher, asked.engine, Path(place) / "teacher", task, more)
        store = FeatureStore({source.key: source}, engine=asked.engine, weights={source.key: weights}, watch=watch)
        with clock("embed"):
            ways = list(_ways(asked, task, more, said, store, source, weights))
        with clock("train"):
            tried = _all(ways, task, watch)
            taught, alone = (min((t for t in tried if t.way.taught is arm), key=_loss) for arm in (True, False))
            last = {arm.way.taught: _last(arm, task, watch) for arm in (taught, alone)}
        with clock("save"):
            engine = particulars.of(task.modality).engine(store.engine)
            last = {arm: _whole(fitted, source, engine) for arm, fitted in last.items()}
            model = _save(asked, last[True], source, weights)
        with clock("judge"):
            found = _judged(asked, task, last, store, Path(place))
        with clock("pace"):
            paces = pace.measured(teacher, model, (*task.train, *task.valid), asked.engine, Path(place))
    return Distillation(
        task, teacher, source, tried, taught, alone, last[True], found, paces, len(more), tuple(notes), clock
    )


def _answers(
    teacher: Model, engine: str, folder: Path, task: Task, more: Sequence[Example]
) -> tuple[FloatArray, FloatArray | None]:
    """The teacher's logits [n k], after its temperature, of training, validation and unlabelled examples; features."""
    examples, kind = [*task.train, *task.valid, *more], kind_of(task.kind)
    with teacher.predictor(engine, folder) as predictor:
        probabilities = kind.decode(predictor.logits(examples), teacher.fitted.decoder)
        logits = np.log(np.clip(probabilities, 1e-7, 1))
        try:
            features = predictor.features(examples)
        except UsageError:  # it starts fresh, or answers in words
            features = None
    order = [teacher.labels.index(label) for label in task.labels]
    return np.asarray(logits[:, order], np.float32), features


def _ways(
    asked: Asked,
    task: Task,
    more: Sequence[Example],
    said: tuple[FloatArray, FloatArray | None],
    store: FeatureStore,
    source: Source,
    weights: Path,
) -> list[Way]:
    """A head on frozen features and, where the student's last parts can learn, these; without a teacher and with."""
    from ...extract.feature_store import median_side

    n, k, side = len(task.train), len(task.labels), median_side(task.modality, task.train)
    told = mirror.asked(store, task, source.key, side, asked.seed)
    facts = Facts(n, k, side, task.modality, task.kind, told is None or not told.changes)
    rows = _Rows(asked, task, more, said, store, source, weights)
    ways = []
    probe, fine = strategy(frozen.STRATEGY), strategy(tuned.STRATEGY)
    for taught in (False, True):
        settings = frozen.settings(facts) if taught else probe.settings(facts)
        ways.append(rows.way(taught, probe.name, settings, View(source.key), 1, frozen.run, probe.refit))
    if fine.takes(task.modality, task.kind) and fine.suits(source):
        view = fine.fit_view(fine.views([source.key])[0], facts)
        copies = fine.copies(replace(facts, n=n + len(more)))
        for taught in (False, True):
            known = tuned.settings(facts) if taught else tuned.alone(facts)
            settings = [replace(c, steps=_steps(c, n + len(more))) for c in known]
            ways.append(rows.way(taught, fine.name, settings, view, copies, tuned.run, fine.refit))
    store.leave(source.key)
    return ways


def _steps(config: Any, n: int) -> int:  # noqa: ANN401 - of tuned
    """As many for the student alone as for the taught one, whose rows are more."""
    from ...transfer.training.tune import lengths

    return lengths(config, n, 1.0)[1]


@dataclass(frozen=True)
class _Rows:
    """Makes ways of a view; see `carry_out` for what the fields are."""

    asked: Asked
    task: Task
    more: Sequence[Example]
    said: tuple[FloatArray, FloatArray | None]
    store: FeatureStore
    source: Source
    weights: Path

    def way(
        self,
        taught: bool,
        name: str,
        settings: Sequence[Any],
        view: View,
        copies: int,
        teach: Callable[[Any, FitContext, Lesson], Generator[Progress, None, TrainResult]],
        refit: Any,  # noqa: ANN401 - of a strategy
    ) -> Way:
        """A way through that view, with a teacher or the strategy alone."""
        task, n = self.task, len(self.task.train)
        examples = [*task.train, *task.valid, *(self.more if taught else ())]
        seen = self.store.extract(examples, [replace(view, variants=copies)])[0]
        y = np.asarray(targets(task, [*task.train, *task.valid]), np.int64)
        end = len(y)
        valid = Features(seen.x[n:end], y[n:], seen.key)
        base = FitContext(
            train=Features(seen.x[:n], y[:n], seen.key),
            k=len(task.labels),
            view=view,
            seed=self.asked.seed,
            valid=valid,
            source=self.source,
            weights=self.weights,
            kind=task.kind,
            labels=task.labels,
            modality=task.modality,
        )
        if not taught:
            run = strategy(name).run
            both = replace(base, train=Features(seen.x[:end], y, seen.key), valid=None)
            return Way(False, name, settings, base, both, run, run, refit)
        first, whole = (self._lesson(seen.x, y, at, end) for at in (n, end))
        contexts = [replace(base, train=part[0], valid=v) for part, v in ((first, valid), (whole, None))]
        runs = [_taught(teach, part[1]) for part in (first, whole)]
        return Way(True, name, settings, contexts[0], contexts[1], runs[0], runs[1], refit)

    def _lesson(self, x: NDArray[Any], y: NDArray[np.int64], labelled: int, end: int) -> tuple[Features, Lesson]:
        """The first `labelled` rows with their classes and those behind `end`, with what the teacher says of them."""
        which = np.r_[:labelled, end : len(x)]
        truth = np.where(which < labelled, y[np.minimum(which, end - 1)], UNLABELLED)
        logits, features = self.said
        made = lesson(truth, logits[which], None if features is None else features[which])
        return Features(x[which], truth, ""), made


def _taught(teach: Callable[[Any, FitContext, Lesson], Generator[Progress, None, TrainResult]], what: Lesson) -> Run:
    return lambda config, context: teach(config, context, what)


def _all(ways: Sequence[Way], task: Task, watch: Watch) -> list[Tried]:
    """Every setting of every way, trained on training data and measured on validation data."""
    from ...plan.search import measure

    out: list[Tried] = []
    many = sum(len(way.settings) for way in ways)
    for way in ways:
        for config in way.settings:
            arm = "with the teacher" if way.taught else "alone"
            watch(f"student {arm}: {strategy(way.strategy).title(task.modality, task.kind)}", len(out), many)
            begun = time.monotonic()
            head = finished(way.run(config, way.context))
            fitted = _fitted(way, config, head, task)
            assert way.context.valid is not None
            score = measure(fitted, way.context.valid, way.context)
            out.append(Tried(way, config, fitted, head.notes, score, time.monotonic() - begun))
    return out


def _loss(tried: Tried) -> float:
    return tried.score.log_loss


def _last(chosen: Tried, task: Task, watch: Watch) -> Fitted:
    """The chosen setting on training and validation examples together; its temperature stays as validated."""
    way = chosen.way
    watch(f"last training: {strategy(way.strategy).title(task.modality, task.kind)}", 0, 1)
    before, now = (len(context.train.y) for context in (way.context, way.both))
    config = way.refit(chosen.config, chosen.notes, before, now)
    head = finished(way.again(config, way.both))
    return replace(_fitted(way, config, head, task), decoder=chosen.score.decoder)


def _fitted(way: Way, config: Any, head: TrainResult, task: Task) -> Fitted:  # noqa: ANN401 - of its way
    return Fitted(
        way.strategy,
        way.context.view,
        asdict(config),
        task.labels,
        head.state,
        head.trained_params,
        head.trained_params,
        task.kind,
        modality=task.modality,
    )


def _whole(fitted: Fitted, source: Source, engine: str) -> Fitted:
    """With what only the whole model knows: its engine, and the source's parameters counted in."""
    from ...transfer.training.tuned import added

    own = added(fitted.state) or fitted.trained_params
    return replace(fitted, view=replace(fitted.view, engine=engine), total_params=own + source.params)


def _save(asked: Asked, fitted: Fitted, source: Source, weights: Path) -> Model:
    from ...ship import store

    model = asked.run.model
    return store.save(asked.out / MODEL, fitted, source, weights, model.columns, pixels=model.pixels)


def _judged(asked: Asked, task: Task, last: dict[bool, Fitted], store: FeatureStore, folder: Path) -> Distilled:
    """The two students and the teacher on the sealed test."""
    from ...judge import distilled
    from ...ship.predictor import Predictor

    verdict, teacher = asked.run.record["verdict"], asked.run.model
    with teacher.predictor(asked.engine, folder / "teacher") as predictor:
        order = [teacher.labels.index(label) for label in task.labels]
        sides = {
            distilled.TAUGHT: (last[True], Predictor(last[True], store).logits),
            distilled.ALONE: (last[False], Predictor(last[False], store).logits),
            distilled.TEACHER: (teacher.fitted, lambda some: np.asarray(predictor.logits(some))[:, order]),
        }
        return distilled.judge(
            task, sides, metric=verdict["metric"], margin=verdict["margin"], level=verdict["level"], seed=asked.seed
        )
