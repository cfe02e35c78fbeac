from itertools import pairwise

import numpy as np
import pytest

from headstart.judge import texts
from headstart.judge.interval import single
from headstart.judge.verdict import Judgement
from headstart.kind.classification import softmax
from headstart.read.text import digest
from headstart.types import Example

WEIGHT = {"free": 2.0, "win": 1.0, "lunch": -2.0}  # for "spam", class 1


def reads(examples):
    """A linear model of words, [n 2]."""
    scores = np.array([sum(WEIGHT.get(word, 0.0) for word in e.content.split()) for e in examples])
    return softmax(np.stack([np.zeros(len(scores)), scores], 1))


def judged(rows) -> Judgement:
    """Of (text, label) pairs."""
    examples = tuple(Example(f"t.csv:{i}", digest(text), text, label) for i, (text, label) in enumerate(rows))
    p = reads(examples)
    return Judgement(None, None, {}, examples, p, p.argmax(1) == [label for _, label in rows])


def test_the_words_an_answer_rests_on_and_what_leaving_them_out_costs():
    judgement = judged([("win a free prize", 1), ("free lunch at noon", 0), ("alone", 0)])
    won, torn, alone = texts.telling(judgement, [0, 1, 2], reads)

    def p(score):
        return 1 / (1 + np.exp(-score))

    assert [(w["words"], round(w["drop"], 6)) for w in won] == [
        ("win", round(p(3) - p(2), 6)),
        ("free", round(p(3) - p(1), 6)),
    ]
    assert [w["words"] for w in torn] == ["lunch"], "the answer at a tie is class 0, to which only 'lunch' speaks"
    assert alone == [], "nothing is left of one word"


def test_where_every_text_is_one_word_there_is_nothing_to_tell():
    judgement = judged([("free", 1), ("lunch", 0)])
    assert texts.telling(judgement, [0, 1], reads) == [[], []]
    assert texts.telling(judgement, [], reads) == []


def test_long_texts_are_cut_into_runs_of_words_so_that_the_cost_is_bounded():
    asked = []

    def counting(examples):
        asked.extend(examples)
        return reads(examples)

    long = " ".join(["word"] * 700 + ["free"] + ["word"] * 300)
    (found,) = texts.telling(judged([(long, 1)]), [0], counting)
    assert len(asked) == 1 + texts.SPANS
    assert len({e.digest for e in asked}) == len({e.content for e in asked})
    assert [("free" in w["words"].split(), w["drop"] > 0.3) for w in found] == [(True, True)]


def test_only_the_most_telling_words_are_told_in_the_order_of_the_text():
    (found,) = texts.telling(judged([("win win win free win win", 1)]), [0], reads)
    assert len(found) <= texts.SHOWN
    assert all(w["drop"] >= texts.LEAST for w in found)


def test_typical_answers_are_right_and_of_every_class():
    rows = [("lunch " * i, 0) for i in range(1, 12)] + [("win " * i, 1) for i in range(1, 6)] + [("lunch", 1)]
    judgement = judged(rows)
    chosen = texts.typical(judgement, most=6)
    assert len(chosen) == len(set(chosen)) == 6
    assert all(judgement.probabilities[i].argmax() == rows[i][1] for i in chosen)
    assert sorted(rows[i][1] for i in chosen) == [0, 0, 0, 1, 1, 1]
    sure = judgement.probabilities.max(1)
    assert sure[chosen[1]] == pytest.approx(np.median(sure[11:16])), "as sure as the median of its class"


def test_accuracy_by_quarter_of_length():
    rows = [("word " * (1 + i // 2) + ("free" if i < 40 else "lunch"), 1) for i in range(80)]
    found = texts.lengths(judged(rows))
    assert [q["n"] for q in found] == [20 + 2, 20, 20, 18]
    assert sum(q["n"] for q in found) == 80
    assert all(a["high"] < b["low"] for a, b in pairwise(found)), "no length stands in two quarters"
    assert found[0]["accuracy"] == 1.0
    assert found[-1]["accuracy"] == 0.0
    assert found[0]["interval"] == list(single([True] * found[0]["n"]))
    assert texts.by_length(found) == "The longest texts are answered worse than the shortest, by 100 points."


def test_too_few_texts_or_lengths_make_no_quarters():
    assert texts.lengths(judged([("free", 1)] * 31)) == []
    assert texts.lengths(judged([("free win", 1)] * 500)) == []


def test_overlapping_intervals_tell_of_no_effect():
    rows = [{"accuracy": a, "interval": [a - 0.1, a + 0.1]} for a in (0.7, 0.9, 0.6, 0.75)]
    assert texts.by_length(rows).startswith("No effect of length can be told")
