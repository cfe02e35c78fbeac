"""Regression: a number for each example, and what is measured about it.

In: predictions `[n 1]` and true numbers `[n]`, in the unit of the label. Out: plain numbers and rows. Heads predict in
that unit; there are no classes, no probabilities and no temperature.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ..types import Decoder, IntArray, LabelCell
from ._base import UNFITTED, Float64, Kind
from ._words import figures

COMMA = re.compile(r"[+-]?\d+,\d+")  # a decimal comma
STRATA = 5  # equal parts of the numbers that every split gets its share of


class Regression(Kind):
    """A number."""

    name = "regression"
    metrics = ("mae",)
    measure = "MAE"
    gain = "error"
    link = "identity"
    always = "always the median"
    classes = False
    calibrated = False

    def named(self, cell: LabelCell) -> tuple[str, ...]:
        """The classes that a label's cell names: none."""
        return ()

    def read(self, cell: LabelCell, labels: Sequence[str]) -> float:
        """The answer that a label's cell gives.

        Raises:
            DataError: it is no finite number.
        """
        value = number(str(cell))
        if value is None:
            raise DataError(f"The label '{cell}' is no finite number. Repair it, or pass --kind classification.")
        return value

    def merged(self, cells: Sequence[LabelCell], join: bool = False) -> LabelCell | None:
        """What the cells of one example say together: the mean, where they differ.

        >>> KIND.merged(["1", "2"]), KIND.merged(["1", "1.0"])
        ('1.5', '1')
        """
        numbers = [self.read(cell, ()) for cell in cells]
        return cells[0] if len(set(numbers)) == 1 else repr(sum(numbers) / len(numbers))

    def truth(self, answer: float, labels: Sequence[str]) -> float:
        """An answer for people: the number."""
        return answer

    def targets(self, answers: Sequence[float], k: int) -> Float64:
        """Answers as an array, `[n]`; an answer is a number."""
        return np.array(answers, np.float64)

    def strata(self, y: Float64) -> IntArray:
        """What splits are stratified by: in which fifth of the numbers each one lies, `[n]`.

        >>> KIND.strata(np.array([1.0, 2.0, 3.0, 4.0, 50.0])).tolist()
        [0, 1, 2, 3, 4]
        """
        edges = np.quantile(y, np.arange(1, STRATA) / STRATA)
        return np.unique(np.digitize(y, edges), return_inverse=True)[1].astype(np.int64)

    def dealt(self, y: Float64) -> IntArray:
        """What folds are dealt by: chance alone, `[n]` of 0."""
        return np.zeros(len(y), np.int64)

    def stratified(self, column: str) -> str:
        """What `strata` are, in words."""
        return f"fifths of '{column}'"

    def proxy(self, y: Float64) -> Float64:
        """What a ridge regression is to reach, `[n t]`: the numbers, centred and in units of their deviation."""
        return np.asarray((y - y.mean()) / _spread(y))[:, None]

    def guessed(self, guess: Float64, y: Float64) -> Float64:
        """In the label's own unit."""
        return np.asarray(guess * _spread(y) + y.mean())

    def metric(self, y: ArrayLike) -> str:
        """What a verdict is measured in: the mean absolute error."""
        return self.metrics[0]

    def unit(self, y: ArrayLike) -> float:
        """What margins and tolerances are parts of: the standard deviation of the training numbers `[n]`.

        >>> KIND.unit([1.0, 3.0])
        1.0
        """
        return float(np.std(np.asarray(y, np.float64))) or 1.0

    def floor(self, y: Float64, k: int) -> Float64:
        """The median `[1]`, which has the least absolute error."""
        return np.array([np.median(y)])

    def answers(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """`[n 1]` → the predicted numbers `[n]`."""
        return np.asarray(outputs, np.float64)[:, 0]

    def gains(self, outputs: ArrayLike, y: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """How well each example is answered, `[n]`: minus its absolute error."""
        return -np.abs(self.answers(outputs) - np.asarray(y, np.float64))

    def compared(self, outputs: ArrayLike, y: ArrayLike) -> tuple[float, Float64]:
        """What candidates are compared by: minus the mean absolute error, and each example's squared error `[n]`."""
        gain = self.gains(outputs, y)
        return float(gain.mean()), gain**2

    def scores(self, gain: Float64, losses: Float64) -> dict[str, Any]:
        """The fields of a `Trial`, from what `gains` and `compared` gave."""
        found = {"mae": -float(gain.mean()), "rmse": float(np.sqrt(losses.mean()))}
        return {"accuracy": None, "log_loss": None, "scores": found}

    def shown(self, gain: float | None) -> str:
        """The mean absolute error, minus the mean of `gains`, for people."""
        return figures(None if gain is None else -gain)

    def told(self, gain: float | None, loss: float | None = None) -> str:
        """The same in words, with the root of the mean loss behind it, see `compared`.

        >>> KIND.told(-0.412), KIND.told(-0.412, 0.25)
        ('mean absolute error 0.412', 'mean absolute error 0.412, RMSE 0.5')
        """
        said = f"mean absolute error {self.shown(gain)}"
        return said if loss is None else f"{said}, RMSE {figures(loss**0.5)}"

    def said(self, output: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED) -> dict[str, Any]:
        """One row of `decode` as the fields of a prediction.

        >>> KIND.said([0.25], ("score",))
        {'label': None, 'probability': None, 'probabilities': {}, 'value': 0.25}
        """
        return {"label": None, "probability": None, "probabilities": {}, "value": float(np.asarray(output)[0])}

    def columns(self, labels: Sequence[str]) -> list[str]:
        """The columns of a table of predictions, beside the input and the error."""
        return ["value"]

    def worst(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], most: int, decoder: Decoder = UNFITTED
    ) -> list[dict[str, Any]]:
        """The largest errors, largest first: `at` which row, `truth` and `predicted` as text, no `probability`."""
        true, given = np.asarray(y, np.float64), self.answers(outputs)
        order = np.argsort(-np.abs(given - true), kind="stable")[:most]
        return [
            {"at": int(i), "truth": f"{true[i]:.4g}", "predicted": f"{given[i]:.4g}", "probability": None}
            for i in order
        ]

    def judged(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED
    ) -> dict[str, Any]:
        """Columns of the table of judged predictions."""
        return {"value": np.asarray(y, np.float64), "predicted": self.answers(outputs)}

    def decode(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """What a model gives to the outside, `[n 1]`: the numbers themselves."""
        return np.asarray(outputs, np.float64)


def _spread(y: Float64) -> float:
    return max(float(y.std()), 1e-12)


def number(label: str) -> float | None:
    """The finite number that a label is, if it is one.

    >>> number("-0.25"), number("3,5"), number("nan"), number("1_0"), number("three")
    (-0.25, 3.5, None, None, None)
    """
    try:
        value = float(label.replace(",", ".") if COMMA.fullmatch(label) else label)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in label else None


def numbers(prediction: ArrayLike, y: ArrayLike) -> dict[str, float]:
    """Errors of predictions `[n]`: `mae`, `rmse`, `r2` and Pearson's `pearson`.

    The last two are 0 where numbers that never vary leave them without a meaning.

    >>> {name: round(value, 3) for name, value in numbers([1.0, 2.0, 4.0], [1.0, 2.0, 3.0]).items()}
    {'mae': 0.333, 'rmse': 0.577, 'r2': 0.5, 'pearson': 0.982}
    """
    p, t = np.asarray(prediction, np.float64), np.asarray(y, np.float64)
    error, around = p - t, t - t.mean()
    spread = float(np.sqrt((around**2).sum() * ((p - p.mean()) ** 2).sum()))
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": 1 - float((error**2).sum() / (around**2).sum()) if around.any() else 0.0,
        "pearson": float((around * (p - p.mean())).sum()) / spread if spread > 0 else 0.0,
    }


KIND = Regression()
