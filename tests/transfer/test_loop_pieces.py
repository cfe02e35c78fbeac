"""Steps in pieces equal steps at once, also where memory runs out on the way; penalties count once a step."""

from __future__ import annotations

import pytest
import torch

from headstart.errors import EngineError
from headstart.transfer.training import freeze
from headstart.transfer.training.loop import Recipe, train
from loop_problem import STEPS, drain, problem, run, same


class Narrow(torch.nn.Module):
    """A network that has memory for so many rows at once; what it counted and drew before it failed must not count."""

    def __init__(self, most: int, drop: float = 0.0, error: Exception | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two, self.drop = torch.nn.Linear(6, 16), torch.nn.Linear(16, 3), torch.nn.Dropout(drop)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.most, self.error, self.asked = most, error or torch.OutOfMemoryError("no room"), []

    def forward(self, x):
        self.asked.append(len(x))
        x = self.drop(x)
        if self.training:
            self.seen += len(x)
            if len(x) > self.most:
                raise self.error
        return self.two(torch.relu(self.one(x)))


@pytest.mark.parametrize("soft", [False, True], ids=["indices", "probabilities"])
@pytest.mark.parametrize("rows", [1, 7, 20, 64])
def test_pieces_equal_the_whole_batch(rows, soft):
    _, batch, _ = problem()

    def draw(step):
        x, y = batch(step)
        return x, (torch.nn.functional.one_hot(y, 3) * 0.8 + 0.2 / 3 if soft else y)

    whole = run(Narrow(99), draw, Recipe(STEPS, 1e-2, precision="no"))
    model = Narrow(99)
    pieces = run(model, draw, Recipe(STEPS, 1e-2, precision="no", rows=rows))
    assert max(model.asked) == min(rows, 20)
    assert sum(model.asked) == 20 * STEPS
    assert max(model.asked) - min(model.asked) <= 1, "no piece of a single row is left over"
    assert (whole.rows, pieces.rows) == (None, rows)
    for name, value in whole.state.items():
        torch.testing.assert_close(pieces.state[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("no room"),
        RuntimeError("MPS backend out of memory (…)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried …"),
    ],
    ids=["torch", "mps", "posix", "windows"],
)
def test_out_of_memory_halves_the_pieces_and_changes_nothing(error):
    _, batch, evaluate = problem()
    recipe = {"steps": STEPS, "lr": 1e-2, "precision": "no", "evaluate_every": 3}
    model = Narrow(6, 0.3, error)
    found = run(model, batch, Recipe(**recipe), evaluate=evaluate)
    assert model.asked[:7] == [20, 10, 5, 5, 5, 5, 5], "two failures, then quarters; also in the next step"
    assert found.rows == 5
    same(found, run(Narrow(99, 0.3), batch, Recipe(**recipe, rows=5), evaluate=evaluate))
    assert found.state["seen"] == 20 * found.step, "what a failed attempt counted is taken back"


def test_a_resumed_run_keeps_its_pieces(tmp_path):
    _, batch, evaluate = problem()
    recipe, pad = Recipe(STEPS, 1e-2, evaluate_every=3), tmp_path / "loop.pt"
    whole = run(Narrow(6), batch, recipe, evaluate=evaluate)
    context = train(Narrow(6), batch, torch.nn.CrossEntropyLoss(), recipe, seed=5, evaluate=evaluate, checkpoint=pad)
    next(context)
    context.close()
    model = Narrow(6)
    same(run(model, batch, recipe, evaluate=evaluate, checkpoint=pad), whole)
    assert max(size for size in model.asked if size != 30) == 5, "30: the pictures of the evaluation"


def test_with_no_room_for_one_row_it_says_what_to_do():
    _, batch, _ = problem()
    with pytest.raises(EngineError, match=r"(?s)one row.*no room.*Close.*HEADSTART_DEVICE=cpu"):
        run(Narrow(0), batch, Recipe(STEPS, 1e-2))
    with pytest.raises(RuntimeError, match="shapes"):
        run(Narrow(0, error=RuntimeError("shapes do not fit")), batch, Recipe(STEPS, 1e-2))


def test_the_penalty_counts_once_a_step():
    """A quadratic with its minimum between the data's and the penalty's: (c·m + λ·a) / (c + λ), in pieces too."""
    for rows in (None, 4):
        model = torch.nn.Linear(1, 1, bias=False)
        x, y = torch.ones(8, 1), torch.arange(8.0)[:, None]

        def penalty(net):
            return 3 * (net.weight + 2).square().sum()

        recipe = Recipe(300, 0.1, weight_decay=0, rows=rows, precision="no", clip=1e9, evaluate_every=300, threads=1)
        context = train(model, lambda step, x=x, y=y: (x, y), torch.nn.MSELoss(), recipe, seed=0, penalty=penalty)
        outcome, steps = drain(context)
        wanted = (3.5 + 3 * -2) / (1 + 3)
        assert float(outcome.state["weight"]) == pytest.approx(wanted, abs=1e-3)
        assert steps[-1].loss >= float((y - wanted).square().mean()) + 3 * (wanted + 2) ** 2 - 1e-3


def test_a_penalty_on_frozen_parameters_alone_is_no_error():
    model, batch, _ = problem()
    freeze.freeze(model[0])
    run(model, batch, Recipe(2, 1e-2), penalty=lambda net: net[0].weight.square().sum())
