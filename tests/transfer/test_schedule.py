"""Learning-rate schedules: torch and the papers as oracles; each group of parameters has its own peak."""

from __future__ import annotations

import math

import pytest
import torch

from headstart.errors import UnknownName, UsageError
from headstart.transfer.training.loop import Recipe
from headstart.transfer.training.schedule import one_cycle, slanted
from loop_problem import run


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.2), (4, 0.3), (10, 0.0), (50, 0.2), (99, 0.3)])
def test_one_cycle_is_that_of_torch(steps, warmup):
    adam = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], 0.3)
    theirs = torch.optim.lr_scheduler.OneCycleLR(adam, 0.3, total_steps=steps + 1, pct_start=warmup)
    for step in range(steps):
        share, momentum = one_cycle(step, steps, warmup)
        assert adam.param_groups[0]["lr"] == pytest.approx(0.3 * share, rel=1e-9)
        assert adam.param_groups[0]["betas"][0] == pytest.approx(momentum, rel=1e-9)
        adam.step()
        theirs.step()


@pytest.mark.parametrize(("steps", "cut_frac"), [(100, 0.1), (40, 0.25), (10, 0.5)])
def test_slanted_is_the_formula_of_the_paper(steps, cut_frac):
    cut, ratio = math.floor(steps * cut_frac), 32
    for t in range(steps):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        assert slanted(t, steps, cut_frac) == (pytest.approx((1 + p * (ratio - 1)) / ratio, rel=1e-9), 0.9)


@pytest.mark.parametrize("steps", [1, 2, 3, 19, 29])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.2, 1.0])
def test_no_rate_leaves_its_range(steps, warmup):
    for shape in (one_cycle, slanted):
        shares = [shape(step, steps, warmup)[0] for step in range(steps)]
        assert all(0 < share <= 1 for share in shares)


class Product(torch.nn.Module):
    """x times three numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.factors = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(1)) for _ in range(3)])

    def forward(self, x):
        return x * self.factors[0] * self.factors[1] * self.factors[2]


@pytest.mark.parametrize(("schedule", "shape"), [("one-cycle", one_cycle), ("slanted", slanted)])
def test_each_group_has_its_own_peak(schedule, shape):
    """AdamW's first step is as long as its rate, whatever the gradient; without decay it is nothing else."""
    model = Product()
    factors = model.factors
    groups = [{"params": [factors[0]], "lr": 0.01, "weight_decay": 0.0}, {"params": [factors[1]], "weight_decay": 0.0}]
    recipe = Recipe(1, 0.1, schedule=schedule, warmup=0.5, precision="no")
    ones = torch.ones(2)
    for _ in range(2):  # the caller's groups are not changed
        for p in factors:
            p.data.fill_(1.0)
        run(model, lambda step: (ones, ones), recipe, loss=lambda s, y: s.mean(), groups=groups)
        share = shape(0, 1, 0.5)[0]
        assert [1 - p.item() for p in factors] == pytest.approx([0.01 * share, 0.1 * share, 0.0], rel=1e-3)


def test_unknown_names_are_told():
    with pytest.raises(UnknownName, match="one-cycle"):
        Recipe(1, 0.1, schedule="one-cicle")
    with pytest.raises(UnknownName, match="auto, no"):
        Recipe(1, 0.1, precision="fp8")
    with pytest.raises(UsageError, match="rows is 0"):
        Recipe(1, 0.1, rows=0)
