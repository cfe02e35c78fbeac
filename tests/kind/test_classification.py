"""Metrics against scikit-learn and scipy; temperature against a grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import DataError, UsageError
from headstart.kind import _temperature
from headstart.kind import classification as kind


def drawn(seed=0, n=200, k=5):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, k)) * 3
    return logits, rng.integers(0, k, n)


def test_softmax_and_log_loss_agree_with_scipy_and_sklearn():
    from scipy.special import softmax
    from sklearn.metrics import log_loss

    logits, y = drawn()
    for t in (0.3, 1.0, 4.0):
        p = kind.softmax(logits, t)
        np.testing.assert_allclose(p, softmax(logits / t, axis=1), rtol=1e-12)
        assert kind.log_loss(p, y) == pytest.approx(log_loss(y, p, labels=range(5)), rel=1e-12)


def test_log_loss_of_a_certain_wrong_answer_is_finite():
    assert np.isfinite(kind.log_loss([[1.0, 0.0]], [1]))


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_counts_agree_with_sklearn_even_where_classes_are_absent(seed, k, n):
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

    rng = np.random.default_rng(seed)
    y, guess = rng.integers(0, k, n), rng.integers(0, rng.integers(1, k + 1), n)
    classes = list(range(k))
    assert kind.accuracy(guess, y) == accuracy_score(y, guess)
    np.testing.assert_array_equal(kind.confusion(guess, y, k), confusion_matrix(y, guess, labels=classes))
    macro = f1_score(y, guess, average="macro", zero_division=0)
    assert kind.macro_f1(guess, y, k) == pytest.approx(macro, abs=1e-12)
    precision, recall, f1, support = precision_recall_fscore_support(y, guess, labels=classes, zero_division=0)
    rows = kind.per_class(guess, y, [f"c{i}" for i in classes])
    assert [r["label"] for r in rows] == [f"c{i}" for i in classes]
    for name, oracle in (("precision", precision), ("recall", recall), ("f1", f1), ("n", support)):
        np.testing.assert_allclose([r[name] for r in rows], oracle, atol=1e-12)


@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_temperature_is_the_best_on_a_fine_grid(scale):
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(300, 4))
    p = kind.softmax(logits)
    y = np.array([rng.choice(4, p=row) for row in p])
    found = kind.temperature(logits * scale, y)
    losses = {t: kind.log_loss(kind.softmax(logits * scale, t), y) for t in np.geomspace(0.05, 20, 4001)}
    assert found == pytest.approx(min(losses, key=losses.get), rel=0.003)
    assert kind.log_loss(kind.softmax(logits * scale, found), y) <= min(losses.values()) + 1e-9


def test_temperature_of_all_right_answers_stays_short_of_certainty():
    logits = np.array([[3.0, 0.0], [0.0, 2.0], [4.0, 1.0], [5.0, 0.0]])
    y = np.array([0, 1, 0, 0])
    p = kind.softmax(logits, kind.temperature(logits, y))
    assert 0.5 < p.max(axis=1).mean() < 0.95
    assert kind.temperature(np.zeros((3, 2)), np.array([0, 1, 1])) == 1


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_temperature_does_not_care_in_which_unit_scores_are_counted(scale):
    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=(50, 3)), rng.integers(0, 3, 50)
    for truth in (y, logits.argmax(axis=1)):  # some right, and all right
        expected = kind.softmax(logits, kind.temperature(logits, truth))
        np.testing.assert_allclose(
            kind.softmax(logits * scale, kind.temperature(logits * scale, truth)), expected, atol=1e-4
        )


def test_temperature_of_hopeless_scores_is_the_hottest():
    spread = 4.5  # mean distance from the row's highest
    assert kind.temperature([[9.0, 0.0], [0.0, 9.0]], [1, 0]) == pytest.approx(_temperature.HOTTEST * spread, rel=1e-3)


def by_brute_force(logits, y) -> tuple[float, float]:
    """Accuracy, and the mean loss at the best of 4,001 temperatures for labels that doubt half an error in n."""
    from scipy.special import log_softmax

    n, k = logits.shape
    right = sum(int(np.argmax(row)) == true for row, true in zip(logits, y, strict=True)) / n
    share = np.where(np.eye(k, dtype=bool)[y], 1 - 0.5 / n, 0.5 / n / (k - 1))
    best = min(np.geomspace(0.001, 1000, 4001), key=lambda t: -(share * log_softmax(logits / t, axis=1)).sum())
    return right, -log_softmax(logits / best, axis=1)[np.arange(n), y].mean()


def test_huge_logits_win_nothing_by_being_huge():
    y = np.arange(8) % 2
    sure, surer = (scale * np.where(y[:, None] == np.arange(2), 1.0, 0.0) for scale in (6.0, 600.0))
    np.testing.assert_allclose(kind.KIND.compared(sure, y)[1], kind.KIND.compared(surer, y)[1], rtol=1e-3)


@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("errors", [0, 1, 9])
def test_what_candidates_are_compared_by_is_that_of_brute_force(scale, errors):
    logits, _ = drawn(errors, 30, 3)
    y = logits.argmax(1)
    y[:errors] = (y[:errors] + 1) % 3
    right, losses = kind.KIND.compared(logits * scale, y)
    expected = by_brute_force(logits * scale, y)
    assert losses.shape == (30,)
    assert right == pytest.approx(expected[0])
    assert losses.mean() == pytest.approx(expected[1], rel=1e-2)


def test_one_that_is_right_throughout_is_not_ranked_behind_one_that_errs_once():
    y = np.arange(40) % 2
    sure = np.where(y[:, None] == np.arange(2), 6.0, 0.0)
    once = sure.copy()
    once[0] = 0.0, 0.1 - 0.2 * (y[0] == 1)
    assert once[0].argmax() != y[0]
    perfect, erring = (float(kind.KIND.compared(scores, y)[1].mean()) for scores in (sure, once))
    assert perfect < erring
    scaled = [kind.log_loss(kind.softmax(z, kind.temperature(z, y)), y) for z in (sure, once)]
    assert scaled[0] > scaled[1], "else scaling alone would do"


def test_errors_say_what_to_do():
    with pytest.raises(UsageError, match=r"temperature of 0 was given; it must be above 0\. Leave it at 1"):
        kind.softmax([[1.0, 2.0]], 0)
    with pytest.raises(DataError, match="A label is 2; with 2 classes it must be 0 to 1"):
        kind.confusion([0, 1], [0, 2], 2)
    with pytest.raises(DataError, match="A prediction is -1"):
        kind.confusion([0, -1], [0, 1], 2)
    with pytest.raises(UsageError, match="Pass the two in the same order"):
        kind.accuracy([0, 1], [0])
    with pytest.raises(UsageError, match="one or more predictions"):
        kind.accuracy([], [])


@pytest.mark.parametrize("k", [2, 6, 75])
def test_all_right_the_temperature_doubts_as_the_rule_of_succession_however_many_classes(k):
    y = np.arange(12) % k
    logits = 5.0 * np.eye(k)[y]
    sure = kind.softmax(logits, kind.temperature(logits, y))[np.arange(12), y]
    np.testing.assert_allclose(sure, 13 / 14, atol=1e-4)
