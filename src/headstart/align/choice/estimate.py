"""How good a model will be on the target, from its answers there and no label.

Three ways, each from a paper. *Confidence*: average thresholded confidence. *Difference*: how much less sure it is than
on the source's rows. *Agreement*: how much less it agrees with models of other representations than there. Where there
is another representation, the estimate is agreement by three quarters and confidence by one, else the mean of the first
two.

Weights and widths were fixed on the pairs of `benchmarks/adapt/development_pairs.py` and `development_embedded.py`,
none of which judges them. Of what is handed out there (`development.py` prints it; 231 cases) the mean absolute error
is 6.8 points, the median 4.0, the mean +3.6; the 90 % interval holds the truth in 93 %, in 90 % where a family of pairs
sets no width; its median width is 26 points. Without another representation: 12.7, 10.1, +11.9; 86 %, 85 %; 27.

No estimate without labels sees a changed rule: like rows, other answers. On the pairs that are such as far as we know
(hospitals; clouds turned or with another rule; wines) it errs by 21 points and the interval holds in 56 %. They set no
width and are not in the numbers above. Where the only other representation is poor there (words across languages), it
is far too low: that one loses more than the model does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kind.classification import softmax, temperature
from .evidence import TINY, Shown, information

Float64 = NDArray[np.float64]

AGREEMENT = 0.75  # its part in the estimate; the rest is confidence
NARROW = (0.16, 0.3, 0.4)  # width below where nothing is lost, and a part of what is lost: below, above
WIDE = (0.16, 0.7, 0.6)  # without another representation
BLIND = 4.0  # a view that keeps so many times less of its information than the chosen model tells nothing of it
SURE = 1.645  # standard errors of a 90 % interval
SETTLED, ERRORS = 0.03, 1.96  # "needed": ± 3 points at 95 %


@dataclass(frozen=True)
class Estimated:
    """Accuracy on the target, estimated.

    Attributes:
        value: the estimate, 0 … 1.
        low: lower end of its 90 % interval.
        high: upper end.
        parts: what each way of estimating says, by name: "source" (accuracy there), "confidence", "difference", and
            "agreement" where another representation is there.
        needed: labelled target examples with which the accuracy would be known to ± 3 points, at 95 %.
    """

    value: float
    low: float
    high: float
    parts: Mapping[str, float]
    needed: int


def estimate(chosen: Shown, others: Sequence[Shown]) -> Estimated:
    """Accuracy of a candidate on the target.

    Args:
        chosen: the candidate.
        others: all candidates, itself among them or not.

    Raises:
        ValueError: some of its probabilities are no numbers.
    """
    if not chosen.finite:
        raise ValueError(f"{chosen.method} on {chosen.representation} has probabilities that are no numbers.")
    right = chosen.right
    source = float(right.mean())
    valid, target = _calibrated(chosen)
    parts = {
        "source": source,
        "confidence": thresholded(valid, right, target),
        "difference": difference(valid, right, target),
    }
    views = independent(chosen, others)
    if views:
        parts["agreement"] = agreeing(chosen, views)
        value = AGREEMENT * parts["agreement"] + (1 - AGREEMENT) * parts["confidence"]
    else:
        value = (parts["confidence"] + parts["difference"]) / 2
    low, high = interval(value, abs(source - value), len(valid), len(target), NARROW if views else WIDE)
    return Estimated(value, low, high, parts, needed(value))


def thresholded(valid: NDArray[Any], right: NDArray[np.bool_], target: NDArray[Any]) -> float:
    """Share of target rows that are surer than a threshold, above which lie as many source rows as are named rightly.

    PAPER: Garg et al. 2022, Leveraging Unlabeled Data to Predict Out-of-Distribution Performance (ATC).

    Args:
        valid: probabilities [v k] of source rows.
        right: whether each is named rightly [v].
        target: probabilities [m k].

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> thresholded(p, np.array([True, True, True, False]), p[2:])
    0.5
    """
    sure = np.sort(valid.max(1))
    wrong = len(right) - int(right.sum())
    threshold = sure[wrong] if wrong < len(sure) else np.inf
    return float((target.max(1) >= threshold).mean())


def difference(valid: NDArray[Any], right: NDArray[np.bool_], target: NDArray[Any]) -> float:
    """Accuracy on the source less what is lost of the mean confidence.

    PAPER: Guillory et al. 2021, Predicting with Confidence on Unseen Distributions (difference of confidences).

    >>> round(difference(np.array([[0.9, 0.1]]), np.array([True]), np.array([[0.7, 0.3]])), 3)
    0.8
    """
    return float(np.clip(right.mean() - valid.max(1).mean() + target.max(1).mean(), 0.0, 1.0))


def independent(chosen: Shown, others: Sequence[Shown]) -> list[Shown]:
    """Of each other representation the candidate of the same method, or else the one that is not adapted.

    One that has gone blind is left out: to TF-IDF another language is all unknown words, and no one agrees with it.
    """
    found: dict[str, Shown] = {}
    for one in others:
        if one.representation != chosen.representation and one.finite and one.method in (chosen.method, "none"):
            if one.representation not in found or one.method == chosen.method:
                found[one.representation] = one
    return [view for view in found.values() if BLIND * _kept(view) >= _kept(chosen)]


def agreeing(chosen: Shown, views: Sequence[Shown]) -> float:
    """Accuracy on the source times the share of its agreement there that is left on the target.

    PAPER: Jiang et al. 2022, Assessing Generalization of SGD via Disagreement, and Baek et al. 2022, Agreement-on-the-
    Line: Predicting the Performance of Neural Networks under Distribution Shift. Theirs are many networks and a line
    through probits; ours are few models, whose line goes through the origin. A view weighs by the square of its
    accuracy on the source times what is left of its answers' information: a poor one loses more than the model does.
    """
    source = float(chosen.right.mean())
    said, weights = [], []
    for view in views:
        before = max(float((view.valid.argmax(1) == chosen.valid.argmax(1)).mean()), 0.05)
        left = float((view.target.argmax(1) == chosen.target.argmax(1)).mean()) / before
        said.append(min(source * left, 1.0))
        weights.append((_kept(view) * float(view.right.mean())) ** 2)
    return float(np.average(said, weights=weights))


def needed(value: float) -> int:
    """Labelled target examples for ± 3 points at 95 %, at least 100 (rule of three: none of 100 errs).

    >>> needed(0.8)
    683
    """
    return max(math.ceil(ERRORS**2 * value * (1 - value) / SETTLED**2), 100)


def _kept(one: Shown) -> float:
    """What part of the information of its answers on the source is left on the target, 0 … 1."""
    return min(max(information(one.target) / max(information(one.valid), TINY), TINY), 1.0)


def _calibrated(one: Shown) -> tuple[Float64, Float64]:
    """Its probabilities at the temperature that fits the source's rows."""
    valid, target = (np.log(np.maximum(np.asarray(p, np.float64), TINY)) for p in (one.valid, one.target))
    even = temperature(valid, one.y)
    return softmax(valid, even), softmax(target, even)


def interval(value: float, lost: float, v: int, m: int, width: tuple[float, float, float]) -> tuple[float, float]:
    """The 90 % interval: wider where more is lost, or rows are few; more below: most models are worse than they seem.

    Args:
        value: the estimate.
        lost: how far it is from the accuracy on the source.
        v: source rows.
        m: target rows.
        width: as `NARROW`.
    """
    drawn = SURE * math.sqrt(value * (1 - value) * (1 / v + 1 / m) + 1 / m**2)
    below, by, above = width
    return max(value - math.hypot(below + by * lost, drawn), 0.0), min(value + math.hypot(above * lost, drawn), 1.0)
