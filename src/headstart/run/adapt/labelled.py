"""A rival for the judge: the plain head, taught by some of the labels that the judge was given.

It tells what as many labels of the target would be worth. It is fitted when the adapted model is chosen and written,
and changes nothing of that. Who teaches is drawn without a look at the labels; the examples that it is compared on have
lost theirs before anything here looks at them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DataError, UsageError
from ...extract.feature_store import FeatureStore
from ...kind import targets
from ...plan._folds import folds, groups
from ...runtime import one_blas_thread
from ...types import Example, IntArray, Sealed, Task
from ..job import Watch
from ..saved import Saved
from .views import representations, sources_of

if TYPE_CHECKING:
    from ...judge.unseen import Evaluation

HALF = "half"
TEACH, COMPARE = 10, 20  # examples, at least


@dataclass(frozen=True)
class TargetTrained:
    """The rival, and what it says."""

    taught: IntArray  # numbers of the judge's examples that it learnt from
    rest: IntArray  # and of the others [r]
    representation: str
    tried: Mapping[str, float]  # representation → accuracy on the taught, cross-validated
    answers: IntArray  # classes that it gives the others [r]


def asked(given: int | str | None, judge: object) -> int | str | None:
    """How many labels the rival shall learn from: a number, "half" of the judge's, or None for no rival.

    Raises:
        UsageError: it is none of these, or there is no judge.
    """
    if given in (None, ""):
        return None
    told = f"--target-labels {given} was given"
    if judge is None:
        raise UsageError(f"{told} without --judge. Give the labelled examples of the target with --judge, too.")
    if given != HALF and not (str(given).isdecimal() and int(str(given)) >= TEACH):
        raise UsageError(f"{told}; allowed: a number from {TEACH} on, or {HALF} of the judge's. Name one of these.")
    return given if given == HALF else int(str(given))


def drawn(examples: Sequence[Example], many: int, seed: int) -> tuple[IntArray, IntArray]:
    """Numbers of those that teach, and of the others: whole groups until there are as many as asked for.

    No label is looked at, nor does the order count.
    """
    member = groups(examples)
    by_chance = sorted(range(len(examples)), key=lambda i: _hash(f"{seed} {examples[i].digest}"))
    taught = np.zeros(len(examples), np.bool_)
    for at in by_chance:
        if taught.sum() < many:
            taught |= member == member[at]
    return np.flatnonzero(taught), np.flatnonzero(~taught)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def target_trained(
    run: Saved, seen: Evaluation, labels: int | str, *, seed: int, engine: str, watch: Watch
) -> TargetTrained:
    """Draw who teaches, choose a representation by cross-validation on these, fit, and answer the others.

    Args:
        run: that was adapted; its sources, and what its classical rival looks at, are the representations.
        seen: what the judge saw.
        labels: how many teach, or "half".
        seed: of the draw and the folds.
        engine: to look with.
        watch: told of the progress.

    Raises:
        DataError: too few examples to learn from or to compare on.
    """
    taught, rest = drawn(seen.examples, seen.n // 2 if labels == HALF else int(labels), seed)
    _check(seen, taught, rest, f"--target-labels {labels}")
    way = run.model.pixels  # pictures are read as the run learnt to
    given = [replace(e, digest=way.name(e.digest), pixels=way) for e in seen.examples]
    blind = tuple(replace(given[i], answer=None) for i in rest)
    classes, y = np.unique([given[i].answer for i in taught], return_inverse=True)
    teachers = tuple(replace(given[i], answer=int(c)) for i, c in zip(taught, y, strict=True))
    known = tuple(seen.labels[c] for c in classes)
    task = Task(seen.data, known, teachers, (), Sealed(()), modality=seen.modality, kind=seen.kind, pixels=way)
    sources, weights = sources_of(run)
    store = FeatureStore(sources, modality=task.modality, engine=engine, weights=weights, watch=watch)
    with one_blas_thread():
        tried = _cross_validated(run, task, store, seed)
        best = max(tried, key=lambda name: tried[name])
        at = next(r for r in representations(run, task, (teachers, teachers[:1], blind), store) if r.name == best)
        head = at.fit(at.train, y, None)
    return TargetTrained(taught, rest, best, tried, classes[head(at.target).argmax(1)])


def _check(seen: Evaluation, taught: IntArray, rest: IntArray, told: str) -> None:
    many, what = seen.n, f"{seen.noun}s"
    if len(taught) < TEACH or len(rest) < COMPARE:
        raise DataError(
            f"{told}: of the judge's {many} {what} {len(taught)} would teach and {len(rest)} be left to compare on; "
            f"{TEACH} and {COMPARE} are needed. Give more labelled {what} with --judge, or another number."
        )
    if len({seen.examples[i].answer for i in taught}) < 2:
        raise DataError(
            f"{told}: the {len(taught)} {what} that were drawn to teach are of one class. Give a larger number, or "
            f"{what} of several classes with --judge."
        )


def _cross_validated(run: Saved, task: Task, store: FeatureStore, seed: int) -> dict[str, float]:
    """Accuracy of the plain head by representation, each example named by a head that had not learnt from it.

    Where folds cannot be drawn (each class within one group) it is that on the examples learnt from.
    """
    y = targets(task, task.train)
    fold = folds(y, groups(task.train), seed)
    right: dict[str, float] = {}
    for one in sorted({*fold.tolist()} - {-1}) or [-1]:
        held = tuple(e for e, f in zip(task.train, fold, strict=True) if f == one)
        learn = tuple(e for e, f in zip(task.train, fold, strict=True) if f != one) or held
        for at in representations(run, task, (learn, held, held[:1]), store):
            answers = at.fit(at.train, targets(task, learn), None)(at.valid).argmax(1)
            right[at.name] = right.get(at.name, 0.0) + float((answers == targets(task, held)).sum())
    named = int((fold >= 0).sum()) or len(fold)
    return {name: count / named for name, count in right.items()}
