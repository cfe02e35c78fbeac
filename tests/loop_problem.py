"""A small learning problem for the tests of the training loop, and ways to run it."""

from __future__ import annotations

import itertools

import torch

from drawn_task import drain as drain  # the tests take it from here
from headstart.transfer.training.loop import Outcome, Recipe, train

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


def start(checkpoint=None, judged=True, opening=None, **recipe):
    model, batch, evaluate = problem()
    plan = Recipe(**{"steps": STEPS, "lr": 1e-2, "evaluate_every": 3, "threads": 1} | recipe)
    check = evaluate if judged is True else judged
    loss = torch.nn.CrossEntropyLoss()
    return train(model, batch, loss, plan, seed=5, evaluate=check or None, checkpoint=checkpoint, opening=opening)


def same(a: Outcome, b: Outcome) -> None:
    assert (a.step, a.metric, a.loss, a.opened, a.rows) == (b.step, b.metric, b.loss, b.opened, b.rows)
    assert a.state.keys() == b.state.keys()
    for name in a.state:
        assert torch.equal(a.state[name], b.state[name]), name


def run(model, batch, recipe, **more):
    return drain(train(model, batch, more.pop("loss", torch.nn.CrossEntropyLoss()), recipe, seed=5, **more))[0]


def by_hand(losses):
    """Validation losses as given, one an evaluation; a resumed run starts where it was."""
    return lambda first=0: (lambda heard: lambda net: (0.5, next(heard)))(itertools.islice(iter(losses), first, None))
