"""What makes rows of examples: a source's frozen features, or those of a run's own network before its head."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...pixels import PLAIN, Pixels
from ...runtime import digest
from ...strategy import strategy
from ...types import Example, FloatArray, Source, View

if TYPE_CHECKING:
    from ...extract.feature_store import FeatureStore
    from ..store import Model


@dataclass(frozen=True)
class Lens:
    """One way to look at examples of one modality."""

    name: str  # a source's key, or the run's folder
    identity: str  # equal identities give equal features, but for what engines round
    modality: str
    store: FeatureStore
    view: View
    look: Callable[[Sequence[Example]], FloatArray] = field(repr=False)  # n examples → [n d]
    columns: Mapping[str, str] = field(default_factory=dict)  # of the table that a run learnt from
    pixels: Pixels = PLAIN

    def unreadable(self, examples: Sequence[Example]) -> dict[str, str]:
        """Digest → why, of those that cannot be read."""
        return self.store.unreadable(examples, [self.view])


def of_source(source: Source, weights: Path, engine: str = "auto") -> Lens:
    """A source's frozen features, from its top; rows are kept in the cache by content."""
    from ...extract.feature_store import FeatureStore

    store = FeatureStore({source.key: source}, engine=engine, weights={source.key: weights})
    view = View(source.key)

    def look(examples: Sequence[Example]) -> FloatArray:
        return store.extract(examples, [view])[0].x

    return Lens(source.key, _frozen(source, view), source.modality, store, view, look)


def of_run(model: Model, name: str, engine: str, folder: Path) -> Lens:
    """What a run's network makes of examples before its head; of a tuned one after tuning.

    Args:
        model: of the run.
        name: of the run.
        engine: `auto` is the engine that the model was judged with.
        folder: where rows are kept meanwhile, that are large where a network was tuned.

    Raises:
        UsageError: the model starts fresh.
    """
    if model.source is None or not strategy(model.fitted.strategy).reuses:
        raise UsageError(
            f"The model of {name} ({model.fitted.strategy}) starts fresh and has no source's features. Take its best "
            "one that reuses, --take transfer, or name a source in place of the run."
        )
    predictor, fitted = model.predictor(engine, folder), model.fitted
    if strategy(fitted.strategy).predictor is None:
        identity = _frozen(model.source, fitted.view)
    else:
        state = [hashlib.sha256(fitted.state[key].tobytes()).hexdigest() for key in sorted(fitted.state)]
        identity = digest(model.source.identity, fitted.view.depth, state)
    return Lens(
        name, identity, model.modality, predictor.store, fitted.view, predictor.features, model.columns, model.pixels
    )


def _frozen(source: Source, view: View) -> str:
    return digest(source.identity, view.depth)
