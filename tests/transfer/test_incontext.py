from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_causal
import tiny_text
from drawn_task import drain
from headstart.errors import UsageError
from headstart.source.language import model as _language
from headstart.transfer import incontext
from headstart.transfer.modality import open_tail
from headstart.types import Features, FitContext, Fitted, View

VIEW = View("tiny-causal", "input")
NAMES = ("river stone", "lampCloud", "x")
K = len(NAMES)


@pytest.fixture(scope="module")
def seen() -> Features:
    return tiny_causal.drawn(VIEW, 24, K, 1)


def context(seen, labels=NAMES, **more) -> FitContext:
    return FitContext(
        seen, len(labels), VIEW, source=tiny_causal.source(), weights=tiny_causal.weights(), labels=labels, **more
    )


def fitted(config, seen, labels=NAMES) -> Fitted:
    head, _ = drain(incontext.run(config, context(seen, labels)))
    return Fitted("incontext", VIEW, vars(config), labels, head.state, 0, 0)


def read(model, x) -> np.ndarray:
    return incontext.logits(model, x, tiny_causal.source(), tiny_causal.weights())


def ids(text: str) -> list[int]:
    return tiny_causal.tokenizer().encode(text).ids


def words(tokens) -> str:
    return tiny_causal.tokenizer().decode(list(tokens))


def by_hand(prompt: str, name: str) -> float:
    """Σ log p of the name's tokens, the whole prompt read at once, without a cache."""
    net = _language.language_model(tiny_causal.source(), tiny_causal.weights())
    before, after = ids(prompt), ids(name)[: incontext.NAME]
    with torch.inference_mode():
        scores = net(input_ids=torch.tensor([before + after])).logits[0].double().log_softmax(1)
    return sum(float(scores[len(before) - 1 + at, token]) for at, token in enumerate(after))


@pytest.mark.parametrize("each", [0, 1, 2])
def test_scores_are_likelihoods_less_those_of_texts_that_say_nothing(seen, each):
    model = fitted(incontext.Config(each), seen)
    prefix, names = words(model.state["prefix"]), (" river stone", " lamp Cloud", " x")
    assert prefix.startswith("Classify each text as one of: lamp Cloud, river stone, x.\n\n")
    assert prefix.count("Label:") == each * K
    assert prefix.endswith("Text:\n")
    free = np.array([[by_hand(f"{prefix}{text}\nLabel:", name) for name in names] for text in ("N/A", "[MASK]", "")])
    share = np.exp(free) / np.exp(free).sum(1, keepdims=True)
    new = tiny_text.texts(24, K, 1)[:4]
    raw = np.array([[by_hand(f"{prefix}{e.content}\nLabel:", name) for name in names] for e in new])
    np.testing.assert_allclose(read(model, seen.x[:4]), raw - np.log(share.mean(0)), atol=2e-3)


def test_examples_are_training_texts_with_their_own_names(seen):
    model = fitted(incontext.Config(2), seen)
    shown = words(model.state["prefix"]).split("\n\n")[1:-1]
    assert len(shown) == 2 * K
    known = {(e.content[: incontext.SHOWN], NAMES[e.answer]) for e in tiny_text.texts(24, K, 1)}
    for piece in shown:
        text, name = piece.removeprefix("Text:\n").split("\nLabel: ")
        truth = {label for start, label in known if start.startswith(text)}
        assert incontext.readable(next(iter(truth)))[: len(name)] == name
    assert {p.split("Label: ")[1] for p in shown[:K]} == {p.split("Label: ")[1] for p in shown[K:]}, (
        "each class in turn"
    )


def test_not_calibrated_it_is_the_plain_likelihood(seen):
    plain, mended = fitted(incontext.Config(1, calibrate=False), seen), fitted(incontext.Config(1), seen)
    assert (plain.state["calibration"] == 0).all()
    expected = read(mended, seen.x[:5]) + mended.state["calibration"]
    np.testing.assert_allclose(read(plain, seen.x[:5]), expected, atol=1e-4)


def test_a_class_without_an_example_still_has_its_name(seen):
    some = seen.y != 1
    model = fitted(incontext.Config(1), replace(seen, x=seen.x[some], y=seen.y[some]))
    assert words(model.state["prefix"]).count("Label:") == K - 1
    assert read(model, seen.x[:2]).shape == (2, K)


def test_a_prompt_never_passes_the_sources_length(seen):
    labels = tuple(f"class number {i}" for i in range(24))
    many = replace(seen, y=np.arange(24))
    for length in (160, 200, 400):
        source = replace(tiny_causal.source(), input=replace(tiny_causal.source().words, length=length))
        head, _ = drain(incontext.run(incontext.Config(2), replace(context(many, labels), source=source)))
        whole = len(head.state["prefix"]) + 96 + len(head.state["suffix"]) + head.state["names"].shape[1]
        assert whole <= length


def test_long_texts_are_cut(seen):
    model = fitted(incontext.Config(0), seen)
    one, two = np.empty(1, dtype=object), np.empty(1, dtype=object)
    one[0], two[0] = np.arange(96), np.arange(250)
    np.testing.assert_array_equal(read(model, one), read(model, two))


def test_no_weight_is_learnt_and_labels_matter_through_the_examples_alone(seen):
    head, _ = drain(incontext.run(incontext.Config(0), context(seen)))
    assert head.trained_params == 0
    other = replace(seen, y=seen.y[::-1].copy())
    for each, alike in ((0, True), (1, False)):
        one, two = (read(fitted(incontext.Config(each), data), seen.x[:5]) for data in (seen, other))
        assert np.allclose(one, two, atol=1e-6) is alike


def test_a_source_that_does_not_tell_the_next_word_is_told_and_one_that_does_named(seen):
    masked = replace(context(seen), source=tiny_text.source(), weights=tiny_text.weights())
    with pytest.raises(UsageError, match="such as smollm2-135m"):
        drain(incontext.run(incontext.Config(), masked))
    with pytest.raises(UsageError, match="0 names for 3 classes"):
        drain(incontext.run(incontext.Config(), replace(context(seen), labels=())))


def test_a_causal_source_can_be_fine_tuned_too(seen):
    """The tiny source is a whole one: its tail opens."""
    tail = open_tail(tiny_causal.source(), tiny_causal.weights(), VIEW, K)
    assert [*tail.parts] == ["stem", "stage1", "stage2", "top"]


def test_a_kept_network_is_not_taken_for_another_record_of_the_same_weights():
    one, config = (
        tiny_causal.source(),
        {**tiny_causal.CONFIG, "rope_parameters": {"rope_type": "default", "rope_theta": 9.0}},
    )
    first = incontext.speaking(one, tiny_causal.weights())
    assert incontext.speaking(one, tiny_causal.weights()) is first
    other = incontext.speaking(replace(one, config=config), tiny_causal.weights())
    assert other.config.rope_parameters["rope_theta"] == 9.0
