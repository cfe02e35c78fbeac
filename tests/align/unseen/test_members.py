"""What every way to learn for an unseen domain must keep."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from drawn_domains import domains
from drawn_task import drain
from headstart.align import Head
from headstart.align.unseen import Domains, method, methods
from headstart.errors import DataError, UnknownName, UsageError
from headstart.types import Progress

NAMES = [*methods()]
FORMS = {"three": {}, "two": {"g": 2}, "one": {"g": 1}, "absent": {"absent": True}, "sparse": {"sparse": True}}


def trained(name, given):
    """Its head with the usual settings, but a flow that is trained for a moment."""
    made = method(name)
    config = made.config(steps=20) if name == "unvp" else made.config()
    return drain(made.run(config, given))


def dense(x):
    return x if isinstance(x, np.ndarray) else x.toarray()


def test_these_are_the_members():
    assert NAMES == ["coral", "erm", "groupdro", "mixup", "unvp"]
    with pytest.raises(UnknownName, match=r"no way to learn for an unseen domain .mixop.*mixup"):
        method("mixop")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_is_finite_repeatable_and_leaves_the_rows_alone(name, form):
    given = domains(**FORMS[form])
    if not method(name).takes(given):
        assert form == "sparse"
        return
    before = [dense(given.xs).copy(), given.ys.copy(), given.domain.copy()]
    head, steps = trained(name, given)
    assert isinstance(head, Head)
    assert steps
    assert all(isinstance(step, Progress) for step in steps)
    assert head.weight.shape == (5, 3)
    assert head.bias.shape == (3,)
    scores = head(given.xs)
    assert np.isfinite(scores).all()
    assert (scores.argmax(1) == given.ys).mean() > 0.6
    np.testing.assert_allclose(head(given.xs[7:8]), scores[7:8], rtol=1e-5, atol=1e-6)
    for was, now in zip(before, [dense(given.xs), given.ys, given.domain], strict=True):
        np.testing.assert_array_equal(was, now)
    again, _ = trained(name, domains(**FORMS[form]))
    np.testing.assert_array_equal(again.weight, head.weight)
    np.testing.assert_array_equal(again.bias, head.bias)


@pytest.mark.parametrize("name", NAMES)
def test_the_penalty_weighs_the_same_everywhere(name):
    given = domains(n=20)
    trained(name, given)
    assert given.fit.calls
    for x, y, weights in given.fit.calls:
        assert x.shape[0] == len(y)
        total = x.shape[0] if weights is None else weights.sum()
        assert total == pytest.approx(len(given.ys), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_its_file_says_what_it_is(name):
    one = method(name)
    assert one.title
    assert any(char.isdigit() for char in one.paper)
    assert one.needs <= {"dense"}
    assert one.cost(2000, 384, 10) > one.cost(1000, 384, 10) > 0
    config = one.config()
    for field in fields(config):
        with pytest.raises(FrozenInstanceError):
            setattr(config, field.name, 0)


def test_a_seed_of_its_own_draws_otherwise_where_something_is_drawn():
    drawn = {name: [trained(name, domains_of(seed))[0].weight for seed in (0, 1)] for name in NAMES}
    assert {name for name, (a, b) in drawn.items() if not np.array_equal(a, b)} - {"unvp"} == {"mixup"}


def domains_of(seed):
    given = domains(n=20)
    return Domains(given.xs, given.ys, given.domain, given.k, given.fit, seed)


def test_the_one_left_out_is_not_seen_in_the_units_of_the_others():
    given = domains(g=3)
    others, rows, y = given.without(1)
    np.testing.assert_array_equal(np.unique(others.domain), [0, 1])
    np.testing.assert_allclose(others.xs.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(others.xs.std(0), 1)
    kept = given.xs[given.domain != 1]
    np.testing.assert_allclose(rows, (given.xs[given.domain == 1] - kept.mean(0)) / kept.std(0))
    np.testing.assert_array_equal(y, given.ys[given.domain == 1])
    np.testing.assert_array_equal(others.ys, given.ys[given.domain != 1])


def test_a_column_that_never_changes_among_the_others_is_no_matter():
    given = domains()
    given.xs[given.domain != 0, 2] = 7.0
    others, rows, _ = given.without(0)
    assert np.isfinite(others.xs).all()
    assert np.isfinite(rows).all()


@pytest.mark.parametrize(("domain", "said"), [([0, 0, 2], "0, 2.*without gaps"), ([0, 1], "3 rows.*2 domains")])
def test_domains_that_are_not_numbered_are_refused(domain, said):
    with pytest.raises(UsageError, match=said):
        Domains(np.zeros((3, 2)), np.zeros(3, int), np.array(domain), 2, lambda *_: None)


@pytest.mark.parametrize(("value", "label", "said"), [(np.nan, 0, "not finite"), (0.0, 2, "from 0 to 1")])
def test_rows_and_classes_that_cannot_be_are_refused(value, label, said):
    with pytest.raises(DataError, match=said):
        Domains(np.full((3, 2), value), np.array([0, 0, label]), np.array([0, 1, 1]), 2, lambda *_: None)
