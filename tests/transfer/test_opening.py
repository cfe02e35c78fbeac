"""Stages opened on the way, by step or by stall: a run killed anywhere ends where it would have."""

from __future__ import annotations

import pytest
import torch

from headstart.errors import UsageError
from headstart.transfer.training import freeze
from headstart.transfer.training.loop import Opening
from loop_problem import STEPS, by_hand, drain, problem, same, start


def opening(calls, **when) -> Opening:
    """At first the head alone learns; then batch-norm; then all."""

    def apply(model, opened):
        calls.append(opened)
        for order, stage in enumerate([model[1], model[0]]):
            (freeze.unfreeze if order < opened else freeze.freeze)(stage)

    return Opening(apply, most=2, **when)


FALLING, FLAT = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0], [9.0, 9.0, 9.0, 9.0, 8.0, 9.0]


@pytest.mark.parametrize(
    ("when", "losses", "calls", "opened"),
    [
        ({"steps": 4}, FALLING, [0, 1, 2], 2),
        ({"steps": 100}, FALLING, [0], 0),
        ({"patience": 1}, FALLING, [0], 0),
        ({"patience": 1}, FLAT, [0, 1, 2], 2),
        ({"patience": 3}, FLAT, [0, 1], 1),
        ({"patience": 1, "steps": 7}, FLAT, [0, 1, 2], 2),
    ],
)
@pytest.mark.parametrize("stop_after", range(1, 7))
def test_opening_survives_a_kill_after_any_slice(tmp_path, when, losses, calls, opened, stop_after):
    seen: list[int] = []
    judge, rest = by_hand(losses), {"steps": 18, "patience": 9}
    whole, steps = drain(start(judged=judge(), opening=opening(seen, **when), **rest))
    assert seen == calls
    assert len(steps) == 6
    assert whole.opened == opened
    pad = tmp_path / "loop.pt"
    context = start(pad, judge(), opening(seen, **when), **rest)
    for _ in range(stop_after):
        next(context)
    context.close()
    again, rest_of = drain(start(pad, judge(stop_after), opening(seen, **when), **rest))
    assert len(rest_of) == 6 - stop_after
    same(again, whole)


def test_opening_by_step_needs_no_validation():
    """Batch-norm, opened at step 6 of 12, has counted the batches of the other 6; the first layer stays as it was."""
    seen: list[int] = []
    before = problem()[0].state_dict()
    whole, _ = drain(start(judged=False, opening=opening(seen, steps=6)))
    assert seen == [0, 1], "the second opening would be at step 12, after the end"
    assert whole.opened == 1
    assert whole.state.keys() == {name for name in before if not name.startswith("0.")}, (
        "what was never opened is not kept"
    )
    changed = {name for name in whole.state if not torch.equal(before[name], whole.state[name])}
    assert changed == {name for name in before if not name.startswith("0.")}
    assert whole.state["1.num_batches_tracked"] == STEPS - 6


def test_before_all_is_open_it_does_not_stop_early():
    seen: list[int] = []
    judge = by_hand([1.0, *[2.0] * 30])
    outcome, steps = drain(start(judged=judge(), opening=opening(seen, patience=3), steps=90, patience=2))
    # lowest at 1; the third stale one after it opens (4), three more open again (7), then two are enough to stop
    assert [s.step // 3 for s in steps] == list(range(1, 10))
    assert (seen, outcome.step) == ([0, 1, 2], 3)


def test_opening_by_stall_without_validation_is_refused():
    with pytest.raises(UsageError, match="Give `evaluate`"):
        next(start(judged=False, opening=opening([], patience=1)))
