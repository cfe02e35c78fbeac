"""Representations of examples: what a run's sources show of them, and what its classical rival looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DataError, SourceError, UnknownName, UsageError
from ...kind import targets
from ...score._axes import signed_root
from ...strategy import strategy
from ...types import Example, Facts, Source, Task, View
from .. import particulars
from ..saved import Saved
from .rows import Representation, dense

if TYPE_CHECKING:
    from ...extract.feature_store import FeatureStore

Parts = tuple[Sequence[Example], Sequence[Example], Sequence[Example]]


def sources_of(run: Saved) -> tuple[dict[str, Source], dict[str, Path]]:
    """Those that the run reused, as far as they can be had; at least those of the models that it keeps."""
    from ...source import _catalogue

    models, sources, weights = [run.model], {}, {}
    with suppress(DataError, UsageError):  # a run may keep its winner alone
        models.append(Saved(run.path, "transfer").model)
    for model in models:
        if model.source is not None and model.weights is not None:
            sources[model.source.key], weights[model.source.key] = model.source, model.weights
    for key in run.record["ranking"]["chosen"]:
        if key not in sources:
            try:
                source = _catalogue.get(key)
                weights[key] = _catalogue.fetch(source)
            except (SourceError, UnknownName):
                continue
            sources[key] = source
    return sources, weights


def representations(run: Saved, task: Task, parts: Parts, store: FeatureStore) -> list[Representation]:
    """Top features of every source in the store, and what needs none.

    Args:
        run: tells the settings of the heads that read them.
        task: labels, modality and kind.
        parts: labelled examples that heads learn from, others held out, and those of the target.
        store: looks at them.
    """
    y, k = targets(task, parts[0]), len(task.labels)
    found = []
    for key in store.sources:
        view = View(key, "top")
        rows = [signed_root(store.extract(part, [view])[0].x) for part in parts]
        store.leave(key)
        found.append(dense(key, view, rows, y, k, _share(run, key)))
    config = _setting(run, "classical", None)
    if config:
        facts = Facts(len(parts[0]), k, modality=task.modality, kind=task.kind)
        view = strategy("classical").fit_view(View(None), facts)
        seen = [store.extract(part, [view])[0].x for part in parts]
        own = particulars.of(task.modality).sourceless(view, seen, y, k, config)
        found += [] if own is None else [own]
    return found


def _share(run: Saved, source: str) -> Mapping[str, Any]:
    """The setting of the run's probe on a source; nothing, where it had none."""
    return {name: value for name, value in _setting(run, "probe", source).items() if name == "share"}


def _setting(run: Saved, strategy: str, source: str | None) -> Mapping[str, Any]:
    """What validation chose for a candidate of the run; nothing, where it did not take part."""
    trials = run.record["trials"]
    return next((t["config"] for t in trials if t["strategy"] == strategy and t["source"] == source), {})
