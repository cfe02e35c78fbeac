"""L2-SP: the pull is the closed form, and a strong one keeps the source's weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_tail
from headstart.transfer import finetune, l2sp
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tune
from headstart.transfer.training.freeze import freeze
from tiny_tail import drain


def distance(head) -> float:
    """Euclidean, from the source's weights; statistics left out."""
    before = {n: v for part in tiny_tail.untouched().values() for n, v in part.items()}
    gaps = [v - before[n] for n, v in head.state.items() if n in before and "running" not in n]
    return float(np.sqrt(sum((gap.astype(np.float64) ** 2).sum() for gap in gaps)))


@pytest.mark.parametrize("frozen", [0, 2])
def test_the_pull_is_the_squared_distance_of_what_learns_without_the_head(frozen):
    context = tiny_tail.context()
    tail = open_tail(context.source, context.weights, context.view, 3)
    for _, stage in tail.stages()[:frozen]:
        freeze(stage)
    start = tune.source_weights(tail)
    names = [name for part in list(tail.parts)[frozen:] for name in [f"parts.{part}."]]
    assert set(start) == {n for n, _ in tail.named_parameters() if n.startswith(tuple(names))}
    assert tune.squared_distance(tail, start).item() == 0
    random, wanted, steps = np.random.default_rng(0), 0.0, {}
    with torch.no_grad():
        for name, parameter in tail.named_parameters():
            steps[name] = random.normal(0, 0.1, tuple(parameter.shape)).astype(np.float32)
            parameter.add_(torch.from_numpy(steps[name]))
            wanted += float((steps[name].astype(np.float64) ** 2).sum()) if name in start else 0.0
    now = tune.squared_distance(tail, start)
    assert now.item() == pytest.approx(wanted, rel=1e-4)
    now.backward()
    for name, parameter in tail.named_parameters():
        if name in start:
            np.testing.assert_allclose(parameter.grad.numpy(), 2 * steps[name], atol=1e-5)
        else:
            assert parameter.grad is None


def test_a_strong_pull_keeps_the_weights_near_the_source():
    context = tiny_tail.context(valid=0)
    near, far = (
        distance(drain(l2sp.run(l2sp.Config(alpha=alpha, steps=40, lr=3e-3), context))[0]) for alpha in (100.0, 0.0)
    )
    assert near < far / 3


def test_the_head_is_left_free():
    """Its distance from its start is not made smaller by the pull on the rest."""
    context = tiny_tail.context(valid=0)
    start, _ = drain(l2sp.run(l2sp.Config(steps=0), context))
    moved = []
    for alpha in (100.0, 0.0):
        head, _ = drain(l2sp.run(l2sp.Config(alpha=alpha, steps=40, lr=3e-3), context))
        moved.append(float(np.abs(head.state["classifier.weight"] - start.state["classifier.weight"]).sum()))
    assert moved[0] > moved[1] / 2


def test_without_a_pull_it_is_fine_tuning():
    context = tiny_tail.context(valid=0)
    one, _ = drain(l2sp.run(l2sp.Config(alpha=0.0, steps=4), context))
    two, _ = drain(finetune.run(finetune.Config(weight_decay=0.0, steps=4, lr=l2sp.Config().lr), context))
    for name, value in two.state.items():
        np.testing.assert_allclose(one.state[name], value, atol=1e-6)


def test_the_first_step_feels_no_pull_and_the_loss_told_holds_it():
    """At the source's own weights the pull is 0; after a step it is alpha/2 times what was moved, squared."""
    context, losses, states = tiny_tail.context(n=16, valid=0), [], []
    for alpha in (0.0, 50.0):
        config = l2sp.Config(alpha=alpha, batch=16, steps=2, lr=1e-2)
        _, steps = drain(l2sp.run(config, context))
        losses.append([step.loss for step in steps])
        states.append(config)
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-5)
    assert losses[1][1] > losses[0][1]
    assert replace(states[0], alpha=50.0) == states[1]
