"""Gradual unfreezing: what has not yet been thawed is the source's, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_tail
from headstart.transfer import gradual
from tiny_tail import drain


def moved(state) -> list[str]:
    """Of a saved model's state, the parts that are no longer the source's, the head's name first if it moved."""
    return [
        part
        for part, tensors in tiny_tail.untouched().items()
        if any(name in state and not np.array_equal(state[name].numpy(), value) for name, value in tensors.items())
    ]


def watched(config, context, folder) -> list[tuple[int, list[str]]]:
    """(step, parts moved by then) at every evaluation, as the checkpoint tells."""
    pad, seen = folder / "loop.pt", []
    for step in gradual.run(config, replace(context, checkpoint=pad)):
        if pad.exists():  # the last one's is removed when the run ends
            seen.append((step.step, moved(torch.load(pad, weights_only=True)["model"])))
    return seen


@pytest.mark.parametrize("norm", ["frozen", "batch"])
def test_by_epoch_one_part_more_thaws_from_the_top_down(norm, tmp_path):
    """24 pictures in batches of 12: two steps an epoch; the head learns in the first, then one part more in each."""
    config = gradual.Config(batch=12, steps=10, norm=norm)
    seen = watched(config, tiny_tail.context(valid=0), tmp_path)
    names = list(tiny_tail.untouched())
    assert names == ["stage4", "stage5", "top"]
    assert seen == [(2, []), (4, names[2:]), (6, names[1:]), (8, names), (10, names)]


def test_the_head_learns_from_the_start():
    start, _ = drain(gradual.run(gradual.Config(steps=0), tiny_tail.context(valid=0)))
    first, _ = drain(gradual.run(gradual.Config(batch=12, steps=2), tiny_tail.context(valid=0)))
    assert not np.array_equal(first.state["classifier.weight"], start.state["classifier.weight"])
    assert first.state.keys() == start.state.keys() == {"classifier.weight", "classifier.bias"}, "nothing else moved"


def test_by_stall_nothing_thaws_while_the_validation_loss_falls(tmp_path):
    """Validated on its own training pictures, from a random head, at a small rate: the loss falls every time."""
    context = tiny_tail.context(copies=1)
    context = replace(context, valid=context.train)
    config = gradual.Config(thaw="stall", batch=12, steps=12, lr=3e-3, head_first=False)
    _, steps = drain(gradual.run(config, context))
    assert [step.step for step in steps] == [0, 2, 4, 6, 8, 10, 12]
    assert [parts for _, parts in watched(config, context, tmp_path)] == [[]] * 7


def test_by_stall_each_stall_thaws_one_part_more(tmp_path):
    """At an absurd rate the start stays the best: every evaluation is a stall."""
    context = tiny_tail.context(copies=1)
    config = gradual.Config(thaw="stall", batch=12, steps=40, lr=3.0)
    seen = watched(config, context, tmp_path)
    names = list(tiny_tail.untouched())
    assert [parts for _, parts in seen[:5]] == [[], [], names[2:], names[1:], names]
    assert len(seen) == 1 + 3 + 4, "early stopping counts anew when all is open, and its patience is four"


def test_by_stall_without_validation_data_it_thaws_by_epoch():
    config = gradual.Config(batch=12, steps=8)
    context = tiny_tail.context(valid=0)
    one, two = (drain(gradual.run(replace(config, thaw=thaw), context))[0] for thaw in ("epoch", "stall"))
    assert tiny_tail.same(one, two)


@pytest.mark.parametrize("parts", [1, 2])
def test_no_more_parts_thaw_than_it_is_told(parts, tmp_path):
    seen = watched(gradual.Config(parts=parts, batch=12, steps=10), tiny_tail.context(valid=0), tmp_path)
    assert seen[-1][1] == list(tiny_tail.untouched())[-parts:]


@pytest.mark.parametrize("net", ["test_resnet", "mobilenetv3_small_050"])
@pytest.mark.parametrize("parts", [2, 3])
def test_other_networks_thaw_what_stands_behind_the_cut(net, parts):
    """Of a residual network the top holds no weights; MobileNetV3's stands behind the pooling."""
    context = tiny_tail.context(architecture=net, valid=0)
    head, _ = drain(gradual.run(gradual.Config(parts=parts, batch=12, steps=12), context))
    stages = {".".join(name.split(".")[:2]) for name in head.state if not name.startswith("classifier")}
    wanted = {
        ("test_resnet", 2): {"parts.stage4"},
        ("test_resnet", 3): {"parts.stage3", "parts.stage4"},
        ("mobilenetv3_small_050", 2): {"parts.stage6", "late.0"},
        ("mobilenetv3_small_050", 3): {"parts.stage5", "parts.stage6", "late.0"},
    }[net, parts]
    assert stages == wanted
    learned = [v for n, v in head.state.items() if n.startswith((*wanted, "classifier")) and "running" not in n]
    assert head.trained_params == sum(v.size for v in learned)


@pytest.mark.parametrize("net", ["test_efficientnet", "test_resnet"])
def test_of_whole_pictures_too_no_statistic_in_front_of_the_learning_parts_moves(net):
    context = tiny_tail.context("input", 12, copies=1, architecture=net, valid=0)
    head, _ = drain(gradual.run(gradual.Config(parts=2, batch=6, steps=8, norm="batch"), context))
    last = {"test_efficientnet": ["stage5", "top"], "test_resnet": ["stage4"]}[net]
    for part, tensors in tiny_tail.untouched(net, "input").items():
        assert bool(tensors.keys() & head.state.keys()) is (part in last), part
