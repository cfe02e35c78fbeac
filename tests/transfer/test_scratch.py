"""The network from scratch: it learns, resumes, keeps the best, and its state says all that predicting needs."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

import drawn_task
from drawn_task import drain
from headstart.transfer import scratch
from headstart.transfer.baseline import convnet
from headstart.types import Facts, FitContext, Fitted, View

CONFIG = scratch.Config("glyph", lr=4e-3, width=8, batch=8, steps=60)
VIEW = View(None, size=32)


@pytest.fixture(scope="module")
def bars():
    return drawn_task.pictures(32, 2, 1, 32), drawn_task.pictures(20, 2, 2, 32)


@pytest.fixture(scope="module")
def context(bars):
    train, valid = bars
    return FitContext(train, 2, VIEW, seed=3, valid=valid)


@pytest.fixture(scope="module")
def learned(context):
    return drain(scratch.run(CONFIG, context))


def read(head, x, **changes):
    """Its logits on pictures, the setting changed as told."""
    return scratch.logits(Fitted("scratch", VIEW, asdict(CONFIG) | changes, ("a", "b"), head.state, 0, 0), x)


def test_it_tells_bars_apart(learned):
    head, steps = learned
    new = drawn_task.pictures(40, 2, 4, 32)
    assert (read(head, new.x).argmax(1) == new.y).mean() > 0.9  # chance: 0.5
    assert steps[-1].step <= 60
    assert head.trained_params == sum(
        v.size for k, v in head.state.items() if "running" not in k and not k.startswith("input.")
    )


def test_interrupted_and_resumed_it_is_the_same(context, learned, tmp_path):
    context = replace(context, checkpoint=tmp_path / "loop.pt")
    run = scratch.run(CONFIG, context)
    for _ in range(2):
        next(run)
    run.close()
    head, steps = drain(scratch.run(CONFIG, context))
    assert head.notes == learned[0].notes
    assert [s.step for s in steps] == [s.step for s in learned[1]][2:]
    for name, value in learned[0].state.items():
        np.testing.assert_array_equal(head.state[name], value)


def test_what_chance_did_before_does_not_matter(context, learned):
    torch.manual_seed(999)
    torch.rand(10)
    head, _ = drain(scratch.run(CONFIG, context))
    for name, value in learned[0].state.items():
        np.testing.assert_array_equal(head.state[name], value)


def test_without_validation_the_last_state_is_the_answer(context):
    head, steps = drain(scratch.run(CONFIG, replace(context, valid=None, share=0.4)))
    assert head.notes == {"step": 24, "steps": 24}
    assert steps[-1].metric is None


def test_the_state_reads_pictures_as_a_hand_made_pass_does(bars, learned):
    """Standardise, run, and average with the mirrored picture exactly where training mirrored."""
    from headstart.transfer.baseline.net import Net

    state = {k: torch.from_numpy(v) for k, v in learned[0].state.items()}
    net = Net(2, 8, 1).eval()
    missing, unknown = net.load_state_dict({k: v for k, v in state.items() if not k.startswith("input.")}, strict=False)
    assert unknown == []
    assert all(name.endswith("num_batches_tracked") for name in missing)
    x = bars[1].x[:5]
    ready = (torch.from_numpy(x).permute(0, 3, 1, 2) / 255 - state["input.mean"].view(3, 1, 1)) / state[
        "input.std"
    ].view(3, 1, 1)
    with torch.no_grad():
        plain, mirrored = net(ready).numpy(), net(ready.flip(3)).numpy()
    for style, wanted in (("glyph", plain), ("photo", (plain + mirrored) / 2)):
        found = read(learned[0], x, style=style)
        np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_the_mean_and_deviation_are_those_of_training(bars, learned):
    x = bars[0].x.astype(np.float64) / 255
    np.testing.assert_allclose(learned[0].state["input.mean"], x.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(learned[0].state["input.std"], x.std((0, 1, 2)), atol=1e-4)


def test_a_refit_trains_as_many_epochs_as_served_best():
    best_at_40 = scratch.refit(CONFIG, {"step": 40, "steps": 60}, 32, 40)
    assert best_at_40 == scratch.Config("glyph", 4e-3, 8, 8, 50)
    early = scratch.refit(CONFIG, {"step": 3, "steps": 60}, 32, 40)
    assert early.steps == round(30 * 40 / 32), "at least half of all"


@pytest.mark.parametrize(("n", "batch", "wanted"), [(20, 5, 300), (1000, 32, 1562), (4000, 32, 3125), (200, 32, 312)])
def test_steps(n, batch, wanted):
    assert convnet.steps(n, batch) == wanted


def test_small_pictures_are_taken_small():
    assert scratch.fit_view(View(None, size=64), Facts(100, 2, 28)) == View(None, size=32)
    assert scratch.fit_view(View(None, size=64), Facts(100, 2, 48)) == View(None, size=64)


def test_batches_are_a_function_of_the_step_and_cover_an_epoch(bars):
    train, _ = bars
    x, y = torch.from_numpy(train.x), torch.arange(len(train.y))
    mean, std = torch.zeros(3), torch.ones(3)
    one = convnet._batches(x, y, mean, std, CONFIG, 0)
    two = convnet._batches(x, y, mean, std, CONFIG, 0)
    for step in (9, 2, 5):
        for a, b in zip(one(step), two(step), strict=True):
            assert torch.equal(a, b)
    assert sorted(torch.cat([one(step)[1] for step in range(4)]).tolist()) == list(range(32))
    assert one(0)[1].tolist() != one(4)[1].tolist()
