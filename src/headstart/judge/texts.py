"""What a run's answers to texts lean on, and whether a text's length matters: for the report, after the verdict.

In: a `Judgement`, that is texts already judged and their probabilities [n k], and a function that gives probabilities
of changed copies. Out: rows for `run.json`. The test split is not opened anew, and nothing is chosen by what is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..read.text import digest
from ..types import Example
from .interval import single
from .verdict import Judgement, members

Probabilities = Callable[[Sequence[Example]], NDArray[np.floating]]

SPANS = 24  # at most that a text is cut into: words, of a long text runs of words
SHOWN = 4  # spans told of a text
LEAST = 0.01  # of probability that leaving a span out must cost
TYPICAL = 8  # right answers looked at
QUARTER = 8  # texts that each quarter by length must hold


def lengths(judgement: Judgement) -> list[dict[str, Any]]:
    """Accuracy by quarter of the texts' length in words, shortest first.

    Returns:
        {"low", "high" (words), "n", "accuracy", "interval"} each; texts of one length stay together. Empty where there
        are too few texts, or lengths, to make four.
    """
    words = np.array([len(_words(example)) for example in judgement.examples])
    right = judgement.right
    edges = np.unique(np.quantile(words, (0.25, 0.5, 0.75), method="higher"))
    quarter = np.searchsorted(edges, words, side="left")
    groups = [np.flatnonzero(quarter == at) for at in range(4)]
    if min(map(len, groups)) < QUARTER:
        return []
    return [
        {
            "low": int(words[rows].min()),
            "high": int(words[rows].max()),
            "n": len(rows),
            "accuracy": float(right[rows].mean()),
            "interval": list(single(right[rows], groups=members([judgement.examples[at] for at in rows]))),
        }
        for rows in groups
    ]


def by_length(rows: Sequence[dict[str, Any]]) -> str:
    """What the quarters say, in a sentence.

    >>> by_length([{"accuracy": a, "interval": i} for a, i in ((0.6, (0.5, 0.7)), (0.7, (0.6, 0.8)), (0.9, (0.8, 1)))])
    'The longest texts are answered better than the shortest, by 30 points.'
    """
    short, long = rows[0], rows[-1]
    apart = long["interval"][0] > short["interval"][1] or long["interval"][1] < short["interval"][0]
    gap = long["accuracy"] - short["accuracy"]
    if not apart:
        return "No effect of length can be told: the intervals of the shortest and of the longest texts overlap."
    how = "better" if gap > 0 else "worse"
    return f"The longest texts are answered {how} than the shortest, by {abs(100 * gap):.0f} points."


def typical(judgement: Judgement, most: int = TYPICAL) -> list[int]:
    """Rows of right answers as sure as the median of their class, the classes in turn; none without a label."""
    guess, sure, right = judgement.probabilities.argmax(1), judgement.probabilities.max(1), judgement.right.copy()
    right &= [e.answer != () for e in judgement.examples]
    ranked: list[tuple[int, int, int]] = []
    for label in np.unique(guess[right]):
        rows = np.flatnonzero(right & (guess == label))
        near = rows[np.argsort(abs(sure[rows] - np.median(sure[rows])), kind="stable")]
        ranked += [(place, int(label), int(row)) for place, row in enumerate(near[:most])]
    return [row for *_, row in sorted(ranked)[:most]]


def telling(judgement: Judgement, rows: Sequence[int], probabilities: Probabilities) -> list[list[dict[str, Any]]]:
    """Which words an answer rests on: those without which its probability falls most (leave-one-out occlusion).

    Li, Monroe & Jurafsky 2016, Understanding Neural Networks through Representation Erasure.

    Args:
        judgement: of texts.
        rows: which of them, [m].
        probabilities: examples → [n k], of the judged model.

    Returns:
        For each row up to `SHOWN` of {"words", "drop"} in the order of the text, drop being what the probability of
        the given answer loses without them; of several labels that of the most probable one.
    """
    pieces = [_spans(judgement.examples[row]) for row in rows]
    copies = [_without(judgement.examples[row], at, spans) for row, spans in zip(rows, pieces, strict=True)
              for at in range(len(spans))]  # fmt: skip
    whole = [judgement.examples[row] for row in rows]
    found = np.asarray(probabilities([*whole, *copies])) if copies else judgement.probabilities[[*rows]]
    out, at = [], len(whole)
    for place, (row, spans) in enumerate(zip(rows, pieces, strict=True)):
        answer = int(judgement.probabilities[row].argmax())
        drops = found[place, answer] - found[at : at + len(spans), answer]
        at += len(spans)
        kept = sorted(i for i in np.argsort(-drops, kind="stable")[:SHOWN] if drops[i] >= LEAST)
        out.append([{"words": spans[i], "drop": float(drops[i])} for i in kept])
    return out


def _words(example: Example) -> list[str]:
    return re.findall(r"\S+", example.content or "")


def _spans(example: Example) -> list[str]:
    """The text in up to `SPANS` runs of words, none where it is a single word."""
    words = _words(example)
    if len(words) < 2:
        return []
    return [" ".join(run) for run in np.array_split(np.array(words, object), min(SPANS, len(words)))]


def _without(example: Example, at: int, spans: Sequence[str]) -> Example:
    text = " ".join([*spans[:at], *spans[at + 1 :]])
    return replace(example, content=text, digest=digest(text))
