from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_causal
import tiny_text
from drawn_task import drain
from headstart.errors import UsageError
from headstart.source.language import model as _language
from headstart.transfer import intermediate
from headstart.transfer.modality import open_tail
from headstart.transfer.training import language_task as task
from headstart.transfer.training.tail import put
from headstart.types import Facts, View
from tiny_tail import interrupted, same

VIEW = View("tiny-text", "input")
K = 3
BRIEF = intermediate.Config(parts=2, least=0, epochs=1, lm_epochs=2, keep="last")


def context(n=24, k=K, loose=40, **more):
    seen = tiny_text.drawn(VIEW, n, k, 1)
    rows = tiny_text.drawn(VIEW, loose, k, 7).x if loose else None
    return tiny_text.context(seen, k, VIEW, unlabelled=rows, **more)


def rows(n=40, seed=7):
    return [np.asarray(row) for row in tiny_text.drawn(VIEW, n, K, seed).x]


def test_of_a_text_about_an_eighth_is_masked_and_what_stands_around_it_never():
    random, around, row = np.random.default_rng(0), np.array([2, 3]), np.array([2, *range(10, 50), 3])
    kinds = np.zeros(3)
    for _ in range(400):
        shown, asked = task.hidden(row, 4, around, 60, random)
        at = np.flatnonzero(asked >= 0)
        assert len(at) == 6  # 15 % of 40
        np.testing.assert_array_equal(asked[at], row[at])
        np.testing.assert_array_equal(np.delete(shown, at), np.delete(row, at))
        assert not np.isin(row[at], around).any()
        kinds += [
            (shown[at] == 4).sum(),
            ((shown[at] != 4) & (shown[at] != row[at])).sum(),
            (shown[at] == row[at]).sum(),
        ]
    np.testing.assert_allclose(kinds / kinds.sum(), [0.8, 0.1, 0.1], atol=0.03)


def test_a_text_of_nothing_but_its_frame_asks_for_nothing():
    _, asked = task.hidden(np.array([2, 3]), 4, np.array([2, 3]), 60, np.random.default_rng(0))
    assert (asked == -1).all()
    assert float(task.heard(torch.ones(0, 60), torch.from_numpy(asked)[None])) == 0.0


def test_the_loss_is_the_mean_cross_entropy_of_the_tokens_asked_for():
    scores, asked = torch.randn(3, 9, generator=torch.manual_seed(0)), torch.tensor([[-1, 4, 0], [8, -1, -1]])
    expected = -np.mean([float(scores[i].log_softmax(0)[w]) for i, w in enumerate((4, 0, 8))])
    assert float(task.heard(scores, asked)) == pytest.approx(expected, abs=1e-6)


def test_batches_are_a_function_of_the_step_and_an_epoch_shows_every_piece_once():
    parts = [np.array([2, 10 + i, 3]) for i in range(20)]
    batch, _ = task.batches(tiny_text.source(), tiny_text.weights(), parts, 8, 60, seed=0)
    assert torch.equal(batch(4)[0], batch(4)[0])
    asked = torch.cat([batch(step)[1].flatten() for step in range(3)])
    assert sorted(asked[asked >= 0].tolist()) == [10 + i for i in range(20)]
    later = torch.cat([batch(step)[1].flatten() for step in range(3, 6)])
    assert sorted(later[later >= 0].tolist()) == [10 + i for i in range(20)]
    assert not torch.equal(batch(0)[1], batch(3)[1])


def test_answers_are_bounded():
    many = rows(300)
    assert sum(map(len, many)) - len(many) > task.ASKED
    batch, _ = task.batches(tiny_causal.source(), tiny_causal.weights(), many, 300, 60, seed=0)
    assert int((batch(0)[1] >= 0).sum()) == task.ASKED


@pytest.mark.parametrize("tiny", [tiny_text, tiny_causal])
def test_its_states_are_the_sources_and_its_answers_those_of_the_sources_own_head(tiny):
    """A causal one's head is in its file; the other reads through its input embeddings."""
    ids = torch.tensor([[2, 5, 7, 9, 3]])
    model = task.speaker(tiny.source(), tiny.weights(), K, [np.array([5, 7])]).eval()
    asked = torch.tensor([[-1, 5, -1, 9, 3]])
    with torch.inference_mode():
        said = model(torch.stack([ids, asked], 1))
        states = _language.load(tiny.source(), tiny.weights()).net(input_ids=ids).last_hidden_state[0]
        if tiny is tiny_causal:
            whole = _language.language_model(tiny.source(), tiny.weights())(input_ids=ids).logits[0]
        else:
            table = open_tail(tiny.source(), tiny.weights(), VIEW, K).net.get_input_embeddings().weight
            counts = np.bincount([5, 7], minlength=len(table)) + 0.1
            whole = states @ table.T + torch.from_numpy(np.log(counts / counts.sum())).float()
    np.testing.assert_allclose(said, whole[[1, 3, 4]], atol=1e-4)


