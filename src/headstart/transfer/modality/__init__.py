"""How networks for one kind of data are trained, and who their rivals are: a file a modality, found by its name.

A file has `OFFERS`, what a strategy may need of it (`NEEDS`): "tail" (the members below that open and set one), "maps"
or "tokens" (what a tail reads), "pixels" (its view "input" shows pictures, uint8 [n 3 s s]), "classifier" (its sources
may have one of their own), "language" (its sources read words), "classical" and "scratch" (its rivals of that name).
And `plain`. A modality without a file offers nothing: heads on frozen features suit it, and rivals that come as
strategies of their own.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from numpy.typing import NDArray

from ...family import load, names
from ...strategy import TrainResult
from ...types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View
from ..training.setting import Setting

if TYPE_CHECKING:
    import torch

    from ..training.tail import Tail


class Rival(Protocol):
    """What one modality makes of a rival that all have: a file of baseline/."""

    def title(self, kind: str) -> str:
        """What people call it."""

    def fit_view(self, view: View, facts: Facts) -> View:
        """What it looks at; `view` names the last source, for who takes its tokens."""

    def settings(self, facts: Facts) -> list[Any]:
        """Of the strategy's `Config`."""

    def run(self, config: Any, context: FitContext) -> Generator[Progress, None, TrainResult]:  # noqa: ANN401
        """As of a strategy."""

    def logits(self, fitted: Fitted, x: NDArray[Any], source: Source | None) -> FloatArray:
        """As of a strategy."""

    def module(self, fitted: Fitted, source: Source | None) -> torch.nn.Module:
        """As of a strategy."""


class Classical(Rival, Protocol):
    """One of hand-made features."""

    def described(self, fitted: Fitted, x: NDArray[Any]) -> NDArray[Any]:
        """As of a strategy."""


class Modality(Protocol):
    """A file of this folder; who offers nothing of what a member is for need not have it."""

    OFFERS: frozenset[str]
    RATES: tuple[float, ...]  # of fine-tuning, that a strategy with a pull of its own compares
    classical: Classical
    scratch: Rival

    def plain(self) -> View:
        """What a model looks at that reuses nothing."""

    def open_tail(self, source: Source, weights: Path | None, view: View, k: int) -> Tail:
        """The tail of a source with its pre-trained weights; the head's weights are random."""

    def tuned_view(self, view: View, facts: Facts) -> View:
        """What enters a tail; `view` is the cut of three parts."""

    def copies(self, facts: Facts) -> int:
        """Augmented copies of an example that tuning looks at, itself counted."""

    def suited(self, config: Setting, facts: Facts, decay: float = 1.0) -> Setting:
        """The setting with the rates and lengths that serve such networks, where examples are few, for so few."""

    def alternatives(self, config: Setting) -> Sequence[Setting]:
        """What plain fine-tuning compares where there is enough to choose by."""


def of(modality: str) -> Modality:
    """The file of that name.

    Raises:
        UnknownName: it has none, so that it offers nothing.
    """
    return cast(Modality, load("transfer/modality", modality))


def plain(modality: str) -> View:
    """What a model looks at that reuses nothing: the examples as they are, unless the modality says otherwise."""
    return of(modality).plain() if modality in names("transfer/modality") else View(None, "input")


def open_tail(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """See `Modality`."""
    return of(source.modality).open_tail(source, weights, view, k)
