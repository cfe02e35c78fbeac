"""The steps of an adaptation: a finished run, unlabelled examples of another domain, and a model for these.

read both → look at them through the run's sources (and as TF-IDF or HOG) → every method on what suits it →
choose without a target label → estimate how good it will be → fit the chosen one on all source examples → save. All
that is looked at is cached by content, and what a method said is kept (`kept`): killed and started again, it goes on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...align import Method, Model, domain, method, methods, wanted
from ...align._pair import Way
from ...align._rows import nearest
from ...errors import HeadstartError
from ...kind import kind_of, targets
from ...read import ReadOptions
from ...runtime import Clock, one_blas_thread
from ...strategy import strategy
from ...transfer.training.tuned import added
from ...types import Decoder, Fitted, Source, Task
from .. import particulars
from ..job import Watch
from ..saved import MODEL, Saved
from . import anew
from .domains import Target, source_task, target
from .kept import Kept
from .rows import Representation
from .views import representations, sources_of

if TYPE_CHECKING:
    from ...align.choice.choose import Choice
    from ...align.choice.estimate import Estimated
    from ...align.choice.evidence import Shown

PLAIN = "none"  # the method that does not adapt
PROBLEMS = (HeadstartError, ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError)  # that a method may have


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    run: Saved  # to begin with; of several domains that on the first, which tells the sources
    data: tuple[str, ...]  # the target; or all domains, where they are labelled and none is the target
    out: Path
    seed: int
    methods: tuple[str, ...]  # names; all where there is none
    engine: str
    read: ReadOptions  # of the data
    command: str


@dataclass
class Candidate:
    """A method on a representation, and what it says of either domain."""

    at: Representation
    method: Way
    shown: Shown | None = None  # None: it failed
    decoder: Decoder = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)  # of the method
    why: str = ""  # it failed
    seconds: float = 0.0

    @property
    def id(self) -> str:
        """REPRESENTATION/METHOD."""
        return f"{self.at.name}/{self.method.name}"


@dataclass
class Adapted:
    """What came of it."""

    task: Task
    target: Target
    candidates: list[Candidate]
    choice: Choice
    chosen: Candidate
    untouched: Candidate
    estimates: Mapping[str, Estimated]  # by a candidate's id: of those not adapted, and of the chosen one
    fitted: Fitted
    unlike: list[int]  # target examples that look like no known class
    clock: Clock


def carry_out(asked: Asked, watch: Watch) -> Adapted:
    """Do it; the model lies in `asked.out` afterwards, what is told of it is the caller's.

    Raises:
        DataError, UsageError, SourceError: see `domains.py` and `headstart.adapt`.
    """
    from ...extract.feature_store import FeatureStore

    clock, run = Clock(), asked.run
    tried, domain_ways = ways(asked.methods)
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder, one_blas_thread():
        with clock("read"):
            task = source_task(run, lambda done, of: watch("read", done, of))
            able = anew.able(domain_ways, asked.methods, task.modality)
            there = target(run, task, asked.data[0], asked.read, Path(folder))
        sources, weights = sources_of(run)
        store = FeatureStore(sources, modality=task.modality, engine=asked.engine, weights=weights, watch=watch)
        with clock("embed"):
            shown_by = representations(run, task, (task.train, task.valid, there.examples), store)
        with clock("align"):
            looks = anew.Anew(able, task, there.examples, store, asked.seed, watch)
            found = _all(asked.out, shown_by, tried, looks)
        with clock("choose"):
            untouched = _untouched(asked, found, task, there, Path(folder))
            choice, estimates, chosen = _chosen(found, untouched, asked.methods)
            unlike = _unlike(chosen)
        with clock("save"):
            fitted = _save(asked, task, chosen, untouched, sources, weights)
    return Adapted(task, there, found, choice, chosen, untouched, estimates, fitted, unlike, clock)


def ways(names: Sequence[str]) -> tuple[list[Method], list[domain.Domain]]:
    """The methods that are tried, on rows and on examples; not adapting always is, what takes minutes on request.

    Raises:
        UsageError: there is no such method.
    """
    found = wanted({**methods(), **domain.methods()}, names, PLAIN, "adaptation method").values()
    looks = [way for way in found if isinstance(way, domain.Domain)]
    return [way for way in found if isinstance(way, Method)], [w for w in looks if names or not w.on_request]


def _all(out: Path, shown_by: Sequence[Representation], ways: Sequence[Method], looks: anew.Anew) -> list[Candidate]:
    """Every method on every representation that it can work on, not adapting first."""
    from ...align.choice.evidence import density_ratio

    task, seed = looks.task, looks.seed
    y, k = targets(task, task.train), len(task.labels)
    found: list[Candidate] = []
    ordered = sorted(ways, key=lambda way: way.name != PLAIN)
    many = sum(at.takes(way) for at in shown_by for way in ordered)
    for at in shown_by:
        kept = Kept(out, at, y, k, seed)
        ratio = density_ratio(at.valid, at.target, seed) if at.dense else None
        for way in ordered:
            if at.takes(way):
                looks.watch(f"adapting: {way.name} on {at.name}", len(found), many)
                found.append(_tried(kept, way, ratio, task))
        for look in looks.ways if at.view.source is not None else ():
            found.append(_looked(out, at, look, looks, ratio))
    return found


def _looked(
    out: Path, at: Representation, way: domain.Domain, looks: anew.Anew, ratio: NDArray[Any] | None
) -> Candidate:
    """A method that sees the examples: other rows, the plain head on these."""
    from ...align.choice.evidence import density_ratio

    begun = time.monotonic()
    try:
        made = looks.looks(at, way)
        if made.view != at.view:  # rows of another network
            ratio = density_ratio(made.valid, made.target, looks.seed)
        kept = Kept(out, made, targets(looks.task, looks.task.train), len(looks.task.labels), looks.seed)
        candidate = _tried(kept, way, ratio, looks.task)
    except PROBLEMS as problem:
        candidate = Candidate(at, way, why=str(problem))
    candidate.seconds = time.monotonic() - begun
    return candidate


def _tried(kept: Kept, way: Way, ratio: NDArray[Any] | None, task: Task) -> Candidate:
    """What a method makes of rows, or why it failed."""
    from ...align.choice.evidence import Shown

    kind, y, at = kind_of(task.kind), targets(task, task.valid), kept.at
    candidate = Candidate(at, way)
    try:
        said = kept.says(way)
        candidate.decoder = kind.fit_decoder(said.valid, y)
        valid, there = (np.asarray(kind.decode(x, candidate.decoder), np.float64) for x in (said.valid, said.target))
        own, theirs = (at.valid, at.target) if at.dense else (None, None)
        candidate.shown = Shown(way.name, at.name, valid, y, there, own, theirs, ratio)
        candidate.notes, candidate.seconds = said.notes, said.seconds
    except PROBLEMS as problem:
        candidate.why = str(problem)
    return candidate


def _untouched(asked: Asked, found: list[Candidate], task: Task, there: Target, folder: Path) -> Candidate:
    """The candidate that stands for the run's own model: not adapted, on what this stands on.

    Where that is a network of its own (tuned, or from scratch) it is a candidate as it is, and can only be kept.
    """
    fitted = asked.run.model.fitted
    plain = [c for c in found if c.method.name == PLAIN and c.shown is not None]
    if not strategy(fitted.strategy).long:
        for candidate in plain:
            if candidate.at.view.source == fitted.view.source:
                return candidate
    made = _as_it_is(asked, task, there, folder)
    found.insert(0, made)
    return made


def _as_it_is(asked: Asked, task: Task, there: Target, folder: Path) -> Candidate:
    """The run's model itself; it learnt from the validation examples, too: what it shows on them flatters it."""
    from ...align.choice.evidence import Shown

    model = asked.run.model
    with model.predictor(asked.engine, folder / "features") as predictor:
        said = [np.asarray(predictor.probabilities(part), np.float64) for part in (task.valid, there.examples)]
    way, none = strategy(model.fitted.strategy), np.zeros((0, 0))
    name = way.title(task.modality, task.kind)

    def nobody(*_: Any) -> Any:  # noqa: ANN401 - never called: it is kept, and nothing is fitted on it
        raise ArithmeticError(f"{name} is kept as it is.")

    at = Representation(name, model.fitted.view, {}, none, none, none, nobody, nobody)
    shown = Shown(PLAIN, name, said[0], targets(task, task.valid), said[1], None, None, None)
    return Candidate(at, method(PLAIN), shown)


