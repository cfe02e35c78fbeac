"""How long teacher and student take for an example, measured by turns in one process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...types import Example

if TYPE_CHECKING:
    from ...ship.store import Model

WARM, AT_ONCE, ROUNDS = 4, 16, 3  # examples that build the networks, examples of a round, rounds at most


@dataclass(frozen=True)
class Paces:
    """Seconds an example, reading it included; the median of the rounds."""

    teacher: float
    student: float
    n: int  # examples

    @property
    def ratio(self) -> float:
        """How many times as quick the student is."""
        return self.teacher / self.student


def measured(teacher: Model, student: Model, examples: Sequence[Example], engine: str, folder: Path) -> Paces:
    """Both on the same examples, none of which either has kept; `folder` is for what they keep meanwhile."""
    some = examples[: WARM + AT_ONCE * ROUNDS]
    parts = np.array_split(np.arange(WARM, len(some)), ROUNDS) if len(some) >= WARM + ROUNDS else [np.arange(len(some))]
    spent: dict[str, list[float]] = {"teacher": [], "student": []}
    with (
        teacher.predictor(engine, folder / "pace-teacher") as first,
        student.predictor(engine, folder / "pace-student") as second,
    ):
        who = {"teacher": first, "student": second}
        if len(parts) > 1:
            for predictor in who.values():
                predictor.probabilities(some[:WARM])
        for part in parts:
            for name, predictor in who.items():
                begun = time.perf_counter()
                predictor.probabilities([some[at] for at in part])
                spent[name].append((time.perf_counter() - begun) / len(part))
    return Paces(float(np.median(spent["teacher"])), float(np.median(spent["student"])), sum(map(len, parts)))
