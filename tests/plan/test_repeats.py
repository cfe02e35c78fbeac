"""One training or three: foretold from validation."""

from __future__ import annotations

import numpy as np
import pytest

from contenders import contender
from headstart.plan.repeats import SPREAD, settled

MARGIN = 0.01


def helps(gaps: np.ndarray) -> bool:
    """Whether the interval of mean differences [seeds n] lies above the margin; several seeds widen it by theirs."""
    of_seeds = gaps.mean(1)
    seeds = of_seeds.var(ddof=1) / len(of_seeds) if len(of_seeds) > 1 else 0.0
    error = np.sqrt(gaps.mean(0).var(ddof=1) / gaps.shape[1] + seeds)
    return bool(of_seeds.mean() - 1.96 * error > MARGIN)


def answers(rng: np.random.Generator, chance: np.ndarray, n: int) -> np.ndarray:
    """Right or wrong [trainings n], easy examples easy for all."""
    easy = rng.random(n)
    return np.array([0.5 * easy + 0.5 * rng.random(n) < c for c in chance])


@pytest.mark.parametrize(("n_valid", "n_test"), [(49, 153), (60, 105), (75, 125), (500, 500)])
def test_where_it_is_settled_three_seeds_say_the_same(n_valid, n_test):
    rng, other, called = np.random.default_rng(0), 0, 0
    for _ in range(1500):
        ours, theirs = 0.9, 0.9 - rng.uniform(0, 0.35)
        chance = np.clip(theirs + SPREAD * rng.standard_normal(4), 0, 1)
        right, seen = answers(rng, chance, n_test), answers(rng, chance[:1], n_valid)
        mine, mine_seen = answers(rng, np.full(1, ours), n_test), answers(rng, np.full(1, ours), n_valid)
        t, r = (contender(k, [0.5] * n_valid, right=x[0]) for k, x in (("t", mine_seen), ("r", seen)))
        if settled(t, [r], n_test, MARGIN):
            gaps = mine.astype(float) - right[1:]
            called, other = called + 1, other + (helps(gaps[:1]) != helps(gaps))
    assert called > 100
    assert other <= 0.02 * called


def test_every_rival_counts_and_few_examples_settle_nothing():
    right = np.ones(200, bool)
    far, near = np.arange(200) % 2 == 0, np.arange(200) % 25 > 0
    t, behind, close = (contender(k, [0.5] * 200, right=x) for k, x in (("t", right), ("a", far), ("b", near)))
    assert settled(t, [behind], 100, MARGIN)
    assert not settled(t, [behind, close], 100, MARGIN)
    few = [contender(k, [0.5] * 4, right=np.array(x)) for k, x in (("t", [True] * 4), ("r", [False] * 2 + [True] * 2))]
    assert not settled(few[0], [few[1]], 100, MARGIN)
    assert not settled(behind, [t], 100, MARGIN), "that reuse hurts is not foretold"
