"""A tag for every step: answers as long as the example, "slow slow fast", a list, or the name of a file in a cell."""

from __future__ import annotations

import json

import numpy as np

from ..errors import DataError, UsageError
from ._base import UNFITTED, Kind, ragged
from ._words import percent


class Tags(Kind):
    """An answer is a tuple of tag numbers, one a step; outputs are scores [t k] of each example.

    One row of scores [1 k] stands for every step, as from who does not look at the example.
    """

    name = "tags"
    metrics = ("steps_right",)
    measure = "steps right"
    gain = "steps right"
    link = "softmax of each step"
    always = "always the largest tag"
    calibrated = False
    structured = True

    def cell(self, value, folder):
        """Also a file of tags."""
        text = super().cell(value, folder)
        return (folder / text).read_text() if text and text.endswith(".tags") else text

    def named(self, cell):
        return tuple(dict.fromkeys(_cut(cell)))

    def read(self, cell, labels):
        try:
            return tuple(map(labels.index, _cut(cell)))
        except ValueError as error:
            raise DataError(f"'{cell}' has a tag that is none of {', '.join(labels)}. Repair it.") from error

    def truth(self, answer, labels):
        return [labels[at] for at in answer]

    def targets(self, answers, k):
        return ragged([np.array(answer, np.int64) for answer in answers])

    def counts(self, answers, k):
        return [sum(at in answer for answer in answers) for at in range(k)]

    def strata(self, y):
        return np.array([np.bincount(tags).argmax() for tags in y], np.int64)

    def stratified(self, column):
        return "most frequent tag"

    def proxy(self, y):
        k = 1 + max(int(tags.max()) for tags in y)
        return np.array([np.bincount(tags, minlength=k) / len(tags) for tags in y])

    def guessed(self, guess, y):
        return ragged([row[None] for row in guess])

    def metric(self, y):
        return self.metrics[0]

    def floor(self, y, k):
        return np.bincount(np.concatenate(list(y)), minlength=k)[None] / sum(map(len, y))

    def check(self, outputs, n, k, who):
        if len(outputs) != n or any(np.ndim(row) != 2 or np.shape(row)[1] != k for row in outputs):
            raise UsageError(f"Strategy '{who}' must give scores [t {k}] for each of {n} examples.")
        return ragged([np.asarray(row, np.float64) for row in outputs])

    def decode(self, outputs, decoder=UNFITTED):
        return ragged(list(outputs))

    def answers(self, outputs, decoder=UNFITTED):
        return ragged([np.asarray(row).argmax(1) for row in outputs])

    def gains(self, outputs, y, decoder=UNFITTED):
        return np.array([(given == tags).mean() for given, tags in zip(self.answers(outputs), y, strict=True)])

    def compared(self, outputs, y):
        losses = []
        for row, tags in zip(outputs, y, strict=True):
            true = np.eye(np.shape(row)[1])[tags]
            losses.append(float(((row - true) ** 2).sum(1).mean()))  # Brier's, as the scores are shares
        return float(self.gains(outputs, y).mean()), np.array(losses)

    def scores(self, gain, losses):
        return {"accuracy": None, "log_loss": None, "scores": {"steps_right": float(gain.mean())}}

    def shown(self, gain):
        return percent(gain)

    def told(self, gain, loss=None):
        return f"{percent(gain)} of the steps right"

    def said(self, output, labels, decoder=UNFITTED):
        return {"tags": [labels[at] for at in output.argmax(1)]}

    def columns(self, labels):
        return ["tags"]

    def worst(self, outputs, y, labels, most, decoder=UNFITTED):
        gains, given = self.gains(outputs, y), self.answers(outputs)
        return [
            {"at": int(i), "truth": _shown(y[i], labels), "predicted": _shown(given[i], labels), "probability": None}
            for i in np.argsort(gains, kind="stable")[:most]
            if gains[i] < 1
        ]

    def judged(self, outputs, y, labels, decoder=UNFITTED):
        given = self.answers(outputs)
        return {"tags": [_shown(t, labels) for t in y], "predicted": [_shown(t, labels) for t in given]}


def _cut(cell):
    """A printed list, or tags with blanks between."""
    return json.loads(cell) if cell.startswith("[") else cell.split()


def _shown(tags, labels):
    return " ".join(labels[at] for at in tags)


KIND = Tags()
