"""The one training loop: interrupted and resumed it ends where it would have; the best state is the one kept."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest
import torch

from headstart.transfer.training import freeze
from headstart.transfer.training.loop import Outcome, Recipe, train
from headstart.transfer.training.schedule import one_cycle
from loop_problem import STEPS, by_hand, drain, problem, run, same, start


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, judged, stop_after):
    whole, _ = drain(start(judged=judged))
    pad = tmp_path / "deep" / "loop.pt"
    context = start(pad, judged)
    for _ in range(stop_after):
        next(context)
    context.close()
    assert pad.exists()
    again, steps = drain(start(pad, judged))
    same(again, whole)
    assert [s.step for s in steps] == list(range(3, STEPS + 1, 3))[stop_after:]
    assert not pad.exists(), "a finished run needs no checkpoint"


def test_killed_while_stopping_early_it_does_not_go_on(tmp_path):
    """The kill may come between the save that runs out of patience and the stop itself."""
    losses = [1.0, 2.0, 3.0, 0.1, 0.1]

    def judge():
        heard = iter(losses)
        return lambda net: (0.5, next(heard))

    whole, steps = drain(start(judged=judge(), patience=2, steps=15))
    assert [s.step for s in steps] == [3, 6, 9]
    assert (whole.step, whole.loss) == (3, 1.0)
    pad = tmp_path / "loop.pt"
    context = start(pad, judge(), patience=2, steps=15)
    for _ in range(3):
        next(context)
    context.close()
    again, steps = drain(start(pad, judge(), patience=2, steps=15))
    assert steps == []
    same(again, whole)


def test_only_with_validation_the_best_state_is_kept():
    heard = iter([0.9, 0.3, 0.6, 0.8])
    best, steps = drain(start(judged=lambda net: (0.5, next(heard))))
    assert (best.step, best.loss, best.metric) == (6, 0.3, 0.5)
    last, plain = drain(start(judged=False))
    assert (last.step, last.loss, last.metric) == (STEPS, None, None)
    assert [s.metric for s in plain] == [None] * 4
    assert [s.loss for s in plain] == pytest.approx([s.loss for s in steps]), (
        "looking at validation changes no training"
    )
    other = iter([1.0, 0.0, 0.5, 0.5])
    halfway, _ = drain(start(judged=lambda net: (0.5, next(other))))
    same(halfway, Outcome(best.state, 6, 0.5, 0.0))


def test_it_learns_and_counts():
    outcome, steps = drain(start(steps=40, evaluate_every=15))
    assert [s.step for s in steps] == [15, 30, 40], "the last step is evaluated too"
    assert all(s.steps == 40 for s in steps)
    assert outcome.metric > 0.9
    assert steps[-1].loss < steps[0].loss


def test_the_seed_decides():
    model, batch, evaluate = problem()
    recipe = Recipe(STEPS, 1e-2, evaluate_every=3)
    other, _ = drain(train(model, batch, torch.nn.CrossEntropyLoss(), recipe, seed=6, evaluate=evaluate))
    one, _ = drain(start())
    assert any(not torch.equal(one.state[name], other.state[name]) for name in one.state)


@pytest.mark.parametrize("closed", [True, False])
def test_threads_are_as_before(closed):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        context = start(threads=1)
        next(context)
        assert torch.get_num_threads() == 1
        context.close() if closed else drain(context)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_on_the_way_gives_the_threads_back():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)

        def fail(net):
            raise ArithmeticError("no such number")

        with pytest.raises(ArithmeticError, match="no such number"):
            drain(start(judged=fail))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_state_is_plain_and_on_the_cpu():
    outcome, _ = drain(start())
    assert all(tensor.device.type == "cpu" and not tensor.requires_grad for tensor in outcome.state.values())
    assert all(np.isfinite(tensor.float().numpy()).all() for tensor in outcome.state.values())


def test_norms_and_biases_do_not_decay():
    """With a loss without gradient for them, matrices shrink by the closed form of decoupled decay; the rest stays."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    recipe = Recipe(5, 0.1, weight_decay=0.5, precision="no")
    after = run(model, lambda step: (torch.ones(2, 3), torch.zeros(2)), recipe, loss=lambda s, y: (s * 0).sum()).state
    shrunk = math.prod(1 - 0.1 * one_cycle(step, 5, recipe.warmup)[0] * 0.5 for step in range(5))
    torch.testing.assert_close(after.pop("0.weight"), before["0.weight"] * shrunk)
    for name, value in after.items():
        assert torch.equal(value, before[name])


