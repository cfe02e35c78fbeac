"""Extractors turn examples into rows of numbers; and who makes them of a view.

An extractor is cheap to make: its model is loaded when the first batch comes, so that a run whose rows are all in
the cache loads none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from numpy.typing import NDArray

from ..errors import EngineError, UsageError
from ..family import load, names
from ..kind._base import ragged
from ..types import Example, Source, View

if TYPE_CHECKING:
    from torch import nn

COMMIT = 64  # examples that are kept at once


class Extractor(Protocol):
    """`prepare` one example's content, turn a batch of what was prepared into `rows`."""

    @property
    def name(self) -> str:
        """The source's key, or what else it is called."""

    @property
    def key(self) -> str:
        """Names all that decides its rows, and nothing that was asked beside it: rows are kept under it."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The arrays of a row: the view's own first ("all" stands for every pooled depth), "logits" where there are."""

    def prepare(self, content: Any, name: str = "") -> Any:  # noqa: ANN401 - the modality's own
        """One example's content as a batch wants it; its digest, `name`, may seed what is drawn."""

    def rows(self, prepared: Sequence[Any]) -> list[NDArray[Any]]:
        """b prepared → an array [b, …] per output."""

    def rest(self) -> None:
        """Let go what its model keeps between batches; the next one costs a little more."""


class Change(Protocol):
    """What is done to examples before a network sees them, each by itself."""

    @property
    def key(self) -> str:
        """Names all that decides what comes of an example."""

    def __call__(self, prepared: Any, name: str) -> Any:  # noqa: ANN401 - the modality's own
        """One example as an extractor prepares it → the same, changed; its digest, `name`, seeds what is drawn."""


@dataclass(frozen=True)
class WholeExtractor:
    """An extractor that takes content as it is."""

    name: str
    key: str
    outputs: tuple[str, ...]
    build: Callable[[], Callable[[Sequence[Any]], list[NDArray[Any]]]] = field(repr=False)  # b contents → [b, d] each

    @cached_property
    def compute(self) -> Callable[[Sequence[Any]], list[NDArray[Any]]]:
        """The model behind the extractor, made on first use."""
        return self.build()

    def prepare(self, content: Any, name: str = "") -> Any:  # noqa: ANN401 - the modality's own
        """Content is as it is."""
        return content

    def rows(self, prepared: Sequence[Any]) -> list[NDArray[Any]]:
        """b contents → [b, d] per output."""
        return self.compute(prepared)

    def rest(self) -> None:
        """Nothing is kept between batches."""


class Modality(ABC):
    """What a kind of data shows a network: a file of `extract/modality/` holds one as `EXTRACTORS`."""

    @abstractmethod
    def extractor(self, view: View, source: Source | None, weights: Path | None, engine: str) -> Extractor:
        """The extractor of a view."""

    @abstractmethod
    def content(self, example: Example) -> Any:  # noqa: ANN401 - its own
        """What an extractor prepares. Raises `HeadstartError` or `OSError` where it cannot be read."""

    def entry(self, view: View, source: Source | None, weights: Path | None) -> Extractor:
        """What enters the module that `network` gives, made without torch: rows as one array [b, …].

        Raises:
            UsageError: such examples have none, so that a model of them cannot be exported.
        """
        raise UsageError("Models of such examples cannot be exported yet. Predict with the run itself.")

    def network(self, view: View, source: Source | None, weights: Path | None) -> nn.Module:
        """What makes rows of a view of what `entry` gives, in eval mode on the CPU."""
        raise UsageError("Models of such examples cannot be exported yet. Predict with the run itself.")

    def changed(self, extractor: Extractor, change: Change) -> Extractor:
        """One that changes examples first. Raises `UsageError` where they cannot be."""
        raise UsageError(f"What '{extractor.name}' reads cannot be changed first. Leave methods out that ask for it.")

    def plain(self, view: View) -> bool:
        """Whether a view shows examples as they are, or nearly so: what is not worth keeping."""
        return view.depth == "input"

    def shown(
        self, examples: Sequence[Example], source: Source | None, weights: Path | None
    ) -> tuple[NDArray[Any], str]:
        """What a plain view shows, [n], and its key."""
        return ragged([self.content(example) for example in examples]), "as they are"

    def length(self, example: Example) -> int:
        """By which examples are sorted, so that like ones share a batch; 0 where all are of one size."""
        return 0

    def full(self, rows: int, longest: int) -> bool:
        """Whether so many rows, the longest of such a length, are enough for a commit."""
        return rows == COMMIT

    def side(self, example: Example) -> int:
        """The shorter side of a picture, in pixels; 0 of anything else. Raises as `content`."""
        return 0


def modality(name: str) -> Modality:
    """What the file of that name holds."""
    return cast(Modality, load("extract/modality", name).EXTRACTORS)


def pick_engine(wanted: str = "auto") -> str:
    """The engine to use: the fastest available on this machine, or the one that was asked for.

    Raises:
        EngineError: the wanted engine cannot run here.
    """
    known = names("extract/engine")
    if wanted == "auto":
        able = [name for name in sorted(known, key=load_rank) if load_rank(name) >= 0]
        if not able:
            raise EngineError(
                f"No engine can run here ({', '.join(known)}): none of their packages is installed. Install headstart "
                "with all that it needs, or predict with an exported model: headstart export RUN --to onnx."
            )
        return able[0]
    engine = load("extract/engine", wanted)
    if not engine.available():
        raise EngineError(f"The engine '{wanted}' cannot run on this machine ({engine.WHY_NOT}). Use --engine auto.")
    return wanted


def load_rank(name: str) -> int:
    """How early an engine is tried under `auto` (0 first); −1 when it cannot run here."""
    try:
        engine = load("extract/engine", name)
    except UsageError:  # its package is not installed
        return -1
    return int(engine.RANK) if engine.available() else -1
