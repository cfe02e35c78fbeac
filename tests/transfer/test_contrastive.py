from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_text
from drawn_task import drain
from headstart.errors import UsageError
from headstart.plan import policy
from headstart.transfer import contrastive
from headstart.transfer.modality import open_tail
from headstart.transfer.training.tail import look, put
from headstart.types import Facts, Features, Fitted, View

VIEW = View("tiny-text", "input")
K = 3


def context(n=24, k=K, **more):
    return tiny_text.context(tiny_text.drawn(VIEW, n, k, 1), k, VIEW, **more)


def test_the_loss_is_the_mean_over_pairs_taken_one_by_one():
    x, y = torch.randn(7, 5, generator=torch.manual_seed(0)), torch.tensor([0, 0, 1, 1, 1, 2, 0])
    gaps = {True: [], False: []}
    for i in range(7):
        for j in range(i):
            cosine = float(x[i] @ x[j]) / float(x[i].norm() * x[j].norm())
            same = bool(y[i] == y[j])
            gaps[same].append((cosine - same) ** 2)
    expected = (np.mean(gaps[True]) + np.mean(gaps[False])) / 2
    assert float(contrastive.pull(x, y)) == pytest.approx(expected, abs=1e-6)


def test_of_one_kind_of_pairs_alone_the_loss_is_theirs_and_of_none_it_is_zero():
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert float(contrastive.pull(x, torch.tensor([0, 0]))) == pytest.approx((1 - 0.5**0.5) ** 2, abs=1e-6)
    assert float(contrastive.pull(x, torch.tensor([0, 1]))) == pytest.approx(0.5, abs=1e-6)
    assert float(contrastive.pull(x[:1], torch.tensor([0]))) == 0.0


@pytest.mark.parametrize(("n", "k", "classes", "each"), [(24, 3, 3, 10), (80, 16, 8, 4), (5, 3, 3, 10)])
def test_batches_hold_as_many_texts_of_each_class_and_are_a_function_of_the_step(n, k, classes, each):
    x = np.empty(n, dtype=object)
    x[:] = [np.array([i]) for i in range(n)]  # the token tells the row
    given = context()
    given = replace(given, train=Features(x, np.arange(n) % k, "drawn"), k=k)
    tail = open_tail(given.source, given.weights, VIEW, k)
    batch = contrastive._batches(given, contrastive.Config(), tail)
    seen = set()
    for step in range(12):
        rows, y = batch(step)
        assert (rows[:, 0] % k == y).all()
        found = np.bincount(y.numpy(), minlength=k)
        assert sorted(found[found > 0]) == [each] * classes
        seen |= set(y.tolist())
    assert len(rows) <= contrastive.Config().batch
    assert seen == set(range(k)), "every class has its turn"
    assert torch.equal(batch(3)[0], batch(3)[0])
    assert not torch.equal(batch(3)[0], batch(4)[0])


def test_long_texts_are_cut_while_tuning():
    given = context()
    tail = open_tail(given.source, given.weights, VIEW, K)
    rows, _ = contrastive._batches(given, contrastive.Config(length=4), tail)(0)
    assert rows.shape[1] == 4
    assert max(len(row) for row in given.train.x) > 4


def test_training_pulls_a_class_together_and_pushes_classes_apart():
    config = contrastive.Config(parts=4, lr=3e-3, steps=60)
    given = context(60)
    head, _ = drain(contrastive.run(config, given))
    new = tiny_text.drawn(VIEW, 60, K, 2)
    before = open_tail(given.source, given.weights, VIEW, K).eval()
    after = open_tail(given.source, given.weights, VIEW, K).eval()
    put(after, head.state)
    gap = []
    for tail in (before, after):
        rows = look(tail, new.x, features=True)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        same = new.y[:, None] == new.y[None, :]
        gap.append((rows @ rows.T)[same].mean() - (rows @ rows.T)[~same].mean())
    assert gap[1] > gap[0] + 0.1
    fitted = Fitted("contrastive", VIEW, vars(config), tuple("abc"), head.state, 0, 0)
    right = contrastive.logits(fitted, new.x, given.source, given.weights).argmax(1) == new.y
    assert right.mean() > 0.8


def test_its_head_is_fitted_to_the_tuned_features_of_the_training_texts():
    given = context()
    config = contrastive.Config(parts=2, lr=1e-3, steps=10)
    head, _ = drain(contrastive.run(config, given))
    fitted = Fitted("contrastive", VIEW, vars(config), tuple("abc"), head.state, 0, 0)
    scores = contrastive.logits(fitted, given.train.x, given.source, given.weights)
    assert (scores.argmax(1) == given.train.y).mean() > 0.9
    again, _ = drain(
        contrastive.run(replace(config, lr=3e-3), given)
    )  # same rows: what is kept of them is not the head
    assert not np.array_equal(again.state["classifier.weight"], head.state["classifier.weight"])


@pytest.mark.parametrize("n", [4, 100, 1_000, 1_000_000])
def test_the_work_is_bounded_whatever_the_number_of_texts(n):
    (config,) = contrastive.settings(Facts(n, 10, 0, "text"))
    assert contrastive.LEAST <= config.steps <= contrastive.MOST


def test_so_many_classes_share_a_batch_as_the_policy_supposes():
    assert contrastive.Config.batch // contrastive.EACH == policy.TOGETHER


@pytest.mark.parametrize("config", [contrastive.Config(parts=0), contrastive.Config(batch=1)])
def test_settings_that_cannot_be_are_told(config):
    with pytest.raises(UsageError, match="one part or more"):
        drain(contrastive.run(config, context()))
