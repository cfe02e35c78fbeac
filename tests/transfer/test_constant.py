"""The floor, held against scikit-learn's dummies and, of label sets, against every set there is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import f1_score

from headstart.kind import multilabel, regression
from headstart.kind.classification import softmax
from headstart.strategy import strategy
from headstart.transfer import constant
from headstart.types import Facts, Features, FitContext, Fitted, View
from tiny_tail import drain


def scores(y: np.ndarray, k: int, rows: int = 3, kind: str = "classification") -> np.ndarray:
    """Of new inputs, which say nothing."""
    context = FitContext(Features(np.zeros((len(y), 2), np.float32), y, "x"), k, View(None, size=64), kind=kind)
    head = drain(constant.run(constant.Config(), context))[0]
    fitted = Fitted("constant", View(None, size=64), {}, tuple(map(str, range(k))), head.state, 0, 0)
    return constant.logits(fitted, np.ones((rows, 2)))


@pytest.mark.parametrize("seed", range(4))
def test_of_classes_it_is_scikit_learns_dummy(seed):
    y = np.random.default_rng(seed).choice(5, 40, p=[0.3, 0.1, 0.3, 0.1, 0.2])
    dummy, x = DummyClassifier(strategy="prior").fit(np.zeros((40, 1)), y), np.zeros((3, 1))
    found = scores(y, 6)  # the last class is never seen
    np.testing.assert_allclose(softmax(found)[:, dummy.classes_], dummy.predict_proba(x), atol=1e-6)
    assert found.argmax(1).tolist() == dummy.predict(x).tolist()


@pytest.mark.parametrize("n", [4, 9])
def test_of_numbers_it_is_scikit_learns_dummy(n):
    y = np.random.default_rng(n).exponential(1, n)
    dummy = DummyRegressor(strategy="median").fit(np.zeros((n, 1)), y)
    np.testing.assert_allclose(
        regression.KIND.answers(scores(y, 1, kind="regression")), dummy.predict(np.zeros((3, 1))), rtol=1e-6
    )


@pytest.mark.parametrize("seed", range(6))
def test_of_label_sets_no_other_set_has_a_higher_micro_f1(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random((30, 5)) < rng.choice([0.05, 0.2, 0.5], 5)).astype(np.int64)
    mine = multilabel.KIND.answers(scores(y, 5, 30, "multilabel"))
    each = [f1_score(y, np.tile(marks, (30, 1)), average="micro") for marks in product((0, 1), repeat=5) if any(marks)]
    assert f1_score(y, mine, average="micro") == pytest.approx(max(each))
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((30, 1)), y)
    usual = f1_score(y, np.asarray(dummy.predict(np.zeros((30, 1)))), average="micro", zero_division=0)
    assert f1_score(y, mine, average="micro") >= usual


def test_where_no_example_has_a_label_none_is_given():
    assert not multilabel.KIND.answers(scores(np.zeros((6, 3), np.int64), 3, kind="multilabel")).any()


def test_it_takes_part_in_every_kind_and_modality():
    from headstart.plan.candidates import candidates

    for modality in ("image", "text"):
        for kind in ("classification", "regression", "multilabel"):
            for wanted in ((), ("probe",), ("classical",), ("constant",)):
                found = candidates(["any"], wanted, Facts(24, 3, 40, modality, kind))
                (floor,) = [c for c in found if c.strategy == "constant"]
                assert (floor.baseline, floor.reuses, floor.long) == (True, False, False)
                assert any(not c.reuses and not c.baseline for c in found), "it alone is no arm of rivals"
    assert strategy("constant").title("text", "regression") == "always the median"