def test_frozen_and_undeclared_parameters_stay_bit_for_bit():
    model, batch, evaluate = problem()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    freeze.freeze(model[0])
    freeze.freeze(model[1])
    recipe = Recipe(STEPS, 1e-2, evaluate_every=3, threads=1, weight_decay=0.5)
    after = run(model, batch, recipe, evaluate=evaluate).state
    assert {name for name in after if not torch.equal(after[name], before[name])} == {"4.weight", "4.bias"}
    model, batch, evaluate = problem()
    groups = [{"params": [model[4].bias]}]
    after = run(model, batch, recipe, groups=groups).state
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"4.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert all(p.grad is None for p in model.parameters()), "nor is a gradient left behind"


@pytest.mark.parametrize("stop_after", [None, 1, 2, 5])
def test_the_start_wins_where_training_only_hurts(tmp_path, stop_after):
    before = problem()[0].state_dict()
    judge, pad = by_hand([0.5, 0.6, 0.7, 0.8, 0.9]), tmp_path / "loop.pt"
    if stop_after:
        context = start(pad, judge(), start=True)
        for _ in range(stop_after):
            next(context)
        context.close()
    outcome, steps = drain(start(pad, judge(stop_after or 0), start=True))
    assert (outcome.step, outcome.loss, outcome.metric) == (0, 0.5, 0.5)
    assert all(torch.equal(outcome.state[name], value) for name, value in before.items())
    assert [s.step for s in steps] == [0, 3, 6, 9, 12][stop_after or 0 :]


def test_the_start_loses_where_training_helps():
    one, curve = drain(start(start=True, steps=40))
    two, _ = drain(start(steps=40))
    same(one, two)
    assert curve[0].step == 0
    assert curve[0].loss is None
    assert curve[0].metric is not None


def test_a_loss_that_is_no_number_does_not_stay_the_best():
    outcome, _ = drain(start(judged=by_hand([math.nan, 2.0, math.nan, 3.0])()))
    assert (outcome.step, outcome.loss) == (6, 2.0)


@pytest.mark.parametrize("closed", [True, False])
def test_a_run_that_is_over_holds_no_memory(closed):
    model, batch, evaluate = problem()
    gone = [weakref.ref(model), weakref.ref(model[0].weight)]
    recipe = Recipe(STEPS, 1e-2, evaluate_every=3)
    context = train(model, batch, torch.nn.CrossEntropyLoss(), recipe, seed=5, evaluate=evaluate)
    next(context)
    optimizers = [thing for thing in gc.get_objects() if type(thing) is torch.optim.AdamW]
    gone += [weakref.ref(thing) for thing in optimizers if thing.param_groups[0]["params"][0] is model[0].weight]
    assert len(gone) == 3
    if closed:
        context.close()
    else:
        drain(context)
    assert all(p.grad is None for p in model.parameters())
    del model, optimizers
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3


def test_a_model_comes_back_as_it_was():
    model, batch, _ = problem()
    before = {key for key in model.__dict__ if not key.startswith("__")}
    run(model, batch, Recipe(2, 1e-2))
    assert {key for key in model.__dict__ if not key.startswith("__")} == before
    assert not model._forward_hooks


def test_two_precisions_live_in_one_process():
    """Interleaved even; without bf16 the scores are exactly those of a plain pass."""
    heard = {}

    x = torch.ones(2, 6)

    def judge(name):
        def evaluate(net):
            heard[name] = net(x).detach(), net
            return 0.5, 1.0

        return evaluate

    works = {name: start(judged=judge(name), precision=name) for name in ("auto", "no")}
    for _ in range(2):
        for context in works.values():
            next(context)
    for name, (scores, net) in heard.items():
        assert scores.dtype == torch.float32
        with torch.no_grad():
            wanted = net.eval()(x)
        torch.testing.assert_close(
            scores, wanted, rtol=0.02 if name == "auto" else 0, atol=0.02 if name == "auto" else 0
        )
    for context in works.values():
        context.close()
