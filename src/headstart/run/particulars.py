"""What is particular to a kind of data in a run; a modality's file in `run/modality/` has one such object, `RUN`.

`of("image")` finds it by its name; nobody in `run/` compares names. The base class says what holds for a modality that
has no such file, or says nothing else in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from numpy.typing import NDArray

from ..family import load, names

if TYPE_CHECKING:
    from ..judge.verdict import Judgement
    from ..types import IntArray, Source, Task, View
    from .adapt.rows import Representation

_FOLDER = "run/modality"


class Particulars:
    """One kind of data, as a run deals with it."""

    packages: tuple[str, ...] = ()  # whose versions a run notes, beside those that every run rests on
    classical = 0.03  # seconds an example for the rival that is no network, its folds included, on one core
    step = 0.06  # seconds for a step of the network from scratch, on one core

    def batches(self, n: int) -> int:
        """Steps of one whole training of the network from scratch, on `n` examples; 0: there is none."""
        return 0

    def engine(self, picked: str) -> str:
        """Which engine its networks run on, where `picked` is what was asked for or is here: plain PyTorch."""
        return "torch"

    def rounding(self, view: View) -> float:
        """By how much an output may differ when the same rows are read anew, beside others in a batch."""
        return 1e-4

    def warning(self, source: Source, weights: Path, task: Task) -> str:
        """That a source makes little of such examples, as can be told before it is tried; else ""."""
        return ""

    def sourceless(
        self, view: View, parts: Sequence[NDArray[Any]], y: IntArray, k: int, config: Mapping[str, Any]
    ) -> Representation | None:
        """A representation that needs no source and can be aligned; None where there is none.

        Args:
            view: of the run's `classical` rival.
            parts: examples as they are: of training, validation and the target, [n] each.
            y: classes of the training ones [n].
            k: classes.
            config: of the run's `classical` rival.
        """
        return None

    def explained(
        self,
        folder: Path,
        task: Task,
        engine: str,
        judgement: Judgement,
        mistakes: Sequence[tuple[int, dict[str, Any]]] | None,
    ) -> Mapping[str, Any]:
        """What the record tells of the answers beside the verdict; a row of a mistake may be given more, too.

        Args:
            folder: of the saved model.
            task: the task.
            engine: to look with.
            judgement: what was judged.
            mistakes: where each mistake that is shown stands in the judgement, and its row of the record; None where
                there is no time for reading more examples.
        """
        return {}


def of(modality: str) -> Particulars:
    """What is particular to that modality."""
    return cast(Particulars, load(_FOLDER, modality).RUN) if modality in names(_FOLDER) else Particulars()
