"""Several labels an example, or none: from scores to probabilities and label sets, and what is measured about them.

In: logits or probabilities `[n k]`, true label sets `[n k]` of 0 and 1. Out: plain numbers and rows. Each label is a
decision of its own: a sigmoid with one temperature, and one threshold on the probability from which on it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..types import Decoder, IntArray, LabelCell, in_order
from ._base import UNFITTED, Float64, Kind
from ._temperature import check, lowest
from ._words import number, with_loss

if TYPE_CHECKING:
    from collections.abc import Callable

EVEN = 0.5
THRESHOLDS = np.arange(1, 20) / 20  # what `threshold` searches
JOINED = "; "  # between the labels of an example, where they are one text


class Multilabel(Kind):
    """Several labels an example, or none."""

    name = "multilabel"
    metrics = ("micro_f1", "macro_f1")
    measure = "micro-F1"
    gain = "F1"
    link = "sigmoid"
    always = "always the same labels"

    def named(self, cell: LabelCell) -> tuple[str, ...]:
        """The labels that a cell names."""
        return (cell,) if isinstance(cell, str) else cell

    def read(self, cell: LabelCell, labels: Sequence[str]) -> tuple[int, ...]:
        """The answer that a label's cell gives: the numbers of its labels."""
        return tuple(sorted(map(labels.index, self.named(cell))))

    def merged(self, cells: Sequence[LabelCell], join: bool = False) -> LabelCell | None:
        """What the cells of one example say together, all of it with `join`; else None where they differ.

        >>> KIND.merged([("ant",), ("bee",)]), KIND.merged([("bee",), ("ant",)], join=True)
        (None, ('ant', 'bee'))
        """
        if join:
            return in_order(name for cell in cells for name in self.named(cell))
        return cells[0] if len(set(cells)) == 1 else None

    def truth(self, answer: Sequence[int], labels: Sequence[str]) -> list[str]:
        """An answer for people: the names of the labels that apply."""
        return [labels[at] for at in answer]

    def targets(self, answers: Sequence[tuple[int, ...]], k: int) -> IntArray:
        """Which labels apply, `[n k]` of 0 and 1; an answer is a tuple of the numbers of its labels."""
        found = np.zeros((len(answers), k), np.int64)
        for row, answer in zip(found, answers, strict=True):
            row[list(answer)] = 1
        return found

    def counts(self, answers: Sequence[tuple[int, ...]], k: int) -> list[int]:
        """How many have each of `k` labels."""
        return list(self.targets(answers, k).sum(0).tolist())

    def strata(self, y: IntArray) -> IntArray:
        """What splits are stratified by: all labels `[n k]`."""
        return y

    def stratified(self, column: str) -> str:
        """What `strata` are, in words."""
        return "label, rare ones first"

    def proxy(self, y: IntArray) -> Float64:
        """What a ridge regression is to reach, `[n t]`: which labels apply."""
        return np.asarray(y, np.float64)

    def guessed(self, guess: Float64, y: IntArray) -> Float64:
        """Scores, 0 where a guess at 0 and 1 is one half."""
        return guess - EVEN

    def metric(self, y: ArrayLike) -> str:
        """What a verdict is measured in: micro-F1."""
        return self.metrics[0]

    def floor(self, y: IntArray, k: int) -> Float64:
        """Scores `[k]`, above 0 for the labels of the best set: log-odds of the shares, moved by one number."""
        often, best = y.sum(0), constant(y) == 1
        odds = np.log((often + 0.5) / (len(y) - often + 0.5))
        lowest = odds[best].min(initial=odds.max() + 2)
        highest = odds[~best].max(initial=odds.min() - 2)
        return np.asarray(odds - (lowest + highest) / 2)

    def training_loss(self, smoothing: float = 0.0, weight: ArrayLike | None = None) -> Callable[[Any, Any], Any]:
        """What networks learn by: (logits [b k], labels or shares [b k]) → binary cross-entropy, summed over labels.

        Args:
            smoothing: every label is doubted by half of it.
            weight: of classes; several labels know none.

        Raises:
            UsageError: weights were given.
        """
        from torch.nn.functional import binary_cross_entropy_with_logits

        if weight is not None:
            raise UsageError("Weights of classes were given for several labels an example; leave them out.")

        def loss(logits: Any, y: Any) -> Any:  # noqa: ANN401 - tensors
            target = y.float() * (1 - smoothing) + smoothing / 2
            return binary_cross_entropy_with_logits(logits, target, reduction="none").sum(1).mean()

        return loss

    def answers(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> IntArray:
        """`[n k]` → which labels are given, `[n k]` of 0 and 1."""
        return given(self.decode(outputs, decoder), _threshold(decoder))

    def gains(self, outputs: ArrayLike, y: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """How well each example is answered, `[n]`: its F1, 2 · shared / (true + given); 1 where both are empty.

        >>> KIND.gains([[1, 1, -1], [-1, -1, -1]], [[1, 0, 0], [0, 0, 0]]).round(3).tolist()
        [0.667, 1.0]
        """
        guess, true = self.answers(outputs, decoder), np.asarray(y)
        total = (guess + true).sum(1)
        return np.asarray(np.divide(2.0 * (guess * true).sum(1), total, out=np.ones(len(total)), where=total > 0))

    def compared(self, outputs: ArrayLike, y: ArrayLike) -> tuple[float, Float64]:
        """What candidates are compared by: mean F1 of an example, and each one's mean log-loss over the labels `[n]`.

        As for classes after temperature scaling, fitted to labels that doubt each decision by half an error in n.
        """
        z = np.asarray(outputs, np.float64)
        doubt = 1 / (2 * len(z))
        scaled = sigmoid(z, _best_temperature(z, _doubted(y, doubt)))
        return float(self.gains(z, y).mean()), log_losses(scaled, y)

    def scores(self, gain: Float64, losses: Float64) -> dict[str, Any]:
        """The fields of a `Trial`, from what `gains` and `compared` gave; `accuracy`: the share wholly right."""
        loss = float(losses.mean())
        return {
            "accuracy": float((gain == 1).mean()),
            "log_loss": loss,
            "scores": {"example_f1": float(gain.mean()), "log_loss": loss},
        }

    def shown(self, gain: float | None) -> str:
        """The mean of `gains`, the F1 of an example, for people."""
        return number(gain)

    def told(self, gain: float | None, loss: float | None = None) -> str:
        """The same in words, with the mean loss behind it, see `compared`.

        >>> KIND.told(0.812), KIND.told(0.812, 0.21)
        ('F1 0.812', 'F1 0.812, log-loss 0.210')
        """
        return with_loss(f"F1 {self.shown(gain)}", loss)

    def said(self, output: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED) -> dict[str, Any]:
        """One row of `decode` as the fields of a prediction.

        `probability` is that of the least probable label given; where none is, that the most probable one does not
        apply.

        >>> KIND.said([0.25, 0.75, 0.875], ("ant", "bee", "cat"))["label"]
        'bee; cat'
        >>> KIND.said([0.25, 0.125], ("ant", "bee"))["probability"]
        0.75
        """
        row = np.asarray(output, np.float64)
        marks = given(row, _threshold(decoder))
        found = chosen(marks, labels)
        return {
            "label": JOINED.join(found),
            "probability": float(row[marks == 1].min() if found else 1 - row.max()),
            "probabilities": {label: float(p) for label, p in zip(labels, row, strict=True)},
            "labels": tuple(found),
        }

    def columns(self, labels: Sequence[str]) -> list[str]:
        """The columns of a table of predictions, beside the input and the error."""
        return ["label", "probability", *(f"p({label})" for label in labels)]

    def worst(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], most: int, decoder: Decoder = UNFITTED
    ) -> list[dict[str, Any]]:
        """The wrong label sets, largest loss first: `at` which row, `truth`, `predicted`, `probability`."""
        true, guess = np.asarray(y), given(outputs, _threshold(decoder))
        order = np.argsort(-log_losses(outputs, true), kind="stable")
        wrong = [int(i) for i in order if (guess[i] != true[i]).any()][:most]
        return [
            {
                "at": i,
                "truth": _shown(true[i], labels),
                "predicted": _shown(guess[i], labels),
                "probability": self.said(outputs[i], labels, decoder)["probability"],
            }
            for i in wrong
        ]

    def judged(
        self, outputs: Float64, y: ArrayLike, labels: Sequence[str], decoder: Decoder = UNFITTED
    ) -> dict[str, Any]:
        """Columns of the table of judged predictions: label, predicted (each joined), and probabilities."""
        found: dict[str, Any] = {"label": [JOINED.join(chosen(row, labels)) for row in np.asarray(y)]}
        found["predicted"] = [JOINED.join(chosen(row, labels)) for row in given(outputs, _threshold(decoder))]
        return found | {f"p({label})": outputs[:, i] for i, label in enumerate(labels)}

    def decode(self, outputs: ArrayLike, decoder: Decoder = UNFITTED) -> Float64:
        """What a model gives to the outside, `[n k]`: the probability that each label applies."""
        return sigmoid(outputs, decoder.get("temperature", 1.0))

    def fit_decoder(self, outputs: ArrayLike, y: ArrayLike) -> Decoder:
        """The temperature, and the threshold."""
        scale = temperature(outputs, y)
        return {"temperature": scale, "threshold": threshold(outputs, y, scale)}


def sigmoid(logits: ArrayLike, temperature: float = 1.0) -> Float64:
    """The probability of each label, of `logits / temperature`, `[n k]`.

    Raises:
        UsageError: the temperature is not a positive number.

    >>> sigmoid([[0.0, 1000.0]]).tolist()
    [[0.5, 1.0]]
    """
    from scipy.special import expit

    check(temperature)
    return np.asarray(expit(np.asarray(logits, np.float64) / temperature))


def _threshold(decoder: Decoder) -> float:
    return float(decoder.get("threshold", EVEN))


def given(probabilities: ArrayLike, threshold: float = EVEN) -> IntArray:
    """Which labels are probable enough, `[n k]` (or `[k]`) of 0 and 1."""
    return (np.asarray(probabilities, np.float64) >= threshold).astype(np.int64)


def log_losses(probabilities: ArrayLike, y: ArrayLike) -> Float64:
    """Each example's mean binary cross-entropy over the labels, `[n]`, in nats.

    >>> log_losses([[0.5, 0.5]], [[0, 1]]).round(4).tolist()
    [0.6931]
    """
    p, true = np.asarray(probabilities, np.float64), np.asarray(y)
    right = np.where(true == 1, p, 1 - p)
    return np.asarray(-np.log(np.clip(right, np.finfo(np.float64).eps, 1.0)).mean(1))


def temperature(logits: ArrayLike, y: ArrayLike) -> float:
    """The temperature that makes the sigmoids fit the labels best: the lowest log-loss of all decisions.

    Where every decision is right, each is doubted by the rule of succession, (n + 1) / (n + 2), as for classes.

    Args:
        logits: `[n k]`, of data that the model was not fitted to.
        y: `[n k]` true labels.

    >>> T = temperature([[4.0], [4.0], [4.0], [4.0]], [[1], [1], [1], [0]])  # 75 % right, ln 3 = 1.0986
    >>> round(4.0 / T, 3)
    1.099
    """
    z, true = np.asarray(logits, np.float64), np.asarray(y)
    sure = bool(((z >= 0) == (true == 1)).all())
    return _best_temperature(z, _doubted(true, 1 / (len(z) + 2) if sure else 0.0))


def threshold(logits: ArrayLike, y: ArrayLike, temperature: float = 1.0) -> float:
    """The probability from which on a label is given: that of the highest micro-F1, where it clearly beats one half.

    One half is right for the fewest wrong decisions; for F1 the best is half of the F1 that can be reached (Lipton,
    Elkan & Naryanaswamy 2014), thus below. "Clearly": by more than one standard error of the paired difference, for on
    few examples the best of many thresholds is mostly luck. The probabilities themselves stay calibrated.

    Args:
        logits: `[n k]`, of data that the model was not fitted to.
        y: `[n k]` true labels.
        temperature: of the probabilities.
    """
    p, true = sigmoid(logits, temperature), np.asarray(y, np.int64)
    found = [micro_parts(given(p, t), true) for t in THRESHOLDS]
    even = micro_parts(given(p), true)
    best = max(range(len(found)), key=lambda i: (found[i].mean(), -abs(THRESHOLDS[i] - EVEN)))
    gap = found[best] - even
    error = float(gap.std(ddof=1)) / len(gap) ** 0.5 if len(gap) > 1 else 0.0
    return float(THRESHOLDS[best]) if len(gap) > 1 and gap.mean() > error > 0 else EVEN


def constant(y: NDArray[Any]) -> IntArray:
    """The one label set `[k]` that, given to all, has the highest micro-F1 on `y` `[n k]`: the most frequent labels.

    Labels that are as frequent stand together: where one betters micro-F1, so does the next.

    >>> constant(np.array([[1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 1]])).tolist()
    [1, 1, 0]
    """
    often = y.sum(0)
    falling, many = np.sort(often)[::-1], np.arange(1, y.shape[1] + 1)
    best = int((falling.cumsum() / np.maximum(many * len(y) + often.sum(), 1)).argmax())
    return np.asarray((often >= max(falling[best], 1)).astype(np.int64))


def micro_parts(answers: ArrayLike, y: ArrayLike) -> Float64:
    """What each example adds to micro-F1, to first order, `[n]`: their mean is micro-F1, 2 TP / (true + given).

    F1 moves by (2 dTP − F1 d(true + given)) / (true + given); an example's part is n times its own.

    >>> micro_parts([[1, 0], [1, 1]], [[1, 1], [1, 0]]).mean().round(3).item()
    0.667
    """
    guess, true = np.asarray(answers, np.float64), np.asarray(y, np.float64)
    hits, size = (guess * true).sum(1), (guess + true).sum(1)
    total = max(size.sum(), 1.0)
    f1 = 2 * hits.sum() / total
    return np.asarray(f1 + len(hits) / total * (2 * hits - f1 * size))


def per_label(answers: ArrayLike, y: ArrayLike, labels: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """One row a label: `label`, `n` (true), `given`, `precision`, `recall`, `f1`; a division by zero gives 0.

    >>> per_label([[1, 0], [1, 1]], [[1, 1], [0, 1]], ("cat", "dog"))[0]
    {'label': 'cat', 'n': 1, 'given': 2, 'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    guess, true = np.asarray(answers, np.int64), np.asarray(y, np.int64)
    rows = zip(labels, (guess * true).sum(0).tolist(), true.sum(0).tolist(), guess.sum(0).tolist(), strict=True)
    return tuple(
        {
            "label": label,
            "n": n,
            "given": said,
            "precision": hits / said if said else 0.0,
            "recall": hits / n if n else 0.0,
            "f1": 2 * hits / (n + said) if n + said else 0.0,
        }
        for label, hits, n, said in rows
    )


def chosen(marks: ArrayLike, labels: Sequence[str]) -> list[str]:
    """The labels that apply, of marks `[k]`."""
    return [label for label, mark in zip(labels, np.asarray(marks).tolist(), strict=True) if mark]


def _shown(marks: ArrayLike, labels: Sequence[str]) -> str:
    return JOINED.join(chosen(marks, labels)) or "none of them"


def _doubted(y: ArrayLike, doubt: float) -> Float64:
    return np.asarray(np.where(np.asarray(y) == 1, 1 - doubt, doubt), np.float64)


def _best_temperature(logits: Float64, target: Float64) -> float:
    """The temperature of the lowest mean binary cross-entropy to `target` `[n k]`."""

    def loss(t: float) -> float:
        z = logits / t
        return float((np.logaddexp(0.0, z) - target * z).mean())

    return lowest(loss, float(np.abs(logits).mean()))


KIND = Multilabel()
