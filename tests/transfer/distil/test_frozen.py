"""A taught head: the convex problem's solution, held against torch's own derivative and plain logistic regression."""

import numpy as np
import pytest

from drawn_task import drain, features
from headstart.kind.classification import softmax
from headstart.score._axes import decompose
from headstart.transfer import probe
from headstart.transfer.distil import frozen
from headstart.transfer.distil.lesson import UNLABELLED, Lesson, lesson
from headstart.transfer.heads.linear import logistic
from headstart.types import Features, FitContext, Fitted, View

K = 3
TRAIN = features(60, K, 1, spread=4.0)


def taught(labelled: int, sure: float = 1.0) -> Lesson:
    """A teacher that knows the centres; the first rows have labels."""
    seen = features(300, K, 9)
    centres = np.stack([seen.x[seen.y == c].mean(0) for c in range(K)])
    logits = -sure * ((TRAIN.x[:, None] - centres) ** 2).sum(-1) / 8
    y = np.where(np.arange(len(TRAIN.y)) < labelled, TRAIN.y, UNLABELLED)
    return Lesson(y, logits.astype(np.float32))


def test_at_temperature_one_without_labels_it_is_logistic_regression_on_the_answers():
    a, what = decompose(TRAIN.x), taught(0)
    how = frozen.Config(temperature=1.0, hard=0.0)
    weight, bias, penalty = frozen.solve(a, what, how.share, how)
    w, b = a.unrotate(*logistic(a.z, softmax(what.logits), K, how.share * penalty))
    np.testing.assert_allclose(TRAIN.x @ weight + bias, TRAIN.x @ w + b, atol=1e-3)


@pytest.mark.parametrize("hard", [0.0, 0.3])
def test_where_it_ends_hintons_loss_is_flat(hard):
    """The objective of Hinton et al. 2015 with torch's cross-entropies; its slope at the solution against elsewhere."""
    import torch

    a, what, how = decompose(TRAIN.x), taught(20, sure=3.0), frozen.Config(temperature=3.0, hard=hard)
    weight, bias, penalty = frozen.solve(a, what, how.share, how)
    inner = np.linalg.lstsq(a.rotation / a.scale[:, None], weight, rcond=None)[0]

    def slope(scale: float) -> float:
        w = torch.tensor(scale * inner, dtype=torch.float64, requires_grad=True)
        b = torch.tensor(bias + a.mean @ weight, dtype=torch.float64)
        scores, answers = torch.from_numpy(a.z) @ w + b, torch.from_numpy(what.logits).double()
        soft = torch.nn.functional.cross_entropy(scores / 3, torch.softmax(answers / 3, 1), reduction="sum")
        known = torch.from_numpy(what.labelled)
        truth = torch.nn.functional.cross_entropy(scores[known], torch.from_numpy(what.y)[known], reduction="sum")
        ((1 - hard) * 9 * soft + hard * truth + how.share * penalty / 2 * (w**2).sum()).backward()
        return float(w.grad.abs().max())

    assert slope(1.0) < 0.02 * slope(0.5)


def test_a_teacher_of_many_unlabelled_rows_beats_few_labels():
    """Six labels against six labels and what a teacher says of all rows, on rows that neither saw."""
    new, few = features(300, K, 5, spread=4.0), Features(TRAIN.x[:6], TRAIN.y[:6], "few")
    alone, _ = drain(probe.run(probe.Config(), FitContext(few, K, View(None))))
    whole = FitContext(Features(TRAIN.x, taught(6).y, "all"), K, View(None))
    head, _ = drain(frozen.run(frozen.Config(), whole, taught(6)))

    def right(state) -> float:
        made = Fitted("probe", View(None), {}, ("a", "b", "c"), state, 1, 1)
        return float((probe.logits(made, new.x).argmax(1) == new.y).mean())

    assert right(head.state) > right(alone.state) + 0.05


def test_features_are_made_comparable():
    made = lesson(np.zeros(4, np.int64), np.zeros((4, 2), np.float32), np.array([[1, 5], [3, 5], [1, 5], [3, 5.0]]))
    np.testing.assert_allclose(made.features, [[-1, 0], [1, 0], [-1, 0], [1, 0]])
