"""Whether a race may mirror pictures: as the person says, else as the first source's features tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BudgetError
from ..kind import kind_of, targets
from ..kind._words import percent
from ..runtime import one_blas_thread
from ..types import Source, Task, View

if TYPE_CHECKING:
    from ..extract.feature_store import FeatureStore
    from ..plan.mirroring import Mirrored
    from .job import Job

SMALL = 48  # pixels of the shorter side below which nothing is asked: digits, letters, what has no side
MOST = 100  # training pictures that are looked at


def mirrors(job: Job, sources: Mapping[str, Source], side: int) -> bool:
    """Whether mirrored copies may be learnt from; where features say no, the task gets a note that says so."""
    task = job.task
    if not job.plan.mirror:
        return False
    if not sources:
        return True
    try:
        with job.clock("embed"):
            found = asked(job.store, task, next(iter(sources)), side, job.plan.seed, job.deadline)
    except BudgetError:
        return True
    if found is None:
        return True
    job.journal.note("mirror", n=found.n, right=found.right, mirrored=found.mirrored, changes=found.changes)
    if found.changes:
        said = (
            f"Mirrored, these {task.noun}s look like another class ({percent(found.right)} named rightly as they are, "
            f"{percent(found.mirrored)} mirrored; {found.n} training {task.noun}s): no copy is mirrored in training."
        )
        job.task = replace(task, notes=(*task.notes, said))
        job.tell(said, 0, 0)
    return not found.changes


def asked(
    store: FeatureStore, task: Task, source: str, side: int, seed: int, deadline: float | None = None
) -> Mirrored | None:
    """What a source's features of a few training pictures tell; None where nothing is asked, or they tell nothing.

    Raises:
        BudgetError: at the deadline.
    """
    if not kind_of(task.kind).exclusive or side < SMALL:
        return None
    from ..plan import mirroring
    from ..plan._folds import groups

    drawn = np.random.default_rng(seed).permutation(len(task.train))[:MOST]
    some = [task.train[at] for at in np.sort(drawn)]
    x = store.extract(some, [View(source, "all", variants=2, style="mirror")], deadline)[0].x
    with one_blas_thread():
        return mirroring.asked(np.asarray(x, np.float32), targets(task, some), groups(some), seed)
