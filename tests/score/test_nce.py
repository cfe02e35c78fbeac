"""NCE against its definition, in loops, and scikit-learn's mutual information."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from any_score import drawn
from headstart.score import nce


def by_definition(answers, y):
    n, total = len(y), 0.0
    for a in set(y.tolist()):
        for z in set(answers.tolist()):
            joint = sum(1 for i in range(n) if y[i] == a and answers[i] == z) / n
            if joint:
                total += joint * log(joint / (sum(1 for i in range(n) if answers[i] == z) / n))
    return total


@pytest.mark.parametrize(("n", "k"), [(60, 3), (12, 5)], ids=str)
def test_it_is_its_definition(n, k):
    look = drawn(n=n, k=k, far=0.5)
    answers = look.logits.argmax(1)
    found = nce.score(look)
    assert found == pytest.approx(by_definition(answers, look.y), rel=1e-9)
    shares = np.bincount(look.y) / n
    assert found == pytest.approx(mutual_info_score(look.y, answers) + (shares * np.log(shares)).sum(), rel=1e-9)


def test_labels_need_not_be_the_first_numbers():
    look = drawn(n=60, k=3, far=0.5)
    gaps = np.array([2, 5, 11])[look.y]
    assert nce.score(replace(look, y=gaps, k=12)) == pytest.approx(by_definition(look.logits.argmax(1), gaps), rel=1e-9)


def test_from_the_classes_entropy_to_nothing():
    look = drawn(n=60, k=3)
    assert nce.score(replace(look, logits=np.eye(7, dtype=np.float32)[look.y])) == pytest.approx(0)
    assert nce.score(replace(look, logits=np.zeros((60, 7), np.float32))) == pytest.approx(-log(3))
