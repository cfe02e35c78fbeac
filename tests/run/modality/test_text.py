"""What a run on texts records beside its verdict, of a real model saved and read back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import tiny_text
from drawn_task import drain
from headstart.judge import texts
from headstart.judge.verdict import judge
from headstart.run import particulars
from headstart.run.record import WORST, _mistakes, _worst
from headstart.ship import store as saved
from headstart.ship.predictor import Predictor
from headstart.transfer import classical
from headstart.types import Example, Facts, Features, FitContext, Fitted, Sealed, Task, View

LABELS = ("stones", "clouds", "papers")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A classical model of drawn texts, judged and saved: its mistakes, what explains its answers, the judgement."""
    rows, folder = tiny_text.texts(240, 3, 5), tmp_path_factory.mktemp("run") / "model"
    train, test = rows[:120], tuple(rows[120:])
    view = View(None, "input")
    x = np.empty(len(train), dtype=object)
    x[:] = [e.content for e in train]
    seen = Features(x, np.array([e.answer for e in train]), "drawn")
    config = classical.settings(Facts(120, 3, 0, "text"))[0]
    head, _ = drain(classical.run(config, FitContext(seen, 3, view, modality="text")))
    fitted = Fitted(
        "classical", view, vars(config), LABELS, head.state, head.trained_params, head.trained_params, modality="text"
    )
    task = Task("drawn", LABELS, tuple(train), (), Sealed(test), modality="text")
    model = saved.save(folder, fitted, None, None)
    store = model.store("torch", folder.parent / "features")
    judgement = judge(
        task,
        {"t": [fitted], "r": [fitted]},
        lambda f, examples: Predictor(f, store).logits(examples),
        transfer="t",
        rival="r",
        winner="t",
    )
    mistakes = _mistakes(task, judgement)
    shown = [*zip((row["at"] for row in _worst(task, judgement)), mistakes, strict=True)]
    said = particulars.of("text").explained(folder, task, "torch", judgement, shown)["texts"]
    return SimpleNamespace(said=said, mistakes=mistakes, judgement=judgement, model=model, store=store, task=task)


def test_mistakes_and_typical_answers_carry_the_words_they_rest_on(published):
    assert 0 < len(published.mistakes) <= WORST
    assert 0 < len(published.said["typical"]) <= texts.TYPICAL
    for row in [*published.mistakes, *published.said["typical"]]:
        assert all(w["words"] in row["text"] for w in row["telling"])
    assert any(row["telling"] for row in published.said["typical"])


def test_a_drop_is_what_the_saved_model_loses_without_the_words(published):
    row = next(t for t in published.said["typical"] if t["telling"])
    said = row["telling"][0]
    words = row["text"].split()
    answers = {
        Predictor(published.model.fitted, published.store).probabilities([Example("x", f"{at}", " ".join(rest))])[
            0, LABELS.index(row["predicted"])
        ]
        for at, word in enumerate(words)
        if word == said["words"]
        for rest in [words[:at] + words[at + 1 :]]
    }
    assert any(abs(row["probability"] - p - said["drop"]) < 1e-6 for p in answers)


def test_the_quarters_hold_every_sealed_text_and_the_split_was_opened_once(published):
    assert sum(q["n"] for q in published.said["lengths"]) == 120
    assert published.task.test.reads == 1
