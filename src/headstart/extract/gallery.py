"""The gallery: pictures and texts looked at through views, each decoded once and each row computed once.

`look(examples, views)` gives one `Features` per view, rows in the order of `examples`. What is missing in the
cache is computed in one pass over the files (decoding in threads, all lenses fed from the same decoded picture)
and committed shard by shard, so a killed run loses at most one shard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError, DataError, UnknownName
from ..runtime import cache_dir, digest
from ..types import Example, Features, Source, View, answers
from ._lens import Lens, TextLens, backbone_lens, input_lens, pick_engine, pixel_lens, text_lens
from ._store import Store

SHARD = 64  # pictures a commit
TEXTS, LETTERS = 1024, 1 << 16  # texts a commit, and letters: of long texts a commit must not take minutes
AHEAD = 8  # decoded pictures waiting: a phone's photo takes 36 MB
Watch = Callable[[str, int, int], None]  # (what, done, of)


class Gallery:
    """Looks at pictures. `sources` maps key → record; `weights` overrides where a source's file lies."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        engine: str = "auto",
        weights: Mapping[str, Path] | None = None,
        folder: Path | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.engine = pick_engine(engine)
        self.seconds = 0.0  # spent looking, cache reads included
        self.computed = 0  # rows computed, over all lenses
        self.sources, self.weights = dict(sources), dict(weights or {})
        self.folder = folder or cache_dir() / "features"
        self._watch = watch
        self._lenses: dict[View, Lens | TextLens] = {}
        self._stores: dict[str, Store] = {}

    def anew(self, sources: Mapping[str, Source], weights: Mapping[str, Path]) -> Gallery:
        """One for these sources alone, on the same cache, which goes on counting; what this one holds can go."""
        made = Gallery(sources, engine=self.engine, weights=weights, folder=self.folder, watch=self._watch)
        made.seconds, made.computed = self.seconds, self.computed
        return made

    def look(self, examples: Sequence[Example], views: Sequence[View], deadline: float | None = None) -> list[Features]:
        """One `Features` a view, rows as in `examples`.

        Raises:
            DataError: a file changed or vanished since it was read.
            BudgetError: `deadline`, as of `time.monotonic()`, passed before all was seen; what was seen is kept.
        """
        if any(self.plain(view) for view in views):
            return [
                self._texts(examples, view) if self.plain(view) else self.look(examples, [view], deadline)[0]
                for view in views
            ]
        start = time.perf_counter()
        lenses = [self._lens(view, views) for view in views]
        computed = self._fill(examples, list({lens.key: lens for lens in lenses}.values()), deadline=deadline)
        y = answers(examples)
        digests = [e.digest for e in examples]
        rows = {lens.key: self._store(lens).get(digests) for lens in lenses}
        seconds = time.perf_counter() - start
        self.seconds += seconds
        self.computed += computed
        return [
            Features(
                x=self._part(view, lens, rows[lens.key]),
                y=y,
                key=f"{lens.key}.{view.depth}",
                logits=rows[lens.key].get("logits"),
                seconds=seconds,
                computed=computed,
            )
            for view, lens in zip(views, lenses, strict=True)
        ]

    def missing(self, examples: Sequence[Example], view: View) -> list[Example]:
        """Those of the examples whose rows are not kept from an earlier look."""
        store = self._store(self._lens(view, [view]))
        return [e for e in examples if e.digest not in store]

    def leave(self, source: str) -> None:
        """Let the networks of a source go; what they have seen is kept, and who looks again builds them anew."""
        self._lenses = {view: lens for view, lens in self._lenses.items() if view.source != source}

    def unreadable(self, examples: Sequence[Example], views: Sequence[View]) -> dict[str, str]:
        """Compute what is missing; digest → why, of the pictures that cannot be decoded. `look` takes the others."""
        bad: dict[str, str] = {}
        computed = [view for view in views if not self.plain(view)]  # a text as it is can always be read
        lenses = {lens.key: lens for lens in (self._lens(view, computed) for view in computed)}
        self._fill(examples, list(lenses.values()), bad)
        return bad

    def plain(self, view: View) -> bool:
        """Whether a view shows texts as they are."""
        return view.depth == "input" and (view.source is None or self.sources[view.source].modality == "text")

    def _lens(self, view: View, together: Sequence[View]) -> Lens | TextLens:
        """Views of one source that are asked for together share a lens: one forward pass gives all depths."""
        if view not in self._lenses:
            if view.source is None:
                self._lenses[view] = pixel_lens(view.size)
            else:
                source, weights = self.sources[view.source], self.weights.get(view.source)
                if source.modality == "text":
                    self._lenses[view] = text_lens(source, weights)
                    return self._lenses[view]
                if view.depth == "input":
                    self._lenses[view] = input_lens(source)
                    return self._lenses[view]
                alike = [v for v in together if replace(v, depth="", engine="") == replace(view, depth="", engine="")]
                # All pooled depths are columns of one array: whichever are wanted, the graph and the rows are the same.
                depths = sorted({v.depth if v.depth.startswith("cut:") else "all" for v in alike if v.depth != "input"})
                self._lenses[view] = backbone_lens(source, depths, self.engine, weights, view.variants, view.style)
        return self._lenses[view]

    def _part(self, view: View, lens: Lens | TextLens, rows: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The view's own columns of what its lens gave."""
        if view.source is None or view.depth == "input":
            return rows[lens.outputs[0]]
        if view.depth in rows:
            return rows[view.depth]
        known = self.sources[view.source]
        if view.depth not in known.depths:
            raise UnknownName("depth", view.depth, [*known.depths, "all"])
        return rows["all"][..., known.columns(view.depth)]

    def _texts(self, examples: Sequence[Example], view: View) -> Features:
        """The texts themselves, or the tokens that a source makes of them; made anew each time, as they cost little."""
        texts, x = [e.text or "" for e in examples], np.empty(len(examples), dtype=object)
        key = "texts"
        if view.source is None:
            x[:] = texts
        else:
            from ..source.language.model import tokenizer, tokens

            source, weights = self.sources[view.source], self.weights.get(view.source)
            x[:] = [np.array(row, np.int64) for row in tokens(tokenizer(source, weights), source, texts)]
            key = digest("texts", source.identity)
        return Features(x, answers(examples), key)

    def _store(self, lens: Lens | TextLens) -> Store:
        if lens.key not in self._stores:
            self._stores[lens.key] = Store(self.folder / lens.key, lens.outputs)
        return self._stores[lens.key]

    def _fill(
        self,
        examples: Sequence[Example],
        lenses: Sequence[Lens | TextLens],
        bad: dict[str, str] | None = None,
        deadline: float | None = None,
    ) -> int:
        """Compute and commit what no store has yet. Returns how many rows that were.

        What cannot be decoded goes into `bad` where it is given, else raises `DataError`. The deadline is looked at
        whenever a shard was committed.
        """
        missing = {lens.key: {e.digest for e in examples if e.digest not in self._store(lens)} for lens in lenses}
        todo = list({e.digest: e for e in examples if any(e.digest in m for m in missing.values())}.values())
        if not todo:
            return 0
        todo.sort(key=lambda e: len(e.text or ""))  # texts of one length share a batch without padding
        todo_of = {lens.key: [] for lens in lenses}  # type: dict[str, list[tuple[str, Any]]]
        most = SHARD if todo[0].text is None else TEXTS
        with ThreadPoolExecutor(2) as pool:
            for done, (example, picture) in enumerate(_ahead(pool, _decode, todo, AHEAD), 1):
                if isinstance(picture, Exception):
                    if bad is None:
                        raise _gone(example, picture) from picture
                    bad[example.digest] = str(picture)
                    continue
                for lens in lenses:
                    if example.digest in missing[lens.key]:
                        todo_of[lens.key].append((example.digest, lens.prepare(picture, example.digest)))
                        # Of texts, which come by length, this one is the longest so far.
                        rows = len(todo_of[lens.key])
                        if rows == most or rows * len(example.text or "") > LETTERS:
                            self._commit(lens, todo_of[lens.key])
                            _in_time(deadline if done < len(todo) else None)
                if self._watch:
                    self._watch("embed", done, len(todo))
        for lens in lenses:
            self._commit(lens, todo_of[lens.key])
        return sum(map(len, missing.values()))

    def _commit(self, lens: Lens | TextLens, rows: list[tuple[str, Any]]) -> None:
        if not rows:
            return
        digests, prepared = zip(*rows, strict=True)
        arrays = lens.rows(prepared)
        self._store(lens).add(digests, dict(zip(lens.outputs, arrays, strict=True)))
        rows.clear()


def median_side(examples: Sequence[Example], most: int = 100) -> int:
    """Median shorter side in pixels (of texts 0) of up to `most` evenly chosen pictures, read from their headers.

    Raises:
        DataError: a file changed or vanished since it was read.
    """
    from PIL import Image

    if examples and examples[0].text is not None:
        return 0
    sides = []
    for example in examples[:: max(1, -(-len(examples) // most))]:
        try:
            with Image.open(example.path) as picture:
                sides.append(min(picture.size))
        except OSError as error:
            raise _gone(example, error) from error
    return int(np.median(sides))


def _decode(example: Example) -> tuple[Example, Any]:
    if example.text is not None:
        return example, example.text
    from ..read.picture.picture import Unreadable, decode

    try:
        return example, decode(Path(example.path), example.pixels)
    except (Unreadable, OSError) as error:
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
