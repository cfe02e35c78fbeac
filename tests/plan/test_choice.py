"""Who is preferred in its arm, who is crowned, and what is said about the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contenders import contender
from headstart.errors import UsageError
from headstart.plan.choice import behind, explain, luck, prefer, select_final, standard_error


def test_of_the_indistinguishable_the_prior_prefers():
    """Gap 0.1 with a standard error of 0.1 (differences 0 and 0.2 in turn, n = 2): just within."""
    lowest = contender("a", [1.0, 1.0], prior=1)
    within = contender("b", [1.0, 1.2], prior=0)
    assert prefer([lowest, within]) is within
    assert prefer([within, lowest]) is within
    assert prefer([replace(lowest, prior=0), within]).trial.id == "a"


def test_the_clearly_worse_is_not_preferred():
    """Always 0.1 worse: the difference has no error at all, whatever each one's own spread."""
    spread = np.linspace(0, 3, 20)
    best, worse = contender("a", spread, prior=9), contender("b", spread + 0.1, prior=0)
    assert prefer([best, worse]) is best


@pytest.mark.parametrize("seed", range(5))
def test_within_one_standard_error_is_scipys(seed):
    """The paired gap counts as none exactly where scipy's one-sample t statistic is at most 1."""
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(seed)
    base = rng.gamma(1, 1, 30)
    others = [base + rng.normal(shift, 0.3, 30) for shift in (0.02, 0.05, 0.08, 0.2)]
    arm = [contender(str(i), losses, prior=-i) for i, losses in enumerate([base, *others])]
    best = min(arm, key=lambda c: c.trial.log_loss)
    close = [c for c in arm if c is best or ttest_1samp(c.losses - best.losses, 0).statistic <= 1]
    assert prefer(arm) is min(close, key=lambda c: c.prior)


def test_with_one_validation_picture_the_lowest_wins():
    arm = [contender("a", [0.5], prior=1), contender("b", [0.6], prior=0)]
    assert prefer(arm).trial.id == "a"


def test_ties_are_settled_by_loss_then_name():
    equal = [contender(name, [0.5, 0.5]) for name in ("c", "a", "b")]
    assert prefer(equal).trial.id == "a"
    nearly = [contender("a", [0.4, 0.6002]), contender("z", [0.5, 0.5])]
    assert prefer(nearly).trial.id == "z"


def test_nobody_to_prefer():
    with pytest.raises(UsageError, match=r"No candidate finished.*Give more --budget, or look at journal\.jsonl"):
        prefer([])


def test_those_compared_on_all_pictures_settle_it_there_and_meet_the_others_on_the_last():
    """On the last two pictures alone the worse of the crossed ones would win."""
    good = contender("good", [0.1] * 8 + [0.5, 0.5], prior=1, folds=5)
    lucky = contender("lucky", [0.9] * 8 + [0.3, 0.3], prior=1, folds=5)
    assert prefer([good, lucky]) is good
    assert prefer([good, lucky, contender("long", [0.6, 0.6])]) is good
    assert prefer([lucky, contender("long", [0.4, 0.4]), good]).trial.id == "long"
    assert prefer([good, contender("long", [0.4, 0.7], prior=0)]).trial.id == "long", "within an error, and preferred"


def test_a_rival_is_crowned_where_its_lead_could_not_be_luck():
    """Five answers that differ, all in its favour: one in 32. Four, or five of six, are no more than a good hand."""
    for ahead, lost, wins in ((5, 0, True), (4, 0, False), (5, 1, False), (8, 1, True), (0, 0, False), (1, 8, False)):
        level = [1] * 20 + [0] * 10
        transfer = contender("t", [0.5] * 39, right=[*level, *[0] * ahead, *[1] * lost, *[1] * (9 - ahead - lost)])
        rival = contender("r", [0.1] * 39, right=[*level, *[1] * ahead, *[0] * lost, *[1] * (9 - ahead - lost)])
        assert (select_final(transfer, rival) is rival) is wins, (ahead, lost)


