"""Who is preferred in its camp, who is crowned, and what is said about the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contenders import contender
from headstart.errors import UsageError
from headstart.plan.choice import crown, explain, prefer


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
    camp = [contender(str(i), losses, prior=-i) for i, losses in enumerate([base, *others])]
    best = min(camp, key=lambda c: c.trial.log_loss)
    close = [c for c in camp if c is best or ttest_1samp(c.losses - best.losses, 0).statistic <= 1]
    assert prefer(camp) is min(close, key=lambda c: c.prior)


def test_with_one_validation_picture_the_lowest_wins():
    camp = [contender("a", [0.5], prior=1), contender("b", [0.6], prior=0)]
    assert prefer(camp).trial.id == "a"


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


def test_the_rival_is_crowned_where_it_is_right_on_more_pictures():
    transfer, rival = (contender(n, [0.5] * 3, right=[1, 1, r], folds=5) for n, r in (("t", 0), ("r", 1)))
    assert crown(transfer, rival) is rival
    level = contender("r", [0.1] * 3, right=[0, 1, 1], folds=5)
    assert crown(transfer, level) is transfer


def test_where_the_two_met_on_few_pictures_alone_the_rival_must_be_ahead_of_the_stand_in_too():
    long = contender("t", [0.5] * 2, right=[0, 0])
    crossed = contender("p", [0.5] * 6, right=[1, 1, 1, 1, 1, 0], folds=5)
    for right, wins in (([0, 0, 1, 0, 1, 1], False), ([1, 1, 1, 1, 1, 1], True)):
        rival = contender("r", [0.9] * 6, right=right, reuses=False, folds=5)
        assert crown(long, rival) is rival, "on the last two it is ahead either way"
        assert (crown(long, rival, crossed) is rival) is wins


def test_a_rival_compared_on_few_pictures_must_be_clearly_ahead():
    """Four validation pictures: one more is luck, three more are not."""
    probe = contender("p", [0.5] * 20, right=[1] * 19 + [0], folds=5)
    scratch = contender("s", [0.1] * 4, right=[1] * 4, reuses=False)
    assert crown(probe, scratch, probe) is probe
    weak = contender("p", [0.5] * 20, right=[1] * 16 + [0, 0, 0, 1], folds=5)
    assert crown(weak, scratch, weak) is scratch


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
    assert explain(rival, winner).reason.startswith("lost to w"), "across camps there is no tie by prior"


def test_a_rival_that_is_ahead_but_not_clearly_is_not_told_to_have_lost():
    """One of four pictures more: reuse is kept, see `crown`, but did not win."""
    tuned = contender("tuned", [0.6] * 4, right=[1, 1, 0, 0])
    scratch = contender("scratch", [0.5] * 4, right=[1, 1, 1, 0], reuses=False)
    assert crown(tuned, scratch) is tuned
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
