"""The one training loop: interrupted and resumed it ends where it would have; the best state is the one kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headstart.transfer._loop import Outcome, Recipe, train

STEPS = 12


def problem():
    """A model with dropout and batch-norm, batches that are a function of the step, and a held-out set."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(16, 3)
    )
    draw = torch.Generator().manual_seed(1)
    centres = torch.randn(3, 6, generator=draw) * 2
    y = torch.arange(90) % 3
    x = centres[y] + torch.randn(90, 6, generator=draw)

    def batch(step: int):
        rows = torch.randperm(60, generator=torch.Generator().manual_seed(step))[:20]
        return x[rows], y[rows]

    def evaluate(net: torch.nn.Module) -> tuple[float, float]:
        with torch.no_grad():
            scores = net(x[60:])
        right = float((scores.argmax(1) == y[60:]).float().mean())
        return right, float(torch.nn.functional.cross_entropy(scores, y[60:]))

    return model, batch, evaluate


def drain(work) -> tuple[Outcome, list]:
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as stop:
            return stop.value, steps


def start(scratchpad=None, judged=True, **recipe):
    model, batch, evaluate = problem()
    plan = Recipe(**{"steps": STEPS, "lr": 1e-2, "evaluate_every": 3, "threads": 1} | recipe)
    check = evaluate if judged is True else judged
    return train(model, batch, torch.nn.CrossEntropyLoss(), plan, seed=5, evaluate=check or None, scratchpad=scratchpad)


def same(a: Outcome, b: Outcome) -> None:
    assert (a.step, a.metric, a.loss) == (b.step, b.metric, b.loss)
    assert a.state.keys() == b.state.keys()
    for name in a.state:
        assert torch.equal(a.state[name], b.state[name]), name


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, judged, stop_after):
    whole, _ = drain(start(judged=judged))
    pad = tmp_path / "deep" / "loop.pt"
    work = start(pad, judged)
    for _ in range(stop_after):
        next(work)
    work.close()
    assert pad.exists()
    again, steps = drain(start(pad, judged))
    same(again, whole)
    assert [s.step for s in steps] == list(range(3, STEPS + 1, 3))[stop_after:]
    assert not pad.exists(), "a finished run needs no scratchpad"


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
    work = start(pad, judge(), patience=2, steps=15)
    for _ in range(3):
        next(work)
    work.close()
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
        work = start(threads=1)
        next(work)
        assert torch.get_num_threads() == 1
        work.close() if closed else drain(work)
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
