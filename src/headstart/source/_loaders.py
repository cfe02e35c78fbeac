"""Who fetches a source: a file of `source/` without an underscore, named by the record's `loader`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from .. import family
from ..types import Source


class Loader(Protocol):
    """What such a file gives."""

    ORIGIN: tuple[str, ...]  # names that a record's [origin] must give

    def fetch(self, source: Source) -> Path:
        """The path of the weights, as safetensors with the library's names."""

    def pulled(self, source: Source) -> bool:
        """Whether `fetch` needs no network."""


def loader(source: Source) -> Loader:
    """The module that can fetch this source."""
    return cast(Loader, family.load("source", source.loader))


def fetch(source: Source) -> Path:
    """The path of the source's weights, fetched if need be. Raises `SourceError`."""
    return loader(source).fetch(source)
