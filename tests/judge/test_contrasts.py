"""Claims about several rivals at once: that reuse beats them all, that one beats it, that anything was learnt."""

import numpy as np
import pytest

from headstart.judge.contrasts import Contrasts, decide
from headstart.judge.metric import accuracy

N, REPEATS = 150, 120


def drawn(*shares, seed=0):
    """Contrasts of models 0, 1, … that are right with such probabilities."""
    rng = np.random.default_rng(seed)
    sides = {str(at): accuracy.mean((rng.random((1, N)) < p).astype(float)) for at, p in enumerate(shares)}
    return Contrasts(accuracy, sides, None, 0.95, seed, resamples=800)


@pytest.mark.parametrize(
    ("shares", "wrong"),
    [
        ((0.8, 0.8, 0.6), "helps"),  # as good as one, clearly better than the other: no correction is needed
        ((0.8, 0.8, 0.8, 0.8, 0.8), "hurts"),  # of four that are as good, one is ahead by luck
    ],
)
def test_wrong_claims_are_as_rare_as_the_level_says(shares, wrong):
    rivals = [str(at) for at in range(1, len(shares))]
    found = [drawn(*shares, seed=seed).against_all("0", rivals, rivals, 0.0)[0].decision for seed in range(REPEATS)]
    assert found.count(wrong) <= 0.025 * REPEATS + 2 * (0.025 * REPEATS) ** 0.5


def test_without_the_correction_one_of_many_rivals_would_seem_better():
    rivals, alone, together = ["1", "2", "3", "4", "5", "6"], 0, 0
    for seed in range(60):
        of = drawn(*[0.8] * 7, seed=seed)
        alone += any(of.of("0", key).interval(0.95)[1] < 0 for key in rivals)
        together += of.against_all("0", rivals, rivals, 0.0)[0].decision == "hurts"
    assert alone > 2 * together


def test_the_decision_is_that_of_the_interval_which_is_of_the_best_rival():
    of = drawn(0.9, 0.6, 0.75)
    found, hardest = of.against_all("0", ["1", "2"], ["1", "2"], 0.01)
    assert hardest == "2"
    assert found.decision == decide(found.difference, found.interval, 0.01)
    assert found.interval[0] == min(of.of("0", key).interval(0.95)[0] for key in "12")
    assert found.interval[1] == of.of("0", "2").interval(0.975)[1]
    assert of.against_all("0", ["2"], ["2"], 0.01)[0].interval == of.of("0", "2").interval(0.95)


def test_chance_is_seldom_taken_for_something_learnt():
    learnt = [drawn(*[0.5] * 4, seed=seed).any_above("3", ["0", "1", "2"]) for seed in range(REPEATS)]
    assert sum(learnt) <= 0.025 * REPEATS + 2 * (0.025 * REPEATS) ** 0.5
    assert drawn(0.5, 0.8, 0.5).any_above("2", ["0", "1"])
