"""search: look-alikes among a folder's examples, through a source's frozen features or a run's own."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, UsageError
from ..modality import noun
from ..run.lock import locked
from ..run.saved import ADAPTED, DISTILLED, Saved
from ..runtime import quiet_threads
from ..ship.search import index as _index
from ..ship.search.index import FILE, Index, Through
from ..types import FloatArray

if TYPE_CHECKING:
    from ..run.job import Watch
    from ..ship.search.build import Change
    from ..ship.search.lens import Lens
    from ..ship.search.query import Found

FOLDER = "search"  # below a run, where its index lies unless told otherwise


class SearchIndex:
    """An index in its folder.

    Raises:
        DataError: there is none, or it is damaged.
    """

    def __init__(self, folder: str | Path, change: Change | None = None) -> None:
        self.path, self.change = Path(folder), change
        self.index: Index = _index.load(self.path)

    def __len__(self) -> int:
        return len(self.index.entries)

    def __repr__(self) -> str:
        return f"SearchIndex('{self.path}'): {self.sentence}"

    @property
    def noun(self) -> str:
        """What one entry is called."""
        return noun(self.index.through.modality)

    @property
    def rows(self) -> FloatArray:
        """The features of its entries, [n d], each of length 1."""
        return self.index.rows

    @property
    def sentence(self) -> str:
        """What it holds, what the last build changed, and how it searches."""
        graph, change = self.index.graph, self.change
        held = f"{len(self):,} {self.noun}{'' if len(self) == 1 else 's'} through {self.index.through.name}"
        new = f"{change.added:,} new, {change.gone:,} gone. " if change else ""
        if graph is None:
            return f"{held}. {new}All are compared."
        return (
            f"{held}. {new}Approximate: of the ten nearest it finds {100 * graph.recall:.1f} % (recall@10, measured "
            "on a sample when it was built)."
        )

    def query(
        self,
        inputs: Any,  # noqa: ANN401 - whatever a person holds
        k: int = 10,
        *,
        engine: str = "auto",
        **options: Any,  # noqa: ANN401 - fields of ReadOptions
    ) -> list[Found]:
        """The k entries most like each input, by cosine, best first.

        Args:
            inputs: as for `predict`: pictures as paths, bytes, arrays …; texts, tables.
            k: how many.
            engine: `auto`, `torch` or `openvino`.
            options: how tables and text files are read.

        Returns:
            One `Found` an input: `.input`, `.hits` (`.shown`, `.cosine`) and `.error`.

        Raises:
            DataError: what the index looks through is gone, or is no longer what it was.
            UsageError: k is below 1.
        """
        from ..read import ReadOptions
        from ..ship._inputs import one_by_one
        from ..ship.search.query import query

        if k < 1:
            raise UsageError(f"k={k} was given; it must be 1 or more.")
        quiet_threads()
        through = self.index.through
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            lens = _lens(_found(through, self.path), engine, Path(folder))
            if lens.identity != through.identity:
                raise DataError(
                    f"The index in {self.path} was built through {through.name}, which is another network by now. "
                    "Remove the index and build it again."
                )
            given = one_by_one(inputs, through.modality)
            return query(self.index, lens, given, k, ReadOptions.of(options))


def search(
    given: str | Path | Saved,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    take: str | None = None,
    engine: str = "auto",
    watch: Watch | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> SearchIndex:
    """Open an index of look-alikes; with `data`, build it or bring it up to date with what lies there now.

    Only what is new is looked at, and what is gone leaves, both by content. Up to 100,000 examples every one is
    compared; of more, with `headstart[search]` installed, a graph is searched, and its recall is measured.

    Args:
        given: a run or its folder, a source, as `fit(source=…)` takes it, or the folder of an index.
        data: a folder of pictures or texts, or a table; labels are not looked at.
        out: folder of the index; RUN/search or runs/search-SOURCE when not given.
        take: which of a run's two models, see `Run`.
        engine: `auto`, `torch` or `openvino`.
        watch: called with (what, done, of) as the work goes on.
        options: how tables and text files are read, as for `predict`.

    Raises:
        DataError: there is no index; with `data`: it is not there, or nothing in it can be read.
        UsageError: the folder holds an index through something else, or the run's model has no features.
        UnknownName: there is no such run, source or index.
    """
    through = _asked(given, take)
    place = Path(out) if out else _place(given, through)
    if data is None:
        return SearchIndex(place)
    quiet_threads()
    from ..read import ReadOptions
    from ..ship.search.build import updated

    if not Path(data).exists():
        raise DataError(f"{data} does not exist. Name a folder, or a table, of what is to be found.")
    if place.resolve() == Path(data).resolve():
        raise UsageError(f"{place} holds the data. Name another folder for the index with --out.")
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder, locked(place):
        lens = _lens(through, engine, Path(folder))
        through = replace(through, identity=lens.identity, modality=lens.modality)
        before = _before(place, through)
        index, change = updated(before, _written(through, place), lens, str(data), ReadOptions.of(options), watch)
        _index.save(place, index)
    return SearchIndex(place, change)


def _asked(given: str | Path | Saved, take: str | None) -> Through:
    """What is to be looked through; what is not known before it is opened stays blank."""
    if isinstance(given, Saved):
        return Through("run", str(given.path), str(given.path), take or given.take, "", "")
    path = Path(given)
    if (path / FILE).is_file():
        return _found(_index.load(path).through, path)
    if any((path / file).is_file() for file in ("run.json", ADAPTED, DISTILLED)):
        return Through("run", str(given), str(given), take or "winner", "", "")
    if take:
        raise UsageError(f"take={take!r} was given with {given}, which is no run. Leave it out.")
    from ..source import _catalogue

    return Through("source", _catalogue.get(str(given)).key, "", "", "", "")


def _place(given: str | Path | Saved, through: Through) -> Path:
    if not isinstance(given, Saved) and (Path(given) / FILE).is_file():
        return Path(given)
    if through.kind == "run":
        return Path(through.place) / FOLDER
    return Path("runs") / f"search-{through.name.replace('/', '--')}"


def _written(through: Through, place: Path) -> Through:
    """With the run's place from the index, so that both may be moved together."""
    return replace(through, place=os.path.relpath(through.place, place)) if through.kind == "run" else through


def _found(through: Through, place: Path) -> Through:
    """With the run's place from here."""
    return replace(through, place=os.path.normpath(place / through.place)) if through.kind == "run" else through


def _lens(through: Through, engine: str, folder: Path) -> Lens:
    from ..ship.search import lens

    if through.kind == "run":
        return lens.of_run(Saved(through.place, through.take).model, through.name, engine, folder)
    from ..source import _catalogue

    source = _catalogue.get(through.name)
    return lens.of_source(source, _catalogue.fetch(source), engine)


def _before(place: Path, through: Through) -> Index | None:
    """The index that is there, if there is one.

    Raises:
        UsageError: the folder holds one through something else, or other things.
    """
    if not (place / FILE).is_file():
        return None
    old = _index.load(place)
    if old.through.identity == through.identity:
        return old
    raise UsageError(
        f"{place} holds an index through {old.through.name} ({noun(old.through.modality)}s), and {through.name} makes "
        "other features. Name another folder with --out, or remove that one."
    )
