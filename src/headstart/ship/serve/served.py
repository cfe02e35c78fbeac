"""What the server needs of a model, whoever made it: a name, words about it, and two functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from ...errors import UsageError
from ...family import load, names
from ...kind import Kind, kind_of
from ..predict import Row
from .coverage import Coverage

_FOLDER = "ship/serve/modality"


class Wire(Protocol):
    """What a file of `ship/serve/modality/` offers."""

    INPUT: str
    EXAMPLE: str
    PIXELS: bool

    def sample(self) -> Any:  # noqa: ANN401 - what `ship/modality` holds
        """An input that every model takes, to warm it up."""

    def received(self, data: bytes) -> Any:  # noqa: ANN401 - what `ship/modality` holds
        """Bytes of a tensor, an upload or a body → an input. Raises `DataError`."""

    def written(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """A value of JSON → an input. Raises `DataError`."""

    def hidden(self, given: Any, most: int) -> Iterator[tuple[list[float], Any]]:  # noqa: ANN401
        """The input, then the same with a part hidden, and where that is. Raises `HeadstartError`."""


@dataclass(frozen=True)
class Served:
    """One model of a server."""

    name: str
    modality: str
    kind_name: str
    labels: tuple[str, ...]
    prepare: Callable[[Any], Any]  # an input → what `rows` takes; from any thread; raises HeadstartError
    rows: Callable[[Sequence[Any]], list[Row]]  # from one thread at a time
    coverage: Coverage | None = None  # how sure it is, by what it was judged on
    about: Mapping[str, str] = field(default_factory=dict)  # for people: "sentence", "licence", …

    @property
    def wire(self) -> Wire:
        """How its inputs come over the wire.

        Raises:
            UsageError: such examples cannot be sent.
        """
        if self.modality not in names(_FOLDER):
            raise UsageError(f"A model of {self.modality} cannot be served: its examples are files. Use predict.")
        return cast(Wire, load(_FOLDER, self.modality))

    @property
    def kind(self) -> Kind:
        """What its answers are."""
        return kind_of(self.kind_name)
