from dataclasses import replace

import numpy as np
import pytest

import tiny_text
from headstart.family import load
from headstart.plan import search
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tune
from headstart.transfer.training.tail import look
from headstart.types import Facts, View

VIEW = View("tiny-text", "input")
K = 3


@pytest.fixture
def seen(tmp_path):
    return tiny_text.look(tiny_text.texts(60, K), VIEW, tmp_path)


def read(fitted, x):
    return load("transfer", fitted.strategy).logits(fitted, x, tiny_text.source(), tiny_text.weights())


def opened():
    return open_tail(tiny_text.source(), tiny_text.weights(), VIEW, K).eval()


def test_its_features_are_those_of_the_source(seen, tmp_path):
    top = tiny_text.look(tiny_text.texts(60, K), View("tiny-text"), tmp_path)
    cosine = (look(opened(), seen.x, features=True) * top.x).sum(1)
    norms = np.linalg.norm(look(opened(), seen.x, features=True), axis=1) * np.linalg.norm(top.x, axis=1)
    assert (cosine / norms).min() > 0.999  # the feature store's may be bf16


@pytest.mark.parametrize("front", [1, 2, 3])
def test_states_kept_behind_the_frozen_front_lead_to_the_same_answer(seen, front):
    whole, begun = opened(), opened()
    states = begun.advance(front, seen.x)
    begun.begin_behind(front)
    assert [len(s) for s in states] == [len(t) for t in seen.x]
    np.testing.assert_allclose(look(begun, states, features=True), look(whole, seen.x, features=True), atol=5e-2)


def test_parts_from_stem_to_top():
    assert [*opened().parts] == ["stem", "stage1", "stage2", "top"]
    assert [name for name, _ in opened().stages()] == ["stem", "stage1", "stage2", "top", "head"]


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_only_the_last_parts_move_and_the_saved_state_predicts_the_same(seen, parts):
    config = tune.Config(parts=parts, lr=1e-3, steps=20)
    candidate = search.Candidate("f", "finetune", True, VIEW, long=True)
    context = tiny_text.context(seen, K, VIEW, seed=0)
    fitted, *_ = search.trained(candidate, config, context, tuple("abc"))
    before = opened().state_dict()
    moved = {
        n.split(".")[1]
        for n, a in fitted.state.items()
        if n in before and n.startswith("parts") and not np.array_equal(a, before[n].numpy())
    }
    assert moved == {"stem", "stage1", "stage2", "top"} - {"stem", "stage1", "stage2", "top"}.difference(
        ["stem", "stage1", "stage2", "top"][-parts:]
    )
    copied = replace(fitted, state={n: a.copy() for n, a in fitted.state.items()})
    np.testing.assert_allclose(read(fitted, seen.x), read(copied, seen.x[::-1])[::-1], atol=1e-4)


def test_tuning_learns_what_a_probe_cannot(seen, tmp_path):
    fresh = tiny_text.look(tiny_text.texts(90, K, seed=1), VIEW, tmp_path)
    accuracy = {}
    for steps in (0, 150):
        config = tune.Config(parts=4, lr=3e-3, decay=1.0, steps=steps)
        candidate = search.Candidate("f", "finetune", True, VIEW, long=True)
        fitted, *_ = search.trained(candidate, config, tiny_text.context(seen, K, VIEW), tuple("abc"))
        right = read(fitted, fresh.x).argmax(1) == fresh.y
        accuracy[steps] = right.mean()
    assert accuracy[150] > max(0.8, accuracy[0])


def test_texts_have_no_augmented_copies():
    assert tune.copies(Facts(100, 2, 0, "text")) == 1
    assert tune.fit_view(View("tiny-text", "cut:3"), Facts(100, 2, 0, "text")) == VIEW