@pytest.mark.parametrize("tiny", [tiny_text, tiny_causal])
def test_going_on_with_the_task_makes_new_texts_less_surprising(tiny):
    view = View(tiny.source().key, "input")
    given = replace(context(), source=tiny.source(), weights=tiny.weights(), view=view)
    given = replace(given, unlabelled=tiny.drawn(view, 400, K, 7).x, train=tiny.drawn(view, 24, K, 1))
    config = replace(
        BRIEF, lm_lr=2e-3, lm_epochs=2 if tiny is tiny_causal else 10, decay=1.0, parts=4, schedule="one-cycle"
    )
    learnt, curve = drain(intermediate.speak(config, given, 0))
    assert curve[-1].loss < curve[0].loss - 0.1
    fresh = task.pieces([*tiny.drawn(view, 100, K, 9).x], 128)
    batch, loss = task.batches(tiny.source(), tiny.weights(), fresh, 100, len(tiny_text.WORDS), seed=0)
    x, y = batch(0)
    heard = []
    for state in ({}, learnt):  # with a head that has not learnt: only the source's weights differ
        model = task.speaker(tiny.source(), tiny.weights(), K, fresh).eval()
        put(model.tail, state)
        with torch.inference_mode():
            heard.append(float(loss(model(x), y)))
    assert heard[1] < heard[0] - 0.3


def test_what_the_task_moved_is_in_the_state_also_where_fine_tuning_takes_no_step():
    config = replace(BRIEF, steps=0)
    head, _ = drain(intermediate.run(config, context()))
    before = tiny_text.untouched()
    learning = {name: value for part in [*before][-2:] for name, value in before[part].items()}
    assert set(head.state) == {*learning, "classifier.weight", "classifier.bias"}
    assert not any(np.array_equal(head.state[name], value) for name, value in learning.items())
    learnt, _ = drain(intermediate.speak(config, context(), 0))
    assert all(np.array_equal(head.state[name], value) for name, value in learnt.items())


def test_its_head_starts_on_the_moved_source_not_on_what_was_kept_of_another():
    given = context()  # the same rows, of which heads are kept
    config = replace(BRIEF, steps=0)
    one, _ = drain(intermediate.run(config, given))
    two, _ = drain(intermediate.run(replace(config, lm_lr=1e-2), given))
    alone, _ = drain(intermediate.run(replace(config, lm_lr=1e-2), context()))
    assert not np.array_equal(one.state["classifier.weight"], two.state["classifier.weight"])
    np.testing.assert_array_equal(two.state["classifier.weight"], alone.state["classifier.weight"])


def test_unlabelled_texts_are_read_and_validation_texts_are_not():
    valid, other = tiny_text.drawn(VIEW, 9, K, 3), tiny_text.drawn(VIEW, 9, K, 4)
    learnt = [
        drain(intermediate.speak(BRIEF, given, 0))[0]
        for given in (context(), context(valid=valid), context(valid=other), context(loose=0))
    ]
    for name, value in learnt[0].items():
        np.testing.assert_array_equal(learnt[1][name], value)
        np.testing.assert_array_equal(learnt[2][name], value)
    assert any(not np.array_equal(learnt[3][name], value) for name, value in learnt[0].items())


@pytest.mark.parametrize("thaw", ["epoch", "none"])
def test_killed_between_the_two_it_need_not_do_the_first_again(tmp_path, thaw):
    pad, config = tmp_path / "loop.pt", replace(BRIEF, thaw=thaw, epochs=3)
    whole, _ = drain(intermediate.run(config, context()))
    run = intermediate.run(config, context(checkpoint=pad))
    first = intermediate._steps(config, context())
    assert next(p for p in run if p.step > first + 1)
    run.close()
    assert {p.name for p in tmp_path.iterdir()} == {"loop.pt", "loop.language.safetensors"}
    again = intermediate.run(config, context(checkpoint=pad))
    assert next(again).step > first + 1
    again.close()
    head, _ = interrupted(lambda: intermediate.run(config, context(checkpoint=pad)))
    assert same(head, whole)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("loose", [0, 1, 50, 100_000])
def test_its_work_is_bounded_whatever_the_number_of_texts(loose):
    x = np.empty(loose, dtype=object)
    x[:] = [np.zeros(300, np.int64)] * loose
    for config in intermediate.settings(Facts(1000, 2, 0, "text")):
        assert 1 <= intermediate._steps(config, replace(context(loose=0), unlabelled=x)) <= config.lm_most


def test_a_source_without_a_language_task_is_told_and_one_that_has_it_named():
    static = replace(tiny_text.source(), architecture="static")
    with pytest.raises(UsageError, match=r"no language task.*smollm2-135m"):
        drain(intermediate.run(BRIEF, replace(context(), source=static)))


@pytest.mark.parametrize("config", [replace(BRIEF, parts=0), replace(BRIEF, thaw="never")])
def test_settings_that_cannot_be_are_told(config):
    with pytest.raises(UsageError, match="one part or more"):
        drain(intermediate.run(config, context()))
