"""Classification: from class scores to probabilities, and what is measured about them.

In: logits or probabilities `[n k]`, predictions `[n]` and true labels `[n]` as class indices. Out: plain numbers and
rows. Knows no model and no file; temperature scaling is the only thing fitted here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, UsageError
from ..types import Decoder, IntArray, LabelCell
from ._base import UNFITTED, Float64, Kind
from ._temperature import check, lowest
from ._words import percent, with_loss

NEVER = -30.0  # the score of a class that was not seen
IMBALANCE = 3  # where the largest training class is more than so many times the smallest, it is macro-F1


class Classification(Kind):
    """One of `k` classes."""

    name = "classification"
    metrics = ("accuracy", "macro_f1")
    measure = "accuracy"
    gain = "right"
    link = "softmax"
    always = "always the largest class"

    def named(self, cell: LabelCell) -> tuple[str, ...]:
        """The classes that a label's cell names: one."""
        return (str(cell),)

    def read(self, cell: LabelCell, labels: Sequence[str]) -> int:
        """The answer that a label's cell gives: the number of its class."""
        return labels.index(str(cell))

    def truth(self, answer: int, labels: Sequence[str]) -> str:
        """An answer for people: the name of the class."""
        return labels[answer]

    def targets(self, answers: Sequence[int], k: int) -> IntArray:
        """Answers as an array, `[n]`; an answer is the number of its class."""
        return np.array(answers, np.int64)

    def counts(self, answers: Sequence[int], k: int) -> list[int]:
        """How many have each of `k` classes."""
        return list(np.bincount(self.targets(answers, k), minlength=k).tolist())

    def strata(self, y: IntArray) -> IntArray:
        """What splits are stratified by: the class `[n]`."""
        return y

    def stratified(self, column: str) -> str:
        """What `strata` are, in words."""
        return "class"

    def proxy(self, y: IntArray) -> Float64:
        """What a ridge regression is to reach, `[n t]`: a column of 0 and 1 for each class that occurs."""
        return np.asarray(y[:, None] == np.unique(y), np.float64)

    def metric(self, y: ArrayLike) -> str:
        """What a verdict is measured in, by the training labels `[n]`: macro-F1 where the classes are imbalanced.

        Imbalanced: the largest training class holds more than `IMBALANCE` times as many examples as the smallest.
        Accuracy then says little about the smaller classes.

        >>> KIND.metric([0, 0, 0, 1]), KIND.metric([0, 0, 0, 0, 1])
        ('accuracy', 'macro_f1')
        """
        counts = np.bincount(np.asarray(y, dtype=np.int64))
        return self.metrics[bool(counts.max() > IMBALANCE * counts[counts > 0].min())]

    def floor(self, y: IntArray, k: int) -> Float64:
        """Log of each class's share `[k]`."""
        counts = np.bincount(y, minlength=k)
        return np.asarray(np.log(counts / counts.sum(), out=np.full(k, NEVER), where=counts > 0))

    def training_loss(self, smoothing: float = 0.0, weight: ArrayLike | None = None) -> Callable[[Any, Any], Any]:
        """What networks learn by: (logits [b k], classes [b] or shares [b k]) → cross-entropy.

        Args:
            smoothing: share of each example that is spread over all classes.
            weight: of each class [k].
        """
        import torch

        weights = None if weight is None else torch.from_numpy(np.asarray(weight, np.float32))
        loss: Callable[[Any, Any], Any] = torch.nn.CrossEntropyLoss(weights, label_smoothing=smoothing)
        return loss

    def answers(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> IntArray:
        """`[n k]` → the class of the highest score `[n]`, whatever the temperature."""
        return np.asarray(np.asarray(outputs).argmax(axis=1), np.int64)

    def gains(self, outputs: ArrayLike, y: ArrayLike, decoder: Decoder = UNFITTED) -> NDArray[np.bool_]:
        """How well each example is answered, `[n]`: right or wrong."""
        return np.asarray(self.answers(outputs) == np.asarray(y))

    def compared(self, outputs: ArrayLike, y: ArrayLike) -> tuple[float, Float64]:
        """What candidates are compared by: accuracy, and each picture's log-loss `[n]` after temperature scaling.

        The temperature is fitted to labels that doubt every answer by half an error in n, whether all are right or not:
        huge logits then win nothing by being huge, and a head that is right throughout is not ranked behind one that
        errs once (`temperature`, which ships, doubts only the former, and more).

        >>> small, huge = (KIND.compared([[z, 0.0], [0.0, z], [z, 0.0]], [0, 1, 0])[1].mean() for z in (4.0, 400.0))
        >>> bool(abs(small - huge) < 1e-4)
        True
        """
        scores = np.asarray(outputs, dtype=np.float64)
        n, k = scores.shape
        doubt = 1 / (2 * n)
        target = np.full((n, k), doubt / (k - 1))
        target[np.arange(n), _labels(y, n)] = 1 - doubt
        losses = per_picture_loss(softmax(scores, _best_temperature(scores, target)), y)
        return accuracy(scores.argmax(1), y), losses

    def scores(self, gain: NDArray[np.bool_], losses: Float64) -> dict[str, Any]:
        """The fields of a `Trial`, from what `gains` and `compared` gave."""
        return {"accuracy": float(gain.mean()), "log_loss": float(losses.mean())}

    def shown(self, gain: float | None) -> str:
        """The mean of `gains` for people."""
        return percent(gain)

    def told(self, gain: float | None, loss: float | None = None) -> str:
        """The same in words, with the mean loss behind it, see `compared`.

        >>> KIND.told(0.945), KIND.told(0.945, 0.21)
        ('94.5 % right', '94.5 % right, log-loss 0.210')
        """
        return with_loss(f"{self.shown(gain)} right", loss)

    def said(self, output: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED) -> dict[str, Any]:
        """One row of `decode` as the fields of a prediction.

        >>> KIND.said([0.25, 0.75], ("ant", "bee"))
        {'label': 'bee', 'probability': 0.75, 'probabilities': {'ant': 0.25, 'bee': 0.75}}
        """
        row = np.asarray(output)
        best = int(row.argmax())
        named = {label: float(p) for label, p in zip(labels, row, strict=True)}
        return {"label": labels[best], "probability": float(row[best]), "probabilities": named}

    def columns(self, labels: Sequence[str]) -> list[str]:
        """The columns of a table of predictions, beside the input and the error."""
        return ["label", "probability", *(f"p({label})" for label in labels)]

    def worst(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], most: int, decoder: Decoder = UNFITTED
    ) -> list[dict[str, Any]]:
        """The most confident wrong answers, worst first: `at` which row, `truth`, `predicted`, `probability`."""
        true, guess, sure = np.asarray(y), outputs.argmax(1), outputs.max(1)
        wrong = [int(i) for i in np.argsort(-sure, kind="stable") if guess[i] != true[i]][:most]
        return [
            {"at": i, "truth": labels[true[i]], "predicted": labels[guess[i]], "probability": float(sure[i])}
            for i in wrong
        ]

    def judged(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED
    ) -> dict[str, Any]:
        """Columns of the table of judged predictions: label, predicted, and one of probabilities a class."""
        found: dict[str, Any] = {"label": [labels[i] for i in np.asarray(y)]}
        found["predicted"] = [labels[i] for i in outputs.argmax(1)]
        return found | {f"p({label})": outputs[:, i] for i, label in enumerate(labels)}

    def decode(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """What a model gives to the outside, `[n k]`: probabilities."""
        return softmax(outputs, decoder.get("temperature", 1.0))

    def fit_decoder(self, outputs: ArrayLike, y: ArrayLike) -> Decoder:
        """The temperature."""
        return {"temperature": temperature(outputs, y)}


def softmax(logits: ArrayLike, temperature: float = 1.0) -> Float64:
    """Class probabilities of `logits / temperature`.

    Args:
        logits: `[n k]`, any real scores.
        temperature: above 1 softens, below 1 sharpens; the order of the classes stays.

    Returns:
        `[n k]`, each row sums to 1.

    Raises:
        UsageError: the temperature is not a positive number.

    >>> softmax([[0.0, 0.0], [0.0, 1000.0]]).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    check(temperature)
    z = np.asarray(logits, dtype=np.float64) / temperature
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))


def log_loss(probabilities: ArrayLike, y: ArrayLike) -> float:
    """Mean negative log probability of the true class, in nats; a probability of 0 counts as the smallest step, 2e-16.

    Args:
        probabilities: `[n k]`.
        y: `[n]` true classes.

    >>> round(log_loss([[0.5, 0.5], [0.0, 1.0]], [0, 1]), 4)
    0.3466
    """
    return float(per_picture_loss(probabilities, y).mean())


def per_picture_loss(probabilities: ArrayLike, y: ArrayLike) -> Float64:
    """The terms of `log_loss`: `[n k]`, `[n]` → `[n]`, in nats."""
    p = np.asarray(probabilities, dtype=np.float64)
    true = _labels(y, len(p))
    return -np.log(np.clip(p[np.arange(len(p)), true], np.finfo(np.float64).eps, 1.0))


def accuracy(prediction: ArrayLike, y: ArrayLike) -> float:
    """Share of the predictions that are right, 0..1.

    >>> accuracy([0, 1, 1, 1], [0, 1, 1, 0])
    0.75
    """
    given = np.asarray(prediction)
    return float((given == _labels(y, len(given))).mean())


def confusion(prediction: ArrayLike, y: ArrayLike, k: int) -> IntArray:
    """Counts `[k k]`: row = true class, column = predicted class.

    Raises:
        DataError: a label or prediction is not in 0..k−1.

    >>> confusion([0, 1, 1], [0, 0, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    given = np.asarray(prediction, dtype=np.int64)
    true = _labels(y, len(given))
    for what, values in (("label", true), ("prediction", given)):
        if values.min() < 0 or values.max() >= k:
            wrong = int(values.min() if values.min() < 0 else values.max())
            raise DataError(f"A {what} is {wrong}; with {k} classes it must be 0 to {k - 1}. Check the list of labels.")
    return np.bincount(true * k + given, minlength=k * k).reshape(k, k).astype(np.int64)


def per_class(prediction: ArrayLike, y: ArrayLike, labels: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """One row a class: `label`, `n` (true), `given`, `precision`, `recall`, `f1`; a division by zero gives 0.

    >>> per_class([0, 1, 1], [0, 0, 1], ("ant", "bee"))[0]
    {'label': 'ant', 'n': 2, 'given': 1, 'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666}
    """
    table = confusion(prediction, y, len(labels))
    hits, true, given = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    precision, recall, f1 = _share(hits, given), _share(hits, true), _share(2 * hits, true + given)
    return tuple(
        {
            "label": label,
            "n": int(true[i]),
            "given": int(given[i]),
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
        }
        for i, label in enumerate(labels)
    )


def macro_f1(prediction: ArrayLike, y: ArrayLike, k: int) -> float:
    """Mean F1 over the classes that occur in truth or predictions, each of the same weight.

    >>> round(macro_f1([0, 1, 1], [0, 0, 1], 9), 4)
    0.6667
    """
    rows = per_class(prediction, y, [""] * k)
    return float(np.mean([row["f1"] for row in rows if row["n"] or row["given"]]))


def temperature(logits: ArrayLike, y: ArrayLike) -> float:
    """The temperature that makes `softmax(logits, temperature)` fit the labels best.

    Minimises the log-loss by a bounded search on log T (Guo et al. 2017, On Calibration of Modern Neural Networks).
    The bounds are multiples of the logits' mean distance from their row's highest, so that the answer does not depend
    on the unit a strategy counts its scores in. Logits that say nothing (all equal) get 1.
    When every answer is right the log-loss falls for ever as T → 0; the labels are then smoothed to (n + 1) / (n + 2),
    the rule of succession, what is left being shared by the other classes: n right answers never become certainty. (Of
    two classes that is Platt 1999; one more example of each of k classes would doubt them the more, the larger k.)

    Args:
        logits: `[n k]`, of data that the model was not fitted to.
        y: `[n]` true classes.

    >>> T = temperature([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]], [0, 0, 0, 1])  # 75 % right, ln 3 = 1.0986
    >>> round(4.0 / T, 3)
    1.099
    """
    z = np.asarray(logits, dtype=np.float64)
    n, k = z.shape
    true = _labels(y, n)
    target = np.zeros((n, k))
    target[np.arange(n), true] = 1.0
    if (z.argmax(axis=1) == true).all():
        target = np.where(target > 0, (n + 1) / (n + 2), 1 / (n + 2) / (k - 1))
    return _best_temperature(z, target)


def _best_temperature(logits: Float64, target: Float64) -> float:
    """The temperature of the lowest mean cross-entropy to `target` `[n k]`, whose rows sum to 1."""
    z = logits - logits.max(axis=1, keepdims=True)

    def loss(t: float) -> float:
        scaled = z / t
        return float((np.log(np.exp(scaled).sum(axis=1)) - (target * scaled).sum(axis=1)).mean())

    return lowest(loss, -float(z.mean()))


def _labels(y: ArrayLike, n: int) -> IntArray:
    true = np.asarray(y, dtype=np.int64)
    if n == 0 or true.shape != (n,):
        raise UsageError(
            f"{n} predictions came with labels of shape {true.shape}; one label for each of one or more predictions "
            "is needed. Pass the two in the same order."
        )
    return true


def _share(part: IntArray, whole: IntArray) -> Float64:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


KIND = Classification()
