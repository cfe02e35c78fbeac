"""The choice by leaving one domain out, on drawn domains where the right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from drawn_domains import LogisticFit, domains
from headstart.align import Head
from headstart.align.unseen import Domains, Method, _choose, method
from headstart.align.unseen._choose import judge_by_leaving_out
from headstart.errors import DataError, UsageError

QUICK = {name: method(name) for name in ("erm", "coral", "groupdro", "mixup")}


def misled(small=3) -> Domains:
    """A large domain in which the second column tells the class too; in each small one it tells the contrary."""
    rng = np.random.default_rng(1)
    domain = np.repeat(np.arange(small + 1), [600] + [120] * small)
    ys = rng.integers(0, 2, len(domain))
    sign = 2.0 * ys - 1
    x = np.stack([sign + rng.normal(size=len(ys)), np.where(domain == 0, 1, -0.7) * sign + rng.normal(size=len(ys))], 1)
    return Domains((x - x.mean(0)) / x.std(0), ys, domain, 2, LogisticFit(2))


def test_domains_that_do_not_differ_keep_plain_erm():
    choices = [judge_by_leaving_out(domains(n=60, shift=0.0, seed=seed), QUICK) for seed in range(20)]
    kept = [choice for choice in choices if choice.chosen == "erm"]
    assert len(kept) >= 16  # 36 of 40 in all: a standard error is no proof
    choice = kept[0]
    assert choice.reason.startswith("Plain ERM: no other method is supported; the best of them, ")
    assert [one.method for one in choice.judged] == ["erm", "coral", "groupdro", "mixup"]
    assert choice.judged[0].ahead == 0
    assert not choice.notes


def test_another_method_that_is_ahead_on_domains_left_out_is_chosen():
    choice = judge_by_leaving_out(misled(), {name: QUICK[name] for name in ("erm", "groupdro")})
    plain, dro = choice.judged
    assert choice.chosen == "groupdro"
    assert dro.supported
    assert dro.ahead == pytest.approx(dro.mean - plain.mean)
    assert dro.ahead > 0.02
    assert "ahead of plain ERM by +" in choice.reason
    assert dro.counts == (600, 120, 120, 120)
    assert dro.worst == min(dro.accuracies)
    assert choice.expected.value == pytest.approx(dro.mean)


def test_accuracies_and_errors_are_those_written_out():
    given = domains(n=50, k=2, shift=1.5)
    plain, mixed = judge_by_leaving_out(given, {name: QUICK[name] for name in ("erm", "mixup")}).judged
    rights = []
    for left in range(3):
        rows, out = given.xs[given.domain != left], given.xs[given.domain == left]
        mean, scale = rows.mean(0), rows.std(0)
        head = LogisticFit(2)((rows - mean) / scale, given.ys[given.domain != left], None)
        rights.append(head((out - mean) / scale).argmax(1) == given.ys[given.domain == left])
    assert plain.accuracies == pytest.approx([one.mean() for one in rights])
    by_domain = np.array(mixed.accuracies) - plain.accuracies
    assert mixed.ahead == pytest.approx(by_domain.mean())
    assert mixed.errors[1] == pytest.approx(by_domain.std(ddof=1) / np.sqrt(3))


def test_the_error_by_examples_is_that_of_paired_differences():
    right, plain = [[1, 1, 1, 0], [1, 0]], [[1, 0, 1, 0], [0, 1]]
    as_arrays = [[np.array(one, float) for one in side] for side in (right, plain)]
    judged = _choose._judged("mixup", *as_arrays)
    first, second = np.array([0, 1, 0, 0.0]), np.array([1, -1.0])
    assert judged.ahead == pytest.approx((0.25 + 0) / 2)
    assert judged.errors[0] == pytest.approx(np.sqrt(first.var(ddof=1) / 4 + second.var(ddof=1) / 2) / 2)
    assert not judged.supported


def test_the_interval_is_students_for_one_more_domain_and_wide_with_few():
    few = _choose._expected((0.6, 0.8))
    assert few.interval == (0.0, 1.0)
    assert "wide" in few.note
    many = _choose._expected((0.7, 0.72, 0.74, 0.71, 0.69, 0.73))
    half = t.ppf(0.95, 5) * np.std([0.7, 0.72, 0.74, 0.71, 0.69, 0.73], ddof=1) * np.sqrt(7 / 6)
    assert many.interval == pytest.approx((0.715 - half, 0.715 + half))
    assert "wide" not in many.note


def test_the_interval_holds_one_more_domain_as_often_as_it_says():
    rng = np.random.default_rng(0)
    drawn = 0.5 + 0.03 * rng.normal(size=(1500, 5))
    held = 0
    for row in drawn:
        low, high = _choose._expected(tuple(row[:4])).interval
        held += low <= row[4] <= high
    assert held / 1500 == pytest.approx(0.9, abs=0.025)


def test_two_domains_are_judged_and_what_they_cannot_tell_is_said():
    choice = judge_by_leaving_out(domains(g=2), QUICK)
    assert len(choice.judged[0].accuracies) == 2
    assert choice.judged[1].ahead == 0  # one domain alone: CORAL moves nothing
    assert any("two domains" in note for note in choice.notes)


def test_sparse_rows_leave_out_what_cannot_read_them():
    choice = judge_by_leaving_out(domains(sparse=True), QUICK)
    coral = next(one for one in choice.judged if one.method == "coral")
    assert coral.reason.startswith("not taken: it needs features in few columns")
    assert coral.accuracies == ()
    assert np.isnan(coral.mean)
    assert len(choice.judged[0].accuracies) == 3


def broken(config, given):
    yield
    return Head(np.full((given.xs.shape[1], given.k), np.nan), np.zeros(given.k))


def as_broken(name):
    return Method(name, "broken", "none", frozenset(), lambda: None, lambda n, d, k: 1.0, broken)


def test_a_method_that_breaks_down_never_wins():
    choice = judge_by_leaving_out(domains(), {"erm": QUICK["erm"], "broken": as_broken("broken")})
    assert choice.chosen == "erm"
    assert choice.judged[1].reason.startswith("not taken: A head came out with numbers that are not finite")
    assert choice.reason == "Plain ERM: no other method could be held against it."


def test_a_plain_head_that_breaks_down_is_an_error():
    with pytest.raises(ArithmeticError, match="not finite"):
        judge_by_leaving_out(domains(), {"erm": as_broken("erm")})


def test_a_class_of_one_domain_alone_is_said():
    given = domains(n=30)
    given.ys[(given.domain != 0) & (given.ys == 2)] = 1
    choice = judge_by_leaving_out(given, {"erm": QUICK["erm"]}, ["hospital a", "hospital b", "hospital c"])
    assert choice.notes == (
        "33.3 % of hospital a is of classes that no other domain has: left out, these count as wrong",
    )


def test_a_domain_that_shares_no_class_is_refused():
    given = domains(n=30)
    given.ys[:] = np.where(given.domain == 1, 2, given.ys % 2)
    with pytest.raises(DataError, match=r"domain 1 shares no class.*mixed up"):
        judge_by_leaving_out(given, QUICK)


def test_one_domain_or_no_plain_method_is_refused():
    with pytest.raises(UsageError, match=r"1 labelled domain was given.*two or more"):
        judge_by_leaving_out(domains(g=1), QUICK)
    with pytest.raises(UsageError, match="'erm' must be among them"):
        judge_by_leaving_out(domains(), {"coral": QUICK["coral"]})


def test_rows_of_one_group_are_never_on_two_sides():
    given = domains(n=40, k=2)
    grouped = replace(given, group=np.arange(120) % 60)  # each in two domains, or twice in one
    for left in range(3):
        others, _, y = grouped.without(left)
        out = grouped.group[given.domain == left]
        assert not np.isin(others.group, out).any()
        assert len(others.ys) == sum(number not in out for number in grouped.group)
        assert len(y) == 40
        assert len(given.without(left)[0].ys) == 80
    choice = judge_by_leaving_out(grouped, {"erm": QUICK["erm"]})
    assert choice.notes[0].startswith("60 of the groups are met again in another domain: ")


def test_groups_that_every_domain_has_leave_nothing_to_learn_from():
    given = replace(domains(n=40, k=2), group=np.tile(np.arange(40), 3))
    with pytest.raises(DataError, match=r"other domains are of groups that art has, too.*a-1 and b-1"):
        judge_by_leaving_out(given, QUICK, ["art", "photo", "sketch"])


def test_a_group_of_like_rows_counts_as_one():
    """Every row thrice: alone they seem to say more than they do."""
    given = domains(n=50, k=2, shift=1.5)
    ways = {name: QUICK[name] for name in ("erm", "mixup")}
    three = {name: np.repeat(getattr(given, name), 3, axis=0) for name in ("xs", "ys", "domain")}
    alone = judge_by_leaving_out(replace(given, **three), ways).judged[1].errors[0]
    grouped = (
        judge_by_leaving_out(replace(given, **three, group=np.repeat(np.arange(150), 3)), ways).judged[1].errors[0]
    )
    assert grouped == pytest.approx(alone * 3**0.5, rel=0.02)
