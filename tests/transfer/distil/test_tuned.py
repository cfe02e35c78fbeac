"""The student's last parts: they come nearer to what the teacher says and sees, and leave a model of fine-tuning."""

import numpy as np

import tiny_tail
from headstart.strategy import strategy
from headstart.transfer.distil import tuned
from headstart.transfer.distil.lesson import UNLABELLED, lesson
from headstart.types import Facts, Fitted

K = 3


def material(n: int = 24):
    """Rows at a cut, half of them without a label, and a teacher that is sure of the right class."""
    work = tiny_tail.context("cut:3", n=n, k=K, valid=12)
    rng, y = np.random.default_rng(0), work.train.y
    logits = 4 * np.eye(K, dtype=np.float32)[y] + rng.normal(0, 0.3, (n, K)).astype(np.float32)
    known = np.where(np.arange(n) < n // 2, y, UNLABELLED)
    return work, lesson(known, logits, rng.normal(size=(n, 5)).astype(np.float32) + logits[:, :1])


def test_it_learns_what_the_teacher_says_and_is_a_fine_tuned_model():
    work, what = material()
    config = tuned.Config(parts=2, steps=12, keep="last")
    head, steps = tiny_tail.drain(tuned.run(config, work, what))
    assert steps[-1].loss < steps[0].loss
    made = Fitted("finetune", work.view, vars(config), ("a", "b", "c"), head.state, 1, 1)
    scores = strategy(tuned.STRATEGY).logits(made, work.train.x, tiny_tail.source(), tiny_tail.weights())
    assert (scores.argmax(1) == work.train.y).mean() > 0.8, "the unlabelled half, too"
    assert not [name for name in head.state if name.startswith(("hint", "tail"))], "the map to the teacher stays behind"


def test_the_best_state_on_validation_data_is_kept():
    work, what = material()
    head, steps = tiny_tail.drain(tuned.run(tuned.Config(parts=1, steps=6), work, what))
    assert 0 <= head.notes["step"] <= head.notes["steps"] == 6
    assert steps[0].metric is not None


def test_without_features_answers_alone_are_learnt():
    work, what = material()
    bare = lesson(what.y, what.logits, None)
    a, b = (
        tiny_tail.drain(tuned.run(tuned.Config(parts=1, steps=3, keep="last", hint=h), work, w))[0].state
        for h, w in ((0.1, bare), (0.0, what))
    )
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], atol=1e-6)


def test_with_and_without_a_teacher_settings_are_the_same():
    for n in (40, 400):
        facts = Facts(n, K, 96)
        alone, taught = tuned.alone(facts), tuned.settings(facts)
        shared = [{k: v for k, v in vars(c).items() if k in vars(alone[0])} for c in taught]
        assert shared == [vars(c) for c in alone]
