from dataclasses import asdict, replace

import numpy as np
import pytest
import tiny_models
import torch

import tiny_tail
import tiny_text
from headstart.errors import EngineError, UsageError
from headstart.family import load
from headstart.plan import search
from headstart.source import _catalogue, local
from headstart.transfer import lora, qlora
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tuned
from headstart.transfer.training.tail import look
from headstart.types import FitContext, View

VIEW = View("tiny-text", "input")
K = 3
KNOWN = (tiny_text.source(), tiny_text.weights())
NAMES = ["lora", "qlora"]


def fit(name, seen, **changes):
    strategy = load("transfer", name)
    config = strategy.Config(steps=20, **changes)
    candidate = search.Candidate("c", name, True, VIEW, long=True)
    return search.trained(candidate, config, tiny_text.context(seen, K, VIEW, seed=0), tuple("abc"))[0]


@pytest.fixture
def seen():
    return tiny_text.drawn(VIEW, 60, K, 0)


def opened(name):
    strategy = load("transfer", name)
    return lora.opener(strategy.Config(), four_bits=name == "qlora")(*KNOWN, VIEW, K).eval()


def test_before_it_learns_an_adapter_changes_nothing(seen):
    plain = open_tail(*KNOWN, VIEW, K).eval()
    np.testing.assert_allclose(
        look(opened("lora"), seen.x, features=True), look(plain, seen.x, features=True), atol=1e-5
    )


def test_four_bits_are_near_the_source_and_not_the_same(seen):
    plain, packed = look(open_tail(*KNOWN, VIEW, K).eval(), seen.x, features=True), opened("qlora")
    features = look(packed, seen.x, features=True)
    cosine = (plain * features).sum(1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(features, axis=1)
    assert 0.7 < cosine.min() < 0.99999, "random weights are wide: of real ones it is above .99"
    matrix = packed.get_parameter("parts.stage1.attention.self.query.base_layer.weight")
    assert matrix.dtype == torch.uint8
    assert matrix.numel() == 32 * 32 / 2, "two weights a byte"


@pytest.mark.parametrize("name", NAMES)
def test_adapters_norms_and_head_learn_and_nothing_else(name, seen):
    fitted = fit(name, seen)
    rest = {name for name in fitted.state if "lora_" not in name}
    stem_norm = {n for n in rest if n.startswith("parts.stem.4.")}  # held as a module of its own
    assert {n for n in rest if "LayerNorm" not in n} == {"classifier.weight", "classifier.bias"} | stem_norm
    width, inner, linear = 32, 64, 3 * (4 * 2 * 32 * 8 + 2 * (32 + 64) * 8)  # layers · (four square, two of 32 × 64)
    assert fitted.trained_params == linear + 7 * 2 * width + (width + 1) * K
    assert inner == tiny_text.CONFIG["intermediate_size"]


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_falls(name, seen):
    config = load("transfer", name).Config(steps=60, lr=1e-2)
    losses = [step.loss for step in load("transfer", name).run(config, tiny_text.context(seen, K, VIEW))]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_predicts_the_same_in_any_order(name, seen):
    fitted = fit(name, seen)
    copied = replace(fitted, state={n: a.copy() for n, a in fitted.state.items()})
    read = load("transfer", name).logits
    torch.manual_seed(99)  # adapters that are not in the state would be drawn anew
    np.testing.assert_allclose(read(fitted, seen.x, *KNOWN), read(copied, seen.x[::-1], *KNOWN)[::-1], atol=2e-2)
    adapted = tuned.logits(replace(fitted, state=head(fitted)), seen.x, *KNOWN)
    assert not np.allclose(read(fitted, seen.x, *KNOWN), adapted, atol=0.1), "the adapters matter"


def head(fitted):
    return {n: a for n, a in fitted.state.items() if n.startswith("classifier")}


def test_merged_it_is_a_fine_tuned_model_that_says_the_same(seen):
    fitted = fit("lora", seen)
    made = lora.merge(fitted, seen.x, *KNOWN)
    assert made.strategy == "finetune"
    assert not any("lora" in name for name in made.state)
    scores = load("transfer", "finetune").logits(made, seen.x, *KNOWN)
    assert np.abs(scores - lora.logits(fitted, seen.x, *KNOWN)).mean() < 0.05, "both are rounded to bf16 on their way"
    load("transfer", "finetune").Config(**made.config)


def test_a_four_bit_model_is_merged_onto_plain_weights_also_after_an_evaluation(seen):
    """bitsandbytes may hold four-bit weights in another order once they have computed; peft then merges into those."""
    fitted = fit("qlora", seen)
    before = qlora.logits(fitted, seen.x, *KNOWN)
    made = lora.merge(fitted, seen.x, *KNOWN)
    merged = load("transfer", "finetune").logits(made, seen.x, *KNOWN)
    assert not any("lora" in name for name in made.state)
    assert np.abs(merged - before).max() < 0.05 * np.abs(before).max(), "both are rounded to bf16 on their way"
    np.testing.assert_array_equal(qlora.logits(fitted, seen.x, *KNOWN), before)
    again = lora.merge(fitted, seen.x, *KNOWN)
    for name, value in made.state.items():
        np.testing.assert_array_equal(again.state[name], value)


@pytest.mark.parametrize("name", NAMES)
def test_matrices_that_lie_on_their_side_take_adapters_too(name, seen, tmp_path, monkeypatch):
    """GPT-2 keeps its matrices as [in, out]."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    source = local.find(str(tiny_models.saved("gpt2", tmp_path)))
    known, strategy = (source, _catalogue.fetch(source)), load("transfer", name)
    view = View(source.key, "input")
    adapted = lora.opener(strategy.Config(), four_bits=name == "qlora")(*known, view, K).eval()
    plain, features = (look(n, seen.x, features=True) for n in (open_tail(*known, view, K).eval(), adapted))
    cosine = (plain * features).sum(1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(features, axis=1)
    assert cosine.min() > (0.99999 if name == "lora" else 0.7)
    context = FitContext(seen, K, view, source=known[0], weights=known[1], seed=0)
    candidate = search.Candidate("c", name, True, view, long=True)
    fitted = search.trained(candidate, strategy.Config(steps=20), context, tuple("abc"))[0]
    assert sum("lora_A" in n for n in fitted.state) == 3 * 4, "layers, and what is linear in each"
    said = strategy.logits(fitted, seen.x, *known)
    assert not np.allclose(said, tuned.logits(replace(fitted, state=head(fitted)), seen.x, *known), atol=0.1)
    made = lora.merge(fitted, seen.x, *known)
    merged = load("transfer", "finetune").logits(made, seen.x, *known)
    assert np.abs(merged - said).max() < 0.05 * np.abs(said).max(), "both are rounded to bf16 on their way"


def test_a_merge_that_changes_the_answer_is_refused(seen):
    fitted = fit("lora", seen)
    grown = {n: a * np.float32(1e30) if "lora_" in n else a for n, a in fitted.state.items()}  # as if it had diverged
    with np.errstate(all="ignore"), pytest.raises(EngineError, match="Keep the adapters as they are"):
        lora.merge(replace(fitted, state=grown), seen.x, *KNOWN)


def test_no_adapters_for_pictures():
    context = tiny_tail.context()
    with pytest.raises(UsageError, match="'tiny', which has no linear layers of a language model"):
        next(lora.run(lora.Config(), context))


def test_a_setting_survives_json(seen):
    assert lora.Config(**asdict(lora.Config(rank=4))) == lora.Config(rank=4)
    assert isinstance(qlora.Config(), lora.Config)
