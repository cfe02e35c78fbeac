"""What strategies share: how many settings each may compare and what a run returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..types import View

SEARCH = 4  # settings that every rival compares on validation data, and a transfer candidate at most


@dataclass(frozen=True)
class Head:
    """What a run returns: named arrays and how many numbers were learned."""

    state: Mapping[str, NDArray[Any]]
    trained_params: int
    notes: Mapping[str, Any] = field(default_factory=dict)  # e.g. which step was best; used by a refit


def source_views(sources: Sequence[str]) -> list[View]:
    """One view a source: its top features."""
    return [View(source=key) for key in sources]
