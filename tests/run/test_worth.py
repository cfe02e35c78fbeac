"""Whether anything was learnt that long training could build on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contenders import contender
from headstart.run.worth import nothing_learnt

LABELS = ("cane", "bug")


def said(n: int, largest: float, right: float, loss: float) -> str | None:
    """Of `n` examples that many are of the largest class; a candidate is right on a share of each class."""
    y = (np.arange(n) >= largest * n).astype(np.int64)
    rng = np.random.default_rng(0)
    named, losses = rng.random(n) < right, np.full(n, loss)
    return nothing_learnt(contender("probe-tiny", losses, right=named), y, LABELS, "picture")


def test_random_labels_teach_nothing():
    found = said(240, 0.5, 0.5, np.log(2))
    assert found is not None
    assert found.startswith("probe-tiny names ")
    assert "of 240 pictures, which is not clearly beyond always answering 'cane' (50 %)" in found


@pytest.mark.parametrize(
    ("largest", "right", "loss"),
    [(0.5, 0.65, 0.69), (0.9, 0.9, 0.2)],
    ids=["more are named", "rare classes are told by their probabilities alone"],
)
def test_something_was_learnt(largest, right, loss):
    assert said(240, largest, right, loss) is None


def test_examples_of_one_group_are_one_observation():
    """Ahead in one group of forty, behind in half of another: of single pictures clear, of six groups luck."""
    at = np.arange(240)
    named = ((at < 120) & (at >= 20)) | ((at >= 120) & (at < 160))
    best = contender("probe-tiny", np.full(240, np.log(2)), right=named)
    y = (at >= 120).astype(np.int64)
    assert nothing_learnt(best, y, LABELS, "picture") is None
    assert nothing_learnt(replace(best, groups=at // 40), y, LABELS, "picture") is not None
