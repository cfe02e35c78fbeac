"""The feature store: examples looked at through views, each read once and each row computed once.

`look(examples, views)` gives one `Features` per view, rows in the order of `examples`. What is missing in the
cache is computed in one pass over the files (decoding in threads, all extractors fed from the same content)
and committed shard by shard, so a killed run loses at most one shard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError, DataError, HeadstartError, UnknownName
from ..runtime import cache_dir, give_back
from ..types import Example, Features, Source, View
from ._extractor import Change, Extractor, Modality, pick_engine
from ._extractor import modality as modality_of
from ._store import Store

AHEAD = 8  # decoded pictures waiting: a phone's photo takes 36 MB
Watch = Callable[[str, int, int], None]  # (what, done, of)


class FeatureStore:
    """Looks at examples.

    Args:
        sources: key → record.
        modality: of the examples, for views without a source.
        engine: a member of `extract/engine`, or `auto`.
        weights: where the files of sources lie, if not in the cache.
        folder: where rows are kept.
        watch: called as the work goes on.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        modality: str = "",
        engine: str = "auto",
        weights: Mapping[str, Path] | None = None,
        folder: Path | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._asked = engine if engine == "auto" else pick_engine(engine)
        self.seconds = 0.0  # spent looking, cache reads included
        self.computed = 0  # rows computed, over all extractors
        self.sources, self.weights = dict(sources), dict(weights or {})
        self.folder = folder or cache_dir() / "features"
        self.modality = modality or next((source.modality for source in sources.values()), "")
        self._watch = watch
        self._extractors: dict[View, Extractor] = {}
        self._stores: dict[str, Store] = {}

    @cached_property
    def engine(self) -> str:
        """The engine that looks; which one is the fastest here is found out by who asks, for it imports them."""
        return pick_engine(self._asked)

    def anew(self, sources: Mapping[str, Source], weights: Mapping[str, Path]) -> FeatureStore:
        """One for these sources alone, on the same cache, which goes on counting; what this one holds can go."""
        made = FeatureStore(
            sources,
            modality=self.modality,
            engine=self.engine,
            weights=weights,
            folder=self.folder,
            watch=self._watch,
        )
        made.seconds, made.computed = self.seconds, self.computed
        return made

    def extract(
        self, examples: Sequence[Example], views: Sequence[View], deadline: float | None = None
    ) -> list[Features]:
        """One `Features` a view, rows as in `examples`.

        Raises:
            DataError: a file changed or vanished since it was read.
            BudgetError: `deadline`, as of `time.monotonic()`, passed before all was seen; what was seen is kept.
        """
        if any(self.plain(view) for view in views):
            return [
                self._as_they_are(examples, view) if self.plain(view) else self.extract(examples, [view], deadline)[0]
                for view in views
            ]
        start = time.perf_counter()
        extractors = [self._extractor(view) for view in views]
        alike = {extractor.key: extractor for extractor in extractors}
        computed = self._fill(examples, [*alike.values()], self._of(views[:1]), deadline=deadline)
        digests = [e.digest for e in examples]
        rows = {extractor.key: self._store(extractor).get(digests) for extractor in extractors}
        seconds = time.perf_counter() - start
        self.seconds += seconds
        self.computed += computed
        return [
            Features(
                x=self._part(view, extractor, rows[extractor.key]),
                y=None,
                key=f"{extractor.key}.{view.depth}",
                logits=rows[extractor.key].get("logits"),
                seconds=seconds,
                computed=computed,
            )
            for view, extractor in zip(views, extractors, strict=True)
        ]

    def changed(
        self, examples: Sequence[Example], view: View, change: Change, deadline: float | None = None
    ) -> NDArray[Any]:
        """Rows of examples that were changed before the network saw them, as in `extract`, and kept like all others.

        Raises:
            UsageError: examples of the kind cannot be changed.
            DataError, BudgetError: see `extract`.
        """
        start, of, plain = time.perf_counter(), self._of([view]), self._extractor(view)
        extractor = of.changed(plain, change)
        self.computed += self._fill(examples, [extractor], of, deadline=deadline)
        rows = self._store(extractor).get([e.digest for e in examples])
        self.seconds += time.perf_counter() - start
        return self._part(view, extractor, rows)

    def missing(self, examples: Sequence[Example], view: View) -> list[Example]:
        """Those of the examples whose rows are not kept from an earlier look."""
        store = self._store(self._extractor(view))
        return [e for e in examples if e.digest not in store]

    def leave(self, source: str) -> None:
        """Let the networks of a source go; what they have seen is kept, and who looks again builds them anew."""
        if any(view.source == source for view in self._extractors):
            self._extractors = {
                view: extractor for view, extractor in self._extractors.items() if view.source != source
            }
            give_back()

    def unreadable(self, examples: Sequence[Example], views: Sequence[View]) -> dict[str, str]:
        """Compute what is missing; digest → why, of those that cannot be read. `look` takes the others."""
        bad: dict[str, str] = {}
        computed = [view for view in views if not self.plain(view)]
        if not computed:
            read = (_read(self._of(views[:1]), example) for example in examples)
            return {example.digest: str(found) for example, found in read if isinstance(found, Exception)}
        extractors = {extractor.key: extractor for extractor in map(self._extractor, computed)}
        self._fill(examples, list(extractors.values()), self._of(computed[:1]), bad)
        return bad

    def prepared(self, example: Example, content: Any, view: View) -> Any:  # noqa: ANN401 - the modality's own
        """One example, whose content is in memory, as `shown` takes it; any thread may ask."""
        return example if self.plain(view) else self._extractor(view).prepare(content, example.digest)

    def shown(self, prepared: Sequence[Any], view: View) -> NDArray[Any]:
        """What a view shows of prepared examples, [n …]; nothing of it is kept."""
        if self.plain(view):
            return self._as_they_are(prepared, view).x
        extractor = self._extractor(view)
        return self._part(view, extractor, dict(zip(extractor.outputs, extractor.rows(prepared), strict=True)))

    def plain(self, view: View) -> bool:
        """Whether a view shows examples as they are."""
        return self._of([view]).plain(view)

    def _of(self, views: Sequence[View]) -> Modality:
        """What the examples of a view are; of none, the feature store's own."""
        known = (self.sources[view.source].modality for view in views if view.source is not None)
        return modality_of(next(known, self.modality))

    def _known(self, view: View) -> tuple[Source | None, Path | None]:
        """The view's source, and where its weights lie if that is known."""
        return (self.sources[view.source], self.weights.get(view.source)) if view.source is not None else (None, None)

    def _extractor(self, view: View) -> Extractor:
        """The extractor of a view; views that get their rows from one, as all pooled depths of a source, share it."""
        if view not in self._extractors:
            engine = self.engine if view.source is not None else ""  # small pixels need none
            made = self._of([view]).extractor(view, *self._known(view), engine)
            self._extractors[view] = next(
                (extractor for extractor in self._extractors.values() if extractor.key == made.key), made
            )
        return self._extractors[view]

    def _part(self, view: View, extractor: Extractor, rows: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The view's own columns of what its extractor gave."""
        own = rows[extractor.outputs[0]]
        if view.source is None or extractor.outputs[0] != "all":
            return own
        known = self.sources[view.source]
        if view.depth not in (*known.depths, "all"):
            raise UnknownName("depth", view.depth, [*known.depths, "all"])
        return own[..., known.columns(view.depth)]

    def _as_they_are(self, examples: Sequence[Example], view: View) -> Features:
        x, key = self._of([view]).shown(examples, *self._known(view))
        return Features(x, None, key)

    def _store(self, extractor: Extractor) -> Store:
        if extractor.key not in self._stores:
            self._stores[extractor.key] = Store(self.folder / extractor.key, extractor.outputs)
        return self._stores[extractor.key]

    def _fill(
        self,
        examples: Sequence[Example],
        extractors: Sequence[Extractor],
        of: Modality,
        bad: dict[str, str] | None = None,
        deadline: float | None = None,
    ) -> int:
        """Compute and commit what no store has yet. Returns how many rows that were.

        What cannot be read goes into `bad` where it is given, else raises `DataError`. The deadline is looked at
        whenever a shard was committed.
        """
        missing = {
            extractor.key: {e.digest for e in examples if e.digest not in self._store(extractor)}
            for extractor in extractors
        }
        todo = list({e.digest: e for e in examples if any(e.digest in m for m in missing.values())}.values())
        if not todo:
            return 0
        todo.sort(key=of.length)
        todo_of = {extractor.key: [] for extractor in extractors}  # type: dict[str, list[tuple[str, Any]]]
        with ThreadPoolExecutor(2) as pool:
            for done, (example, content) in enumerate(_ahead(pool, partial(_read, of), todo, AHEAD), 1):
                if isinstance(content, Exception):
                    if bad is None:
                        raise _gone(example, content) from content
                    bad[example.digest] = str(content)
                    continue
                for extractor in extractors:
                    if example.digest in missing[extractor.key]:
                        todo_of[extractor.key].append((example.digest, extractor.prepare(content, example.digest)))
                        # They come by length: this one is the longest so far.
                        if of.full(len(todo_of[extractor.key]), of.length(example)):
                            self._commit(extractor, todo_of[extractor.key])
                            _in_time(deadline if done < len(todo) else None)
                if self._watch:
                    self._watch("embed", done, len(todo))
        for extractor in extractors:
            self._commit(extractor, todo_of[extractor.key])
            extractor.rest()
        give_back()
        return sum(map(len, missing.values()))

    def _commit(self, extractor: Extractor, rows: list[tuple[str, Any]]) -> None:
        if not rows:
            return
        digests, prepared = zip(*rows, strict=True)
        arrays = extractor.rows(prepared)
        self._store(extractor).add(digests, dict(zip(extractor.outputs, arrays, strict=True)))
        rows.clear()


def median_side(modality: str, examples: Sequence[Example], most: int = 100) -> int:
    """Median shorter side in pixels of up to `most` evenly chosen pictures; 0 of anything else.

    Raises:
        DataError: a file changed or vanished since it was read.
    """
    of, sides = modality_of(modality), []
    for example in examples[:: max(1, -(-len(examples) // most))]:
        try:
            sides.append(of.side(example))
        except (HeadstartError, OSError) as error:
            raise _gone(example, error) from error
    return int(np.median(sides))


def _read(of: Modality, example: Example) -> tuple[Example, Any]:
    try:
        return example, of.content(example)
    except (HeadstartError, OSError) as error:
        return example, error


def _in_time(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise BudgetError("The time budget ended. Give more with --budget, e.g. --budget 10m.")


def _gone(example: Example, error: Exception) -> DataError:
    return DataError(
        f"{example.path} could be read a moment ago and now cannot ({error}). "
        "Put the file back or leave it out, and run the same command again: finished work is kept."
    )


def _ahead(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Sequence[Any], depth: int) -> Iterator[Any]:
    """`map` in order that runs at most `depth` items ahead, so that decoded pictures do not pile up in memory."""
    from collections import deque

    source = iter(items)
    waiting = deque(pool.submit(work, item) for item in islice(source, depth))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(work, item) for item in islice(source, 1))
