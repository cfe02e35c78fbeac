"""What a kind of task must say of its answers, and what holds where it says nothing.

Four forms of one thing: a label's *cell* as it was read; an *answer*, what `Example.answer` holds, which can be hashed;
*targets*, many answers as an array; and *outputs*, what a model gives for many examples. Of targets and outputs the
first axis is the examples, so that both can be cut and joined as arrays; what stands behind it is the kind's own
affair: classes `[n k]`, numbers `[n 1]`, a forecast `[n h]`, or, where examples differ in size (boxes, tags, a text),
`[n]` of objects, see `ragged`.
"""

from __future__ import annotations

import json
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..types import Decoder, LabelCell

Float64 = NDArray[np.float64]
Targets = Any  # [n …]
Outputs = NDArray[Any]  # [n …] as a model gives them: before decoding
Decoded = NDArray[Any]  # [n …] as they leave the house: probabilities, numbers, …


UNFITTED: Decoder = MappingProxyType({})  # of a model whose outputs were never looked at


class Kind(ABC):
    """One kind of task: a file of kind/ holds one as `KIND`."""

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]  # that a verdict can be in, see judge/metric/; the usual one first
    measure: ClassVar[str]  # what the usual one is called
    gain: ClassVar[str]  # what the mean of `gains` is called, or, where less is better, minus it
    link: ClassVar[str]  # from a linear score to an answer: "softmax", "sigmoid" of each column, "identity"; or another
    always: ClassVar[str]  # what the best answer that looks at nothing is called, see `floor`
    classes: ClassVar[bool] = True  # whether answers name classes
    calibrated: ClassVar[bool] = True  # whether there are probabilities
    structured: ClassVar[bool] = False  # whether it reads a table's cells by itself, see `cell`

    @property
    def exclusive(self) -> bool:
        """Whether each example has just one of the classes."""
        return self.link == "softmax"

    # --- cells and answers

    def cell(self, value: object, folder: Path) -> str | None:
        """A cell of a table in that folder as text, None where it says nothing; asked of a `structured` kind alone.

        Lists and objects become JSON. A kind whose answers are files, as masks are, gives their absolute paths.
        """
        if isinstance(value, list | dict):
            return json.dumps(value, ensure_ascii=False)
        text = "" if value is None or value != value else unicodedata.normalize("NFC", str(value)).strip()
        return text or None

    @abstractmethod
    def named(self, cell: LabelCell) -> tuple[str, ...]:
        """The classes that a label's cell names."""

    @abstractmethod
    def read(self, cell: LabelCell, labels: Sequence[str]) -> Any:  # noqa: ANN401 - the kind's own form
        """The answer that a cell gives, in terms of the task's labels. Raises `DataError` where it gives none."""

    def merged(self, cells: Sequence[LabelCell], join: bool = False) -> LabelCell | None:
        """What the cells of one example say together, or with `join` all that they say; None: they contradict."""
        return cells[0] if len(set(cells)) == 1 else None

    @abstractmethod
    def truth(self, answer: Any, labels: Sequence[str]) -> Any:  # noqa: ANN401 - as JSON takes it
        """An answer for people."""

    # --- targets

    @abstractmethod
    def targets(self, answers: Sequence[Any], k: int) -> Targets:
        """Answers as an array, of `k` labels."""

    def counts(self, answers: Sequence[Any], k: int) -> list[int]:
        """How many have each of `k` classes; none where there are no classes."""
        return []

    @abstractmethod
    def strata(self, y: Targets) -> NDArray[np.int64]:
        """What splits are stratified by: numbers `[n]`, or which of several apply, `[n s]` of 0 and 1."""

    def dealt(self, y: Targets) -> NDArray[np.int64]:
        """What folds are dealt by; the same form."""
        return self.strata(y)

    @abstractmethod
    def stratified(self, column: str) -> str:
        """What `strata` are, in words, of labels in a column."""

    @abstractmethod
    def proxy(self, y: Targets) -> Float64:
        """What a ridge regression on features is to reach, `[n t]`, where a cheap look stands for the task."""

    def guessed(self, guess: Float64, y: Targets) -> Outputs:
        """The outputs that a guess at `proxy(y)` stands for."""
        return guess

    @abstractmethod
    def metric(self, y: Targets) -> str:
        """Which of `metrics` a verdict is in, by the training targets."""

    def unit(self, y: Targets) -> float:
        """What margins and tolerances are parts of, by the training targets: 1, for shares and probabilities."""
        return 1.0

    # --- learning

    @abstractmethod
    def floor(self, y: Targets, k: int) -> Outputs:
        """One example's outputs: the answer that, given to every one alike, is the best on these targets.

        Where examples differ in size it stands for each of them: one row for all steps.
        """

    def training_loss(self, smoothing: float = 0.0, weight: Float64 | None = None) -> Callable[[Any, Any], Any]:
        """What networks learn by: tensors (outputs `[b …]`, targets `[b …]`) → their mean loss.

        Args:
            smoothing: how much every answer is doubted.
            weight: of each class `[k]`.

        Raises:
            UsageError: no network learns such a task, or there are no weights in it.
        """
        raise UsageError(f"No network learns {self.name} yet. Name a strategy of frozen features, as probe.")

    # --- outputs

    def check(self, outputs: Outputs, n: int, k: int, who: str) -> Float64:
        """Outputs of a strategy as they can be judged.

        Raises:
            UsageError: they are of another shape, or not finite.
        """
        given = np.asarray(outputs, np.float64)
        if given.shape != (n, k) or not np.isfinite(given).all():
            raise UsageError(
                f"Strategy '{who}' gave logits of shape {given.shape}; finite values of shape ({n}, {k}) are needed. "
                "Return one row an example, one column a class."
            )
        return given

    def finite(self, outputs: Outputs) -> bool:
        """Whether all of them are finite numbers; else training diverged."""
        return bool(np.isfinite(_flat(outputs)).all())

    def apart(self, decoded: Decoded, other: Decoded) -> float:
        """The largest difference between what leaves the house for the same examples twice; infinite of other sizes."""
        a, b = _flat(decoded), _flat(other)
        return float(np.abs(a - b).max()) if a.shape == b.shape else float("inf")

    def aligned(self, outputs: Outputs, known: Sequence[str], labels: Sequence[str]) -> Outputs:
        """Outputs of a model that knows the labels in the order `known`, in the order of `labels`."""
        if not self.classes or tuple(known) == tuple(labels):
            return outputs
        at = [known.index(label) for label in labels]
        return ragged([row[..., at] for row in outputs]) if outputs.dtype == object else outputs[..., at]

    def fit_decoder(self, outputs: Outputs, y: Targets) -> Decoder:
        """What turns outputs into answers beyond the model itself, fitted to examples that it has not learnt from."""
        return {}

    @abstractmethod
    def decode(self, outputs: Outputs, decoder: Decoder = UNFITTED) -> Decoded:
        """What a model gives to the outside, `[n …]`: probabilities, or the answers themselves."""

    @abstractmethod
    def answers(self, outputs: Outputs, decoder: Decoder = UNFITTED) -> NDArray[Any]:
        """What the model answers, `[n …]` in the form of targets."""

    @abstractmethod
    def gains(self, outputs: Outputs, y: Targets, decoder: Decoder = UNFITTED) -> NDArray[Any]:
        """How well each example is answered, `[n]`: the more the better, 1 where nothing could be better."""

    @abstractmethod
    def compared(self, outputs: Outputs, y: Targets) -> tuple[float, Float64]:
        """What candidates are compared by: the mean gain, and each example's loss `[n]`, of unlike models alike."""

    @abstractmethod
    def scores(self, gain: NDArray[Any], losses: Float64) -> dict[str, Any]:
        """The fields of a `Trial`, from what `gains` and `compared` gave."""

    # --- for people and files

    @abstractmethod
    def shown(self, gain: float | None) -> str:
        """The mean of `gains` for people."""

    @abstractmethod
    def told(self, gain: float | None, loss: float | None = None) -> str:
        """The same in words, with the mean loss behind it, see `compared`."""

    @abstractmethod
    def said(self, output: Decoded, labels: Sequence[str], decoder: Decoder = UNFITTED) -> dict[str, Any]:
        """One row of `decode` as the fields of a prediction."""

    @abstractmethod
    def columns(self, labels: Sequence[str]) -> list[str]:
        """The columns of a table of predictions, beside the input and the error."""

    @abstractmethod
    def worst(
        self, outputs: Decoded, y: Targets, labels: Sequence[str], most: int, decoder: Decoder = UNFITTED
    ) -> list[dict[str, Any]]:
        """The worst answers, worst first: `at` which row, `truth`, `predicted`, `probability` (or None)."""

    @abstractmethod
    def judged(
        self, outputs: Decoded, y: Targets, labels: Sequence[str], decoder: Decoder = UNFITTED
    ) -> dict[str, Any]:
        """Columns of the table of judged predictions: the truth, `predicted`, and what stands beside."""


def ragged(rows: Sequence[Any]) -> NDArray[Any]:
    """What differs in size from example to example as one array, `[n]` of objects.

    >>> ragged([np.zeros((2, 3)), np.zeros((2, 3))]).shape
    (2,)
    """
    out = np.empty(len(rows), dtype=object)
    for at, row in enumerate(rows):
        out[at] = row
    return out


def _flat(outputs: NDArray[Any]) -> Float64:
    """All numbers of outputs, whatever the examples' sizes."""
    rows = outputs if outputs.dtype == object else [outputs]
    return np.concatenate([np.ravel(np.asarray(row, np.float64)) for row in rows])
