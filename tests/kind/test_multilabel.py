"""Label sets: probabilities, one threshold, and what candidates are compared by, against scikit-learn."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import f1_score, log_loss, precision_recall_fscore_support

from headstart.errors import UsageError
from headstart.kind import kind_of, multilabel

KIND = kind_of("multilabel")

RNG = np.random.default_rng(0)
LABELS = ("ant", "bee", "cat", "dog")
Y = (RNG.random((80, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(np.int64)
Z = 2.0 * (2 * Y - 1) + RNG.normal(0, 2, Y.shape)


def test_the_gain_is_the_f1_of_each_example():
    wanted = [f1_score(t, g, zero_division=1) if (t + g).any() else 1.0 for t, g in zip(Y, Z >= 0, strict=True)]
    np.testing.assert_allclose(KIND.gains(Z, Y), wanted)
    mean, losses = KIND.compared(Z, Y)
    assert mean == pytest.approx(f1_score(Y, Z >= 0, average="samples", zero_division=1))
    told = KIND.scores(KIND.gains(Z, Y), losses)
    assert told["accuracy"] == ((Z >= 0) == Y).all(1).mean()
    assert told["scores"] == pytest.approx({"example_f1": mean, "log_loss": losses.mean()})


def test_the_loss_is_the_mean_binary_cross_entropy_of_an_example():
    p = expit(Z)
    wanted = [log_loss(t, row, labels=[0, 1]) for t, row in zip(Y, p, strict=True)]
    np.testing.assert_allclose(multilabel.log_losses(p, Y), wanted)


def test_training_learns_by_the_same_loss_summed_over_labels():
    import torch

    z, y = torch.from_numpy(Z), torch.from_numpy(Y)
    assert float(KIND.training_loss()(z, y)) == pytest.approx(4 * multilabel.log_losses(expit(Z), Y).mean())
    p = expit(Z)
    smooth = -(0.95 * np.log(np.where(Y, p, 1 - p)) + 0.05 * np.log(np.where(Y, 1 - p, p))).sum(1).mean()
    assert float(KIND.training_loss(0.1)(z, y)) == pytest.approx(smooth, rel=1e-5)
    with pytest.raises(UsageError, match="Weights of classes were given"):
        KIND.training_loss(weight=np.ones(4))


@pytest.mark.parametrize("unit", [0.01, 1.0, 50.0])
def test_the_temperature_is_the_best_of_all_and_knows_no_unit(unit):
    best = multilabel.temperature(Z * unit, Y)
    losses = [
        multilabel.log_losses(multilabel.sigmoid(Z * unit, best * f), Y).mean() for f in (0.8, 0.97, 1, 1.03, 1.2)
    ]
    assert int(np.argmin(losses)) == 2


def test_answers_that_are_all_right_never_become_certainty():
    p = multilabel.sigmoid(9.0 * (2 * Y - 1), multilabel.temperature(9.0 * (2 * Y - 1), Y))
    assert p.max() == pytest.approx(81 / 82, abs=1e-4)
    assert multilabel.temperature(np.zeros((3, 2)), [[0, 1], [1, 0], [1, 1]]) == 1.0


def test_the_threshold_falls_to_where_micro_f1_is_highest():
    """Calibrated probabilities that are mostly low: one half finds next to nothing."""
    rng = np.random.default_rng(1)
    p = rng.beta(1, 3, (400, 3))
    y = (rng.random(p.shape) < p).astype(np.int64)
    found = multilabel.threshold(logit(p), y)
    by_hand = {t: f1_score(y, p >= t, average="micro") for t in multilabel.THRESHOLDS}
    assert by_hand[found] == max(by_hand.values()) > by_hand[0.5] + 0.05
    assert found == pytest.approx(max(by_hand.values()) / 2, abs=0.08), "half of the F1 that can be reached"


def test_a_gain_that_may_be_luck_leaves_the_threshold_at_one_half():
    rng = np.random.default_rng(2)
    y = (rng.random((30, 3)) < 0.5).astype(np.int64)
    assert multilabel.threshold(4.0 * (2 * y - 1), y) == 0.5
    z = 4.0 * (2 * y - 1)
    z[0, np.flatnonzero(y[0])[0] if y[0].any() else 0] = -0.5  # one label alone would be won by a lower one
    assert multilabel.threshold(z, y) == 0.5
    assert multilabel.threshold(z[:1], y[:1]) == 0.5


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_the_model_and_its_decisions_say_the_same_whatever_the_threshold(threshold):
    decoder = {"temperature": 1.7, "threshold": threshold}
    given = KIND.answers(Z, decoder)
    p = KIND.decode(Z, decoder)
    for row, marks in zip(p, given, strict=True):
        said = KIND.said(row, LABELS, decoder)
        assert list(said["labels"]) == [label for label, mark in zip(LABELS, marks, strict=True) if mark]
        assert said["label"] == "; ".join(said["labels"])
    table = KIND.judged(p, Y, LABELS, decoder)
    assert table["predicted"] == [KIND.said(row, LABELS, decoder)["label"] for row in p]


def test_rows_of_labels_are_scikit_learns():
    given = KIND.answers(Z)
    precision, recall, f1, n = precision_recall_fscore_support(Y, given, average=None)
    for at, row in enumerate(multilabel.per_label(given, Y, LABELS)):
        assert (row["precision"], row["recall"], row["f1"], row["n"]) == pytest.approx(
            (precision[at], recall[at], f1[at], n[at])
        )
        assert row["given"] == given[:, at].sum()
    empty = multilabel.per_label([[0]], [[0]], ("ant",))[0]
    assert (empty["precision"], empty["recall"], empty["f1"]) == (0, 0, 0)


def test_what_each_example_adds_has_micro_f1_as_its_mean():
    assert multilabel.micro_parts(Z >= 0, Y).mean() == pytest.approx(f1_score(Y, Z >= 0, average="micro"))


def test_the_largest_losses_come_first_and_right_answers_never():
    p = np.array([[0.9, 0.2], [0.1, 0.01], [0.6, 0.6], [0.4, 0.4]])
    rows = KIND.worst(p, [[1, 0], [1, 1], [1, 0], [0, 0]], ("ant", "bee"), 5)
    assert [row["at"] for row in rows] == [1, 2]
    assert (rows[0]["truth"], rows[0]["predicted"]) == ("ant; bee", "none of them")
    assert (rows[1]["predicted"], rows[1]["probability"]) == ("ant; bee", 0.6)


def test_a_temperature_must_be_above_zero():
    with pytest.raises(UsageError, match="A temperature of 0 was given"):
        KIND.decode(Z, {"temperature": 0})
