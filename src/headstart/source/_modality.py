"""What a kind of data says of its sources; a modality's file in `source/modality/` has one such object, `SOURCES`.

`of("image")` finds it by its name; nobody in `source/` compares names. What a new modality need not know better stands
in the base class: its file gives `spec`, `shown` and `drawn`; `converted` where a package's weights need more than
reading, `claim`, `record` and `adopted` where folders are read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from .. import family
from ..errors import SourceError
from ..types import Source
from .formats import pytorch

if TYPE_CHECKING:
    from torch import Tensor

_FOLDER = "source/modality"


class Demand(NamedTuple):
    """What a field of a record's [input] must be."""

    holds: bool
    field: str
    given: object
    allowed: str  # for the message: "it must be …"


class Weights(NamedTuple):
    """A network's weights by the library's names, and what stands beside them in the file's header (a tokenizer)."""

    tensors: Mapping[str, Tensor]
    header: Mapping[str, str] | None = None


class Modality(ABC):
    """What is asked of the sources of one kind of data."""

    spec: type[Any]  # the frozen dataclass that a record's [input] becomes
    # Patterns: what a saved model is made from, and what a hub is asked for, beside config.json and safetensors.
    files: ClassVar[tuple[str, ...]] = ()
    downloads: ClassVar[tuple[str, ...]] = ()

    # Of a record.

    def demands(self, given: Mapping[str, Any]) -> Iterator[Demand]:
        """What the values of [input] must be; that its fields are those of `spec` was checked before."""
        return iter(())

    @abstractmethod
    def shown(self, given: Mapping[str, Any]) -> str:
        """What it reads, for a table: "224 px"."""

    def plain(self, source: Source) -> bool:
        """Whether it reads what most people's examples are; a fit takes others only when they are named."""
        return True

    def broad(self, source: Source) -> bool:
        """Whether it serves many ends, and can stand in for another network."""
        return True

    def tried(self, source: Source) -> bool:
        """Whether enough is known of it to be one of the cheap ones that are looked through first."""
        return True

    def head(self, source: Source) -> str | None:
        """Which language-model head it has: "causal", "masked"; None of what reads no texts."""
        return None

    def at_most(self, source: Source, size: int) -> Source:
        """The source, reading at most so much of each example; its key is "NAME@SIZE".

        Raises:
            SourceError: such sources read examples whole; or the size is none that it can read.
        """
        raise SourceError(f"'{source.key}' reads its examples whole; leave '@{size}' out.")

    def lighter(self, source: Source) -> Iterator[tuple[Source, float]]:
        """Such sources that cost less and lose little, and what part of the time they take of long examples."""
        return iter(())

    # Of its weights.

    @abstractmethod
    def drawn(self, source: Source, seed: int) -> dict[str, Tensor]:
        """The weights of its network, drawn by chance, by the library's names."""

    def converted(self, files: Sequence[Path], source: Source) -> Weights:
        """A package's files by the library's names.

        Raises:
            SourceError: the tensors do not fit the architecture.
        """
        return Weights(pytorch.read(files[0]))

    def recipe(self, source: Source) -> dict[str, Any]:
        """What else than file and architecture decides what is made of them: where it changes, they are made again."""
        return {}

    # Of a folder that `save_pretrained` wrote.

    def claim(self, folder: Path, said: Mapping[str, Any]) -> float:
        """How sure it is that the folder's model (`said`: its config.json) is one of its own, 0..1; the surest has it.

        Raises:
            SourceError: it is one of its own and cannot be read.
        """
        return 0.0

    def record(self, folder: Path, said: Mapping[str, Any], known: Mapping[str, Any]) -> Source:
        """The record of such a model; `known` gives `key`, `title`, `loader`, `origin`, `sha256`."""
        raise SourceError(f"{folder} holds a model of a kind that is not read from folders. Give a record of it.")

    def adopted(self, source: Source, folder: Path, said: Mapping[str, Any]) -> Weights:
        """The weights of such a model."""
        raise SourceError(f"{folder} holds a model of a kind that is not read from folders. Give a record of it.")

    def places(self, folder: Path) -> set[Path]:
        """Where its files lie, beside the folder itself."""
        return set()

    def complete(self, folder: Path, said: Mapping[str, Any]) -> bool:
        """Whether a download has all that such a model needs."""
        return True

    # Of the name of a network that cannot be had.

    def sounds(self, name: str) -> float:
        """How much a name sounds like one of its networks, 0..1."""
        return 0.0

    def size(self, name: str) -> int | None:
        """How many parameters the network of that name has, where that is known."""
        return None

    def akin(self, source: Source, name: str) -> bool | None:
        """Whether a source does what the name's network does; None where only their names tell."""
        return None


def names() -> list[str]:
    """The kinds of data that can have sources.

    >>> names()[:2]
    ['image', 'text']
    """
    return family.names(_FOLDER)


def of(modality: str) -> Modality:
    """What is asked of that modality's sources. Raises `UnknownName`."""
    return cast(Modality, family.load(_FOLDER, modality).SOURCES)


def whole(value: object) -> bool:
    """Whether it is a whole number above 0.

    >>> whole(3), whole(True), whole(0)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
