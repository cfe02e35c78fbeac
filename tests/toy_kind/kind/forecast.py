"""The next three values of a series, from what is said of it: answers of several numbers, a list in a cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import Decoder, LabelCell
from ._base import UNFITTED, Float64, Kind

STEPS = 3


class Forecast(Kind):
    """`[n h]` numbers."""

    name = "forecast"
    metrics = ("step_error",)
    measure = "error of a step"
    gain = "error"
    link = "identity"
    always = "always the same forecast"
    classes = calibrated = False
    structured = True

    def named(self, cell: LabelCell) -> tuple[str, ...]:
        return ()

    def read(self, cell: LabelCell, labels: Sequence[str]) -> tuple[float, ...]:
        return tuple(map(float, json.loads(str(cell))))

    def truth(self, answer: tuple[float, ...], labels: Sequence[str]) -> list[float]:
        return list(answer)

    def targets(self, answers: Sequence[tuple[float, ...]], k: int) -> Float64:
        return np.array(answers, np.float64).reshape(len(answers), STEPS)

    def strata(self, y: Float64) -> NDArray[np.int64]:
        return np.zeros(len(y), np.int64)

    def stratified(self, column: str) -> str:
        return "nothing"

    def proxy(self, y: Float64) -> Float64:
        return y

    def metric(self, y: Float64) -> str:
        return self.metrics[0]

    def unit(self, y: Float64) -> float:
        return float(y.std())

    def floor(self, y: Float64, k: int) -> Float64:
        return np.median(y, axis=0)

    def check(self, outputs: NDArray[Any], n: int, k: int, who: str) -> Float64:
        return super().check(outputs, n, STEPS, who)

    def decode(self, outputs: NDArray[Any], decoder: Decoder = UNFITTED) -> Float64:
        return np.asarray(outputs, np.float64)

    def answers(self, outputs: NDArray[Any], decoder: Decoder = UNFITTED) -> Float64:
        return np.asarray(outputs, np.float64)

    def gains(self, outputs: NDArray[Any], y: Float64, decoder: Decoder = UNFITTED) -> Float64:
        return -np.abs(outputs - y).mean(1)

    def compared(self, outputs: NDArray[Any], y: Float64) -> tuple[float, Float64]:
        return float(self.gains(outputs, y).mean()), ((outputs - y) ** 2).mean(1)

    def scores(self, gain: Float64, losses: Float64) -> dict[str, Any]:
        return {"accuracy": None, "log_loss": None, "scores": {"step_error": -float(gain.mean())}}

    def shown(self, gain: float | None) -> str:
        return "–" if gain is None else f"{-gain:.3g}"

    def told(self, gain: float | None, loss: float | None = None) -> str:
        return f"error of a step {self.shown(gain)}"

    def said(self, output: Float64, labels: Sequence[str], decoder: Decoder = UNFITTED) -> dict[str, Any]:
        return dict(zip(self.columns(labels), map(float, output), strict=True))

    def columns(self, labels: Sequence[str]) -> list[str]:
        return [f"step {at + 1}" for at in range(STEPS)]

    def worst(
        self, outputs: Float64, y: Float64, labels: Sequence[str], most: int, decoder: Decoder = UNFITTED
    ) -> list[dict[str, Any]]:
        order = np.argsort(self.gains(outputs, y), kind="stable")[:most]
        return [
            {"at": int(i), "truth": str(y[i]), "predicted": str(outputs[i].round(2)), "probability": None}
            for i in order
        ]

    def judged(
        self, outputs: Float64, y: Float64, labels: Sequence[str], decoder: Decoder = UNFITTED
    ) -> dict[str, Any]:
        return {"truth": list(map(str, y)), "predicted": list(map(str, outputs))}


KIND = Forecast()