def test_luck_is_the_sign_tests():
    """Where every gap is as large, Fisher's randomisation test is the sign test; else scipy's over all signs."""
    from scipy.stats import binomtest, permutation_test

    for ahead, lost in ((6, 1), (9, 4), (30, 18)):
        gaps = np.array([1.0] * ahead + [-1.0] * lost + [0.0] * 7)
        assert luck(gaps) == pytest.approx(binomtest(ahead, ahead + lost, alternative="greater").pvalue, abs=0.02)
    gaps = np.random.default_rng(0).normal(0.3, 1, 12)
    known = permutation_test((gaps,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf)
    assert luck(gaps) == pytest.approx(known.pvalue, abs=0.02)
    many = np.where(np.arange(3000) < 1560, 1.0, -1.0)
    assert luck(many) == pytest.approx(binomtest(1560, 3000, alternative="greater").pvalue, abs=0.005)


def drawn(rng: np.random.Generator, n: int, skill: float, size: int = 1) -> np.ndarray:
    """Right answers of a model: two in three pictures are as hard for all models; a group's pictures are alike."""
    units = rng.random(n // size) < 1 / 3
    return (np.where(units, rng.random(n // size) < skill, rng.random(n // size) < 0.9)).repeat(size)


@pytest.mark.parametrize(("n", "size"), [(10, 1), (50, 1), (200, 1), (300, 10)])
def test_of_two_as_good_the_rival_is_crowned_in_at_most_one_of_twenty(n, size):
    """Where it is the better of two rivals, in one of ten; a group's pictures counted singly, in three of ten."""
    rng, many, groups = np.random.default_rng(0), 300, np.arange(n) // size
    alone = best_of_two = singly = 0
    for _ in range(many):
        transfer, one, two = (
            contender(i, [0.5] * n, right=drawn(rng, n, 0.6, size), folds=5, groups=groups) for i in "tab"
        )
        alone += select_final(transfer, one) is one
        singly += select_final(transfer, replace(one, groups=None)) is not transfer
        better = max(one, two, key=lambda c: c.right.sum())
        best_of_two += select_final(transfer, better) is better
    assert alone / many <= 0.05 + 2 * (0.05 * 0.95 / many) ** 0.5
    assert best_of_two / many <= 0.10 + 2 * (0.1 * 0.9 / many) ** 0.5
    assert singly == alone if size == 1 else singly > many / 5


def test_a_rival_that_is_clearly_better_is_crowned():
    rng = np.random.default_rng(1)
    crowned = 0
    for _ in range(60):
        transfer, rival = (
            contender(i, [0.5] * 200, right=drawn(rng, 200, skill)) for i, skill in (("t", 0.5), ("r", 0.95))
        )
        crowned += select_final(transfer, rival) is rival
    assert crowned > 50, "fifteen points on two hundred pictures"


def test_where_the_two_met_on_few_pictures_alone_the_rival_must_be_ahead_of_the_stand_in_too():
    long = contender("t", [0.5] * 6, right=[0] * 6)
    crossed = contender("p", [0.5] * 20, right=[1] * 8 + [0] * 6 + [1] * 6, folds=5)
    for right, wins in (([0] * 10 + [1] * 10, False), ([1] * 20, True)):
        rival = contender("r", [0.9] * 20, right=right, reuses=False, folds=5)
        assert select_final(long, rival) is rival, "on the last six it is ahead either way"
        assert (select_final(long, rival, crossed) is rival) is wins


def test_nine_of_ten_validation_pictures_are_no_crown():
    """Fifty labelled pictures of five classes: the network from scratch met the probe on ten alone."""
    probe = contender("p", [0.5] * 50, right=[1] * 36 + [0] * 4 + [1] * 6 + [0] * 4, folds=5)
    scratch = contender("s", [0.1] * 10, right=[1] * 9 + [0], reuses=False)
    assert scratch.right.sum() > probe.right[-10:].sum()
    assert select_final(probe, scratch, probe) is probe


def test_pictures_of_a_group_tell_as_much_as_their_mean():
    rng = np.random.default_rng(0)
    means, groups = rng.normal(0.2, 1, 30), np.arange(300) // 10
    alike = means.repeat(10)
    assert standard_error(alike, groups) == pytest.approx(means.std(ddof=1) / 30**0.5)
    assert standard_error(alike) < standard_error(alike, groups) / 3
    assert standard_error(means) == pytest.approx(standard_error(means, np.arange(30)))
    assert standard_error(alike, np.zeros(300, int)) == 0, "of one group nothing is known"
    assert behind(alike, np.zeros(300), groups) == pytest.approx(behind(means, np.zeros(30)))
    assert luck(alike, groups) == pytest.approx(luck(means), abs=0.02)
    assert luck(alike) < luck(alike, groups)


def test_the_groups_of_the_last_pictures_count():
    """A long candidate was compared on the last ten: two groups, of which the first holds nine."""
    groups = np.array([7] * 10 + [3] * 9 + [5])
    gaps = np.array([1.0] * 9 + [0.0])
    assert standard_error(gaps, groups) == pytest.approx(standard_error(gaps, groups[-10:]))
    assert standard_error(gaps, groups) > standard_error(gaps)


def test_within_a_standard_error_is_told_by_groups():
    """Ten pictures behind in one group and ten ahead in another: singly clear, as groups nothing is."""
    lowest = np.full(40, 1.0)
    other = lowest + np.repeat([0.5, 0.3, -0.5, 0.1], 10)
    groups = np.arange(40) // 10
    for of, wins in ((None, "a"), (groups, "b")):
        arm = [contender("a", lowest, prior=1, groups=of), contender("b", other, prior=0, groups=of)]
        assert prefer(arm).trial.id == wins


def test_the_explanations():
    winner = contender("w", [0.5] * 10, right=[1] * 9 + [0])
    assert explain(winner, winner).reason == "chosen: 90.0 % right, log-loss 0.500, validation: 10 pictures"
    loser = contender("l", [0.7] * 10, right=[1] * 8 + [0] * 2)
    assert explain(loser, winner).reason == (
        "lost to w (90.0 % right, log-loss 0.500, validation: 10 pictures): 80.0 % right, log-loss 0.700, validation: "
        "10 pictures"
    )
    lucky = contender("l", [0.4] * 10)
    assert explain(lucky, winner).reason.startswith("not clearly better than w (90.0 % right, log-loss 0.500, ")
    rival = contender("r", [0.4] * 10, reuses=False)
    assert explain(rival, winner).reason.startswith("lost to w"), "across arms there is no tie by prior"


def test_a_rival_that_is_ahead_but_not_clearly_is_not_told_to_have_lost():
    """One of four pictures more: reuse is kept, see `select_final`, but did not win."""
    tuned = contender("tuned", [0.6] * 4, right=[1, 1, 0, 0])
    scratch = contender("scratch", [0.5] * 4, right=[1, 1, 1, 0], reuses=False)
    assert select_final(tuned, scratch) is tuned
    assert explain(scratch, tuned).reason == (
        "not clearly ahead of all that reuse, such as tuned (50.0 % right, log-loss 0.600, validation: 4 pictures), "
        "who are preferred then: 75.0 % right, log-loss 0.500, validation: 4 pictures"
    )
    assert explain(contender("tuned", [0.4] * 4), scratch).reason.startswith("lost to scratch")


def test_the_explanation_compares_on_the_pictures_of_both():
    """Better on all, worse on those that the winner was compared on."""
    winner, crossed = contender("w", [0.5] * 2), contender("l", [0.1] * 8 + [0.6] * 2, folds=5)
    assert explain(crossed, winner).reason == (
        "lost to w (0.0 % right, log-loss 0.500, validation: 2 pictures): 0.0 % right, log-loss 0.200, 5-fold "
        "cross-validation of 10 pictures"
    )
