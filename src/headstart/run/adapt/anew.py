"""Sources that look at both domains anew: what the methods of `align/domain/` make of them, as a representation.

In: a representation by a source, and the examples behind it. Out: another of the same name, on which the plain head is
fitted, and which is saved as any model of its strategy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...align.domain import Both, Domain
from ...errors import UsageError
from ...extract.feature_store import FeatureStore
from ...judge.wording import duration
from ...kind import targets
from ...modality import noun
from ...types import Example, Task
from ..job import Watch
from .rows import Representation, dense


@dataclass(frozen=True)
class Anew:
    """What looking anew needs, beside the representation."""

    ways: Sequence[Domain]
    task: Task
    target: tuple[Example, ...]
    store: FeatureStore
    seed: int
    watch: Watch

    def looks(self, at: Representation, way: Domain) -> Representation:
        """The representation as the method shows it.

        Raises:
            HeadstartError: the source is not one for it, or an example has gone.
        """
        task, key = self.task, str(at.view.source)
        train, valid = (tuple(replace(e, answer=None) for e in part) for part in (task.train, task.valid))
        source, weights = self.store.sources[key], self.store.weights.get(key)
        both = Both(source, weights, self.store, train, valid, self.target, len(task.labels), self.seed)
        supposed = way.seconds(both)
        what = f"adapting: {way.name} on {at.name}, about {duration(supposed, rough=True)}"
        self.watch(what, 0, 1)
        seen = way.look(both, lambda now: self.watch(what, now.step, now.steps))
        self.store.leave(key)
        rows = [seen.train, seen.valid, seen.target, *([] if seen.copies is None else [seen.copies])]
        made = dense(at.name, seen.view, rows, targets(task, task.train), both.k, at.config, seen.strategy)
        return replace(
            made,
            config=seen.config or at.config,
            state=lambda model: seen.state(made.state(model)),
            notes={**seen.notes, "supposed_seconds": round(supposed, 1)},
        )


def able(ways: Sequence[Domain], named: Sequence[str], modality: str) -> list[Domain]:
    """Those that can work on such examples.

    Raises:
        UsageError: one that was named cannot.
    """
    for way in ways:
        if way.name in named and not way.takes(modality):
            raise UsageError(
                f"The method '{way.name}' ({way.title}) was named; it needs {' and '.join(sorted(way.needs))} of the "
                f"examples, and these are {noun(modality)}s. Leave it out."
            )
    return [way for way in ways if way.takes(modality)]
