"""VICReg against its definition, and its batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headstart.align.domain import selfsupervised as way


def by_definition(one, two):
    """Bardes et al. 2022, equations 1 to 6, a number at a time."""
    b, e = one.shape
    alike = sum(((one[i] - two[i]) ** 2).sum() for i in range(b)) / (b * e)
    vary = apart = 0.0
    for z in (one, two):
        vary += sum(max(0.0, 1 - np.sqrt(z[:, j].var(ddof=1) + 1e-4)) for j in range(e)) / e
        c = np.cov(z.T)
        apart += sum(c[i, j] ** 2 for i in range(e) for j in range(e) if i != j) / e
    return 25 * alike + 25 * vary / 2 + apart


def test_the_loss_is_the_papers():
    random = np.random.default_rng(0)
    one, two = random.normal(0, 0.5, (2, 12, 5))
    found = way.vicreg(torch.from_numpy(one), torch.from_numpy(two), 25.0, 25.0, 1.0)
    assert float(found) == pytest.approx(by_definition(one, two), rel=1e-6)


def test_one_answer_for_all_costs_more_than_answers_that_vary_and_agree():
    spread = torch.randn(200, 4, generator=torch.manual_seed(0))
    same, apart = (float(way.vicreg(z, z, 25.0, 25.0, 1.0)) for z in (torch.ones(200, 4), spread * 1.2))
    assert apart < 0.5
    assert same > 20


def test_a_batch_holds_two_different_copies_of_each_and_an_epoch_every_picture():
    maps = np.arange(10 * 3, dtype=np.float16).reshape(10, 3, 1, 1, 1)
    batch = way.batches(maps, 5, seed=0)
    first = [batch(step)[0][:, :, 0, 0, 0] for step in range(2)]
    rows = torch.cat(first).int()
    assert sorted((rows[:, 0] // 3).tolist()) == [*range(10)]
    assert (rows[:, 0] // 3 == rows[:, 1] // 3).all()
    assert (rows[:, 0] != rows[:, 1]).all()
    assert torch.equal(batch(1)[0], batch(1)[0])
    assert not torch.equal(batch(0)[0], batch(2)[0])
