"""Whether mirroring changes the class, told from features of pictures and their mirror images."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.plan.mirroring import asked


def features(n: int, turned: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes along one axis; mirrored, `turned` of it (1: as it was, −1: the other class)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 2, 12))
    x[:, 0, 0] += 4 * y
    x[:, 1, 0] += 2 + turned * (4 * y - 2)
    return x, y


@pytest.mark.parametrize(("turned", "changes"), [(1.0, False), (-1.0, True), (0.0, True)])
def test_arrows_turn_and_flowers_do_not(turned, changes):
    x, y = features(90, turned)
    found = asked(x, y, np.arange(90))
    assert found.right > 0.9
    assert found.changes is changes


def test_false_alarms_are_rare_and_few_pictures_say_nothing():
    alarms = [asked(*features(60, 1.0, seed), np.arange(60)).changes for seed in range(40)]
    assert sum(alarms) <= 2
    assert asked(*features(20, -1.0), np.arange(20)) is None


def test_pictures_of_one_group_count_once():
    """Five wrong copies of one picture among sixty are no evidence; sixty pictures of their own would be."""
    x, y = features(60, 1.0)
    x[:6, 1, 0] = 2 - (4 * y[:6] - 2)  # mirrored, six look like the other class
    alone, together = np.arange(60), np.where(np.arange(60) < 6, 0, np.arange(60))
    assert asked(x, y, alone).changes
    assert not asked(x, y, together).changes
