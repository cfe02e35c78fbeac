"""What examples left out say of a source, and in which order they are drawn."""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import drawn_eyes
from headstart.plan.sources import evidence
from headstart.types import Example, Features, Sealed, Task


def test_a_sharper_source_has_the_lower_loss_and_the_gap_is_in_standard_errors():
    task = drawn_eyes.task()
    some = evidence.draw(task, 0)[:200]
    sharp, dull, noise = (evidence.of(str(s), drawn_eyes.drawn(some, s, "x"), task, some) for s in (3.0, 1.0, 0.0))
    assert sharp.loss < dull.loss < noise.loss
    assert sharp.value > dull.value > 0.4 > noise.value
    gap = dull.losses - sharp.losses
    assert dull.behind(sharp) == pytest.approx(gap.mean() / (gap.std(ddof=1) / len(gap) ** 0.5))
    assert sharp.behind(dull) == pytest.approx(-dull.behind(sharp))


def told(source: str, *losses: float) -> evidence.Evidence:
    return evidence.Evidence(source, np.array(losses), np.zeros(len(losses)))


def test_what_examples_cannot_tell_what_is_known_before_decides():
    """`best` is ahead of `first` by 0.1 with a standard error of 0.4, of `clear` by 1.0 without any."""
    first, clear, best = told("first", 1.1, 0.9, 2.9), told("clear", 2.5, 2.5, 2.5), told("best", 1.5, 1.5, 1.5)
    assert best.loss < first.loss
    assert 0 < first.behind(best) < 1
    assert evidence.order([first, clear, best]) == ["first", "best", "clear"]
    assert evidence.order([clear, best, first]) == ["best", "first", "clear"]


def test_a_heavier_source_leads_only_where_it_is_clearly_and_usefully_better():
    """`heavy` is 0.3 ahead, without any error; whether that names more examples, too, decides."""

    def heavier(key: str, other: str) -> bool:
        return (key, other) == ("heavy", "light")

    light, heavy = told("light", 1.0, 1.0, 1.0), told("heavy", 0.7, 0.7, 0.7)
    useful = evidence.Evidence("heavy", heavy.losses, light.right + 0.02)
    order = partial(evidence.order, heavier=heavier, least=0.01)
    assert order([heavy, light]) == ["light", "heavy"]
    assert order([useful, light]) == ["heavy", "light"]
    unclear = evidence.Evidence("heavy", np.array([0.0, 0.0, 2.7]), light.right + 0.02)
    assert evidence.order([unclear, light]) == ["heavy", "light"], "the prior's lead, were both as heavy"
    assert order([unclear, light]) == ["light", "heavy"]


def test_features_that_are_no_numbers_are_no_evidence():
    task = drawn_eyes.task(60)
    some = evidence.draw(task, 0)
    seen = drawn_eyes.drawn(some, 1.0, "x")
    seen.x[3] = np.nan
    with pytest.raises((ArithmeticError, np.linalg.LinAlgError)):
        evidence.of("broken", seen, task, some)


def test_noise_is_no_better_than_guessing():
    task = drawn_eyes.task(900)
    some = evidence.draw(task, 0)
    assert evidence.of("noise", drawn_eyes.drawn(some, 0.0, "x"), task, some).loss == pytest.approx(np.log(3), abs=0.05)


def test_every_beginning_is_even_over_the_classes_and_no_test_example_is_drawn():
    task = drawn_eyes.task(100, 4)
    sealed = Sealed((Example("t:999", "f" * 64, "sealed", 0),))
    order = evidence.draw(replace(task, test=sealed), 0)
    assert sealed.reads == 0
    assert sorted(e.digest for e in order) == sorted(e.digest for e in (*task.train, *task.valid))
    for n in (4, 8, 40):
        assert set(Counter(e.answer for e in order[:n]).values()) == {n // 4}
    assert [e.digest for e in order] != [e.digest for e in evidence.draw(task, 1)]
    assert [e.digest for e in order] == [e.digest for e in evidence.draw(task, 0)]


def test_examples_of_a_group_do_not_vouch_for_each_other():
    """Groups of identical rows whose labels are drawn: one by one they are told by heart, as groups not at all."""
    rng = np.random.default_rng(0)
    rows, marks = rng.normal(0, 1, (30, 40)).repeat(4, 0), rng.integers(0, 2, 30).repeat(4)
    alone = tuple(Example(f"t:{i}", f"{i:064x}", f"{i}", int(y)) for i, y in enumerate(marks))
    together = tuple(replace(e, group=f"g{i // 4}") for i, e in enumerate(alone))
    seen = Features(rows.astype(np.float32), marks, "x")
    task = Task("groups", ("a", "b"), alone, (), Sealed(()), modality="text")
    assert evidence.of("x", seen, task, alone).value > 0.95
    assert evidence.of("x", seen, task, together).value < 0.8
    assert evidence.of("x", seen, task, alone).groups is None
    assert np.array_equal(np.unique(evidence.of("x", seen, task, together).groups), np.arange(30))


def test_how_far_behind_is_told_by_groups():
    """Each example five times: the gap is as sure as that of the groups' means, and on a beginning as its groups'."""
    rng = np.random.default_rng(0)
    ours, theirs, groups = rng.gamma(2, 1, 40), rng.gamma(2, 1, 40), np.arange(200) // 5
    singly = [evidence.Evidence("x", a, a) for a in (ours, theirs)]
    many = [evidence.Evidence("x", a.repeat(5), a.repeat(5), groups) for a in (ours, theirs)]
    assert many[0].behind(many[1]) == pytest.approx(singly[0].behind(singly[1]))
    few = [evidence.Evidence("x", a[:20].repeat(5), a[:20].repeat(5), groups[:100]) for a in (ours, theirs)]
    assert many[0].behind(few[1]) == pytest.approx(few[0].behind(few[1]))


def test_examples_of_several_labels_are_drawn_by_chance():
    """Not a rare combination before the second of a common one: most have no label, and most of those drawn."""
    rng = np.random.default_rng(0)
    marks = rng.random((1000, 6)) < 0.06
    examples = tuple(
        Example(f"t:{i}", f"{i:064x}", f"{i}", tuple(np.flatnonzero(row).tolist())) for i, row in enumerate(marks)
    )
    task = Task("several", tuple("abcdef"), examples, (), Sealed(()), modality="text", kind="multilabel")
    first = evidence.draw(task, 0)[:200]
    assert np.mean([not e.answer for e in first]) == pytest.approx((~marks.any(1)).mean(), abs=0.1)


def test_numbers_are_drawn_by_chance_and_judged_by_their_error():
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (120, 5))
    y = 10 * np.sign(x[:, 0]) * np.abs(x[:, 0]) ** 0.5 + rng.normal(0, 0.1, 120)  # features' roots are what is fitted
    examples = tuple(Example(f"t:{i}", f"{i:064x}", f"{i}", float(v)) for i, v in enumerate(y))
    task = Task("numbers", ("score",), examples, (), Sealed(()), modality="text", kind="regression")
    order = evidence.draw(task, 0)
    at = [int(e.digest, 16) for e in order]
    found = evidence.of("x", Features(x[at].astype(np.float32), y[at], "x"), task, order)
    assert found.loss < 0.1 < y.var()
    assert -0.5 < found.value < 0
