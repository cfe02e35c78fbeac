"""What a race looks at: training and validation examples through views, each source's in one pass and once.

Before a pass through a source a few examples are timed and weighed: one that would not end in time, or not fit into
memory, is not begun. What was looked through is kept until it is forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..kind import labelled
from ..types import Example, Features, Source, View, to_dict

if TYPE_CHECKING:
    from .job import Job

SAMPLE = 24  # examples that tell what looking at all through a source will take


class Looks:
    """The looks of one race; `each` says of a source how many seconds one example more takes."""

    def __init__(self, job: Job, sources: Mapping[str, Source]) -> None:
        self._job, self._sources = job, sources
        self.each: dict[str | None, float] = {}
        self._seen: dict[View, tuple[Features, Features, Features]] = {}  # of training, of validation, of both
        self._refused: dict[View, str] = {}  # why a view was not looked through, which is not asked again
        self._source_examples: dict[str, tuple[Example, ...]] = {}

    def both(self, view: View) -> Features:
        """Training and validation pictures together: the same array until it is forgotten."""
        self.take([view])
        return self._seen[view][2]

    def of(self, view: View, deadline: float | None = None) -> tuple[Features, Features]:
        """Training and validation pictures through a view. Raises `BudgetError` at the deadline, if there is one."""
        self.take([view], deadline)
        return self._seen[view][:2]

    def several(self, views: Sequence[View]) -> list[tuple[Features, Features]]:
        """The same for several views, in one pass."""
        self.take(views)
        return [self._seen[view][:2] for view in views]

    def source(self, view: View) -> Features | None:
        """The caller's pictures of the source's own kind through a view of that source, if any were given.

        `y` holds the source's own classes, where all are known.
        """
        from .source_data import source_examples

        folder, key = self._job.plan.source_data, view.source
        if folder is None or key is None:
            return None
        if key not in self._source_examples:
            self._source_examples[key] = source_examples(folder, self._sources[key], self._job.store, view)
        with self._job.clock("embed"):
            known = [e.answer for e in self._source_examples[key]]
            y = None if None in known else np.array(known, np.int64)
            return replace(self._job.store.extract(self._source_examples[key], [view])[0], y=y)

    def forget(self, view: View) -> None:
        """Let the rows of a view go."""
        self._seen.pop(view, None)

    def rest(self, view: View) -> None:
        """What heads made of the rows of a view goes; the rows stay."""
        from ..transfer._once import forget

        for seen in self._seen.get(view, ()):
            forget(seen.x)

    def take(self, views: Sequence[View], deadline: float | None = None) -> None:
        """Training and validation pictures through all views not looked through yet; those of one source in one pass.

        Raises:
            BudgetError: at the deadline; or before, as `Slow`, where a few pictures tell that it would not do.
        """
        from ..plan.search import rows

        job, new = self._job, [v for v in dict.fromkeys(views) if v not in self._seen]
        if not new:
            return
        examples = (*job.task.train, *job.task.valid)
        with job.clock("embed"):
            missing = self._fits(new, examples, deadline)
            begun = time.monotonic()
            found = job.store.extract(examples, new, deadline)
            if new[0].source is not None:
                job.store.leave(new[0].source)  # what comes next needs the room: of the finalists it is built again
        if missing >= SAMPLE:
            self.each[new[0].source] = (time.monotonic() - begun) / missing
        n, found = len(job.task.train), [labelled(seen, job.task, examples) for seen in found]
        self._seen |= {
            v: (rows(f, slice(None, n)), rows(f, slice(n, None)), f) for v, f in zip(new, found, strict=True)
        }
        job.journal.note("embed", views=[to_dict(v) for v in new], computed=job.store.computed)

    def _fits(self, views: Sequence[View], examples: Sequence[Example], deadline: float | None) -> int:
        """How many examples are still to be looked at; raises `Slow` where a few of them tell that all are too many."""
        from ..plan import cost, remaining

        store, view, noun = self._job.store, views[0], self._job.task.noun
        if view.source is None or store.plain(view):
            return 0
        if view in self._refused:
            raise remaining.Slow(self._refused[view])
        missing = store.missing(examples, view)
        if len(missing) < 4 * SAMPLE:
            return len(missing)
        some = cost.few(missing)
        store.extract(some[: cost.WARM], views)  # builds the network
        begun, timed = time.monotonic(), some[cost.WARM :]
        seen = store.extract(timed, views)
        each = (time.monotonic() - begun) / sum(map(cost.size, timed))
        rest = cost.Pace(0.0, each).look(missing) - cost.Pace(0.0, each).look(some)
        size = sum(f.x.nbytes for f in seen) / len(timed) * len(examples)
        left = None if deadline is None else deadline - time.monotonic()
        self._job.journal.note("predicted", what=f"embed {view.source}", seconds=round(rest, 1), bytes=round(size))
        try:
            remaining.in_time(rest, left, f"looking at {len(missing)} {noun}s through {view.source}")
            self._job.in_memory(size, f"keeping {len(examples)} {noun}s as {view.source} sees them")
        except remaining.Slow as why:
            self._refused[view] = str(why)
            raise
        return len(missing) - len(some)
