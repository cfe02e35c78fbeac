"""What a method of this folder is given and what it returns: examples of two domains, and features of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...extract.feature_store import FeatureStore
from ...types import Example, FloatArray, Source, View

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Both:
    """Examples of both domains, and the source that looks at them.

    Attributes:
        source: its record.
        weights: its file.
        store: looks at examples, and keeps what it saw.
        train: source examples that heads learn from, without their answers.
        valid: source examples that no head learns from before the last; nor does a method here.
        target: unlabelled examples of the other domain.
        k: classes.
        seed: of whatever is drawn.
    """

    source: Source
    weights: Path | None
    store: FeatureStore = field(repr=False)
    train: tuple[Example, ...] = field(repr=False)
    valid: tuple[Example, ...] = field(repr=False)
    target: tuple[Example, ...] = field(repr=False)
    k: int
    seed: int = 0

    def drawn(self, most: int) -> tuple[list[Example], list[Example]]:
        """Training and target examples, at most so many of each."""
        random = np.random.default_rng(self.seed)
        return _some(self.train, most, random), _some(self.target, most, random)


def _some(examples: tuple[Example, ...], most: int, random: np.random.Generator) -> list[Example]:
    chosen = random.permutation(len(examples))[:most]
    return [examples[at] for at in sorted(chosen)]


@dataclass(frozen=True)
class Looked:
    """Features of the examples, as the strategy that is to read the head has them.

    Attributes:
        train: [n d].
        valid: [v d].
        target: [m d].
        copies: [n + v d] of changed training and validation examples, which a head learns from, too; or None.
        view: what a saved model looks at.
        strategy: a member of transfer/.
        config: its setting.
        state: of a head's arrays makes the strategy's state: weights of the source that moved stand beside them.
        notes: what a report may tell.
    """

    train: FloatArray
    valid: FloatArray
    target: FloatArray
    view: View
    strategy: str = "probe"
    config: Mapping[str, Any] = field(default_factory=dict)
    copies: FloatArray | None = None
    state: Callable[[State], State] = field(default=lambda head: head, repr=False)
    notes: Mapping[str, Any] = field(default_factory=dict)