def _chosen(
    found: Sequence[Candidate], untouched: Candidate, named: Sequence[str]
) -> tuple[Choice, dict[str, Estimated], Candidate]:
    from ...align.choice.choose import choose
    from ...align.choice.estimate import estimate

    able = [c for c in found if c.shown is not None]
    shown = [c.shown for c in able if c.shown is not None]
    choice = choose(shown, untouched.at.name, named)
    chosen = able[choice.index]
    told = [c for c in able if c.method.name == PLAIN or c is chosen]
    return choice, {c.id: estimate(c.shown, shown) for c in told if c.shown is not None}, chosen


def _unlike(chosen: Candidate) -> list[int]:
    """Target examples farther from their nearest source example than 99 of 100 held-out source examples are."""
    at = chosen.at
    if not at.dense or not len(at.train):
        return []
    near, own = (_apart(rows, at.train) for rows in (at.target, at.valid))
    spread = float(np.median(near) / max(float(np.median(own)), 1e-9))  # all of another domain lie farther off
    return np.flatnonzero(near > max(spread, 1.0) * np.quantile(own, 0.99)).tolist()


def _apart(rows: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each row to the nearest of others."""
    return np.asarray(np.linalg.norm(rows - among[nearest(rows, among)], axis=1))


def _save(
    asked: Asked,
    task: Task,
    chosen: Candidate,
    untouched: Candidate,
    sources: Mapping[str, Source],
    weights: Mapping[str, Path],
) -> Fitted:
    """The chosen one, fitted on all labelled source examples; the run's own model, where that is it."""
    from ...ship import store

    model = asked.run.model
    if chosen is untouched:
        store.save(asked.out / MODEL, model.fitted, model.source, model.weights, model.columns, pixels=model.pixels)
        return model.fitted
    y, y_valid = targets(task, task.train), targets(task, task.valid)
    made = chosen.method.fit(chosen.at.whole(y, y_valid, len(task.labels), asked.seed))
    return save(asked, task, chosen.at, made, chosen.decoder, sources, weights)


def save(
    asked: Asked,
    task: Task,
    at: Representation,
    made: Model,
    decoder: Decoder,
    sources: Mapping[str, Source],
    weights: Mapping[str, Path],
) -> Fitted:
    """Write what a method made on a representation as the model of the folder."""
    from ...extract._extractor import pick_engine
    from ...ship import store

    state = {name: np.ascontiguousarray(x) for name, x in at.state(made).items()}
    source = sources[at.view.source] if at.view.source else None
    learnt = sum(x.size for x in state.values() if x.dtype == np.float32)
    engine = particulars.of(task.modality).engine(pick_engine(asked.engine)) if source else ""
    fitted = Fitted(
        made.strategy,
        replace(at.view, engine=engine),
        dict(at.config),
        task.labels,
        state,
        learnt,
        (added(state) or learnt) + (source.params if source else 0),
        task.kind,
        decoder,
        task.modality,
    )
    model, file = asked.run.model, weights[source.key] if source else None
    store.save(asked.out / MODEL, fitted, source, file, model.columns, pixels=model.pixels)
    return fitted
