"""What every score keeps. A new file in score/ is found by its name and tested without a line here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from any_score import KINDS, drawn, taken
from headstart.family import load, names
from headstart.score._look import Look
from headstart.score._measure import measure
from headstart.types import Estimate

SCORES = names("score")
SPOKEN = [(name, kind) for name in SCORES for kind in KINDS if kind in load("score", name).KINDS]
READING = [(name, kind) for name, kind in SPOKEN if load("score", name).NEEDS != {"record"}]
SHAPES = [(60, 12, 3), (20, 90, 2), (24, 24, 5), (7, 30, 3), (4, 3, 2)]  # n, d, k


def value(name: str, look: Look) -> float:
    found = measure(name, look)
    assert found.value is not None, found.caveats
    assert np.isfinite(found.value)
    return found.value


def column(look: Look, at: int, fill: float) -> Look:
    x = look.x.copy()
    x[:, at] = fill
    return replace(look, x=x)


@pytest.mark.parametrize("name", SCORES)
def test_it_says_what_it_is(name):
    score = load("score", name)
    assert score.__doc__
    assert any(c.isdigit() for c in score.PAPER), "PAPER names authors and year"
    assert isinstance(score.NEEDS, frozenset)
    assert score.NEEDS
    assert score.NEEDS <= {"features", "logits", "record"}
    assert isinstance(score.KINDS, frozenset)
    assert score.KINDS
    assert score.KINDS <= {*names("kind")}


@pytest.mark.parametrize(("name", "kind"), SPOKEN)
@pytest.mark.parametrize(("n", "d", "k"), SHAPES, ids=str)
def test_it_speaks_of_few_and_of_many(name, kind, n, d, k):
    look = drawn(kind, n, d, k)
    kept = [a.copy() for a in (look.x, look.y, look.logits)]
    found = measure(name, look)
    assert isinstance(found, Estimate)
    assert found.value is not None, found.caveats
    assert np.isfinite(found.value)
    assert found.seconds >= 0
    assert (found.score, found.source) == (name, look.source.key)
    assert found.n_used == (n if (name, kind) in READING else 0)
    assert measure(name, replace(look)).value == found.value, "said twice it is the same"
    for now, then in zip((look.x, look.y, look.logits), kept, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(("name", "kind"), READING)
@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (20, 90, 2), (24, 24, 5)], ids=str)
def test_the_order_of_rows_is_of_no_matter(name, kind, n, d, k):
    look = drawn(kind, n, d, k, far=1.0)
    there = taken(look, np.random.default_rng(1).permutation(n))
    assert value(name, there) == pytest.approx(value(name, look), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), [c for c in READING if c[1] != "regression"])
@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (20, 90, 2), (24, 24, 5)], ids=str)
def test_the_numbers_of_classes_are_names(name, kind, n, d, k):
    look, order = drawn(kind, n, d, k, far=1.0), np.roll(np.arange(k), 1)
    renamed = order[look.y] if kind == "classification" else look.y[:, order]
    assert value(name, replace(look, y=renamed)) == pytest.approx(value(name, look), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", [name for name, kind in READING if kind == "classification"])
@pytest.mark.parametrize("missing", [0, 1, 4])
def test_a_class_without_examples_is_as_if_it_were_none(name, missing):
    look = drawn(k=4, far=1.0)
    sparse = np.delete(np.arange(5), missing)[look.y]
    found = measure(name, replace(look, y=sparse, k=5))
    assert found.value == pytest.approx(value(name, look), rel=1e-6, abs=1e-9)
    assert "1 of 5 classes have no example." in found.caveats


@pytest.mark.parametrize("name", [name for name, kind in READING if kind == "classification"])
@pytest.mark.parametrize(("n", "d"), [(31, 8), (31, 60)])
def test_a_class_of_one_example(name, n, d):
    look = drawn(n=n, d=d, k=3)
    y = look.y.copy()
    y[0] = 3
    found = measure(name, replace(look, y=y, k=4))
    assert found.value is not None
    assert np.isfinite(found.value)
    assert "1 of 4 classes has a single example." in found.caveats


@pytest.mark.parametrize(("name", "kind"), READING)
@pytest.mark.parametrize(("n", "d"), [(30, 8), (30, 60)])
def test_features_that_never_vary(name, kind, n, d):
    look = drawn(kind, n, d)
    for at, fill in ((0, 0.0), (1, 3e7), (2, 0.1)):
        look = column(look, at, fill)
        assert np.isfinite(value(name, look))


@pytest.mark.parametrize(("name", "kind"), READING)
@pytest.mark.parametrize("unit", [0.0, 0.1, 3e7])
def test_rows_that_are_all_alike_say_nothing_whatever_they_hold(name, kind, unit):
    look = drawn(kind, 30, 37)
    row = unit * np.random.default_rng(0).normal(1, 1, 37)
    alike = replace(look, x=np.tile(row, (30, 1)).astype(np.float32), logits=np.ones_like(look.logits))
    said, shuffle = value(name, alike), np.random.default_rng(1).permutation(30)
    assert value(name, replace(alike, y=look.y[shuffle])) == pytest.approx(said, rel=1e-6, abs=1e-9)
    assert said <= value(name, look)
    if name != "logme":  # whose model has no constant but the features
        assert said == pytest.approx(value(name, replace(alike, x=np.zeros_like(alike.x))), rel=1e-6, abs=1e-9)
    if kind == "classification":
        y = np.repeat([0, 1, 2], [16, 8, 6])
        one, two = (value(name, replace(alike, y=labels)) for labels in (y, (y + 1) % 3))
        assert one == pytest.approx(two, rel=1e-6, abs=1e-9), "where classes are level, the first number does not win"


@pytest.mark.parametrize(("name", "kind"), READING)
@pytest.mark.parametrize("power", [-15, 20, 60])
def test_the_unit_of_features_is_of_no_matter(name, kind, power):
    look = drawn(kind, 30, 45, far=1.0)
    there = replace(look, x=look.x * np.float32(2.0**power))
    assert value(name, there) == pytest.approx(value(name, look), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), READING)
def test_rows_that_come_twice(name, kind):
    look = drawn(kind, 20, 30)
    assert np.isfinite(value(name, taken(look, np.arange(40) % 20)))


@pytest.mark.parametrize(("name", "kind"), READING)
@pytest.mark.parametrize(("n", "d"), [(90, 12), (60, 150)])
@pytest.mark.parametrize("seed", range(3))
def test_features_that_know_the_labels_score_higher(name, kind, n, d, seed):
    look = drawn(kind, n, d, seed=seed)
    shuffled = replace(look, y=np.random.default_rng(seed).permutation(look.y))
    assert value(name, look) > value(name, shuffled) + 1e-6


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("kind", KINDS)
def test_of_other_kinds_it_says_that_it_is_silent(name, kind):
    if kind in load("score", name).KINDS:
        return
    found = measure(name, drawn(kind))
    assert found.value is None
    assert found.n_used == 0
    assert found.caveats[0].startswith(f"{name} does not speak of tasks of kind '{kind}', only of classification")


@pytest.mark.parametrize("name", SCORES)
def test_what_it_does_not_need_may_be_missing(name):
    needs, look = load("score", name).NEEDS, drawn()
    bare = replace(
        look,
        x=look.x if "features" in needs else np.full_like(look.x, np.nan),
        logits=look.logits if "logits" in needs else None,
        source=look.source if "record" in needs else None,
    )
    found = measure(name, bare)
    assert found.value == value(name, look)
    assert found.source == (look.source.key if "record" in needs else None)
    for need, empty in (("logits", {"logits": None}), ("record", {"source": None})):
        if need in needs:
            without = measure(name, replace(look, **empty))
            assert without.value is None
            assert "needs the source's" in without.caveats[0]
    for need, what in (("features", "x"), ("logits", "logits")):
        if need in needs:
            hole = getattr(look, what).copy()
            hole[3, 1] = np.inf
            assert "not finite" in measure(name, replace(look, **{what: hole})).caveats[0]


@pytest.mark.parametrize(("name", "kind"), READING)
def test_where_there_is_nothing_to_tell_it_is_silent(name, kind):
    look = drawn(kind)
    for rows, why in ((np.array([0]), "two examples or more, not 1"), (np.zeros(9, int), "the same label")):
        found = measure(name, taken(look, rows))
        assert found.value is None
        assert why in found.caveats[0]
    if kind == "classification":
        alone = measure(name, replace(look, y=np.arange(60), k=60))
        assert (alone.value, alone.caveats) == (None, ("No class has two examples.",))
    if kind == "regression":
        hole = np.where(np.arange(60) == 7, np.nan, look.y)
        assert measure(name, replace(look, y=hole)).caveats == ("Some labels are not finite numbers.",)


@pytest.mark.parametrize(("name", "kind"), READING)
def test_groups_are_left_out_as_a_whole_or_it_says_that_they_are_not(name, kind):
    """Twins with the same chance label, each beside its own: who knows the twin knows the label, and nothing more."""
    rng = np.random.default_rng(0)
    look = taken(drawn(kind, 40, 30, far=0.0), np.arange(80) % 40)
    look = replace(look, x=look.x + rng.normal(0, 0.01, look.x.shape).astype(np.float32))
    flattered, found = measure(name, look), measure(name, replace(look, groups=np.arange(80) % 40))
    told = "It counts examples of one group as independent"
    if getattr(load("score", name), "GROUPS", False):
        chance = value(name, drawn(kind, 40, 30, far=0.0))
        assert flattered.value - found.value > 0.1 * abs(flattered.value)
        assert found.value == pytest.approx(chance, abs=0.25 * max(1.0, abs(chance)))
        assert not any(c.startswith(told) for c in found.caveats)
        whole = measure(name, replace(look, groups=np.zeros(80, int)))
        assert (whole.value, whole.caveats) == (
            None,
            ("All examples are of one group, which would be left out as a whole.",),
        )
    else:
        assert found.value == flattered.value
        assert any(c.startswith(told) for c in found.caveats)
    alone = measure(name, replace(look, groups=np.arange(80)))
    assert alone.value == pytest.approx(flattered.value, rel=1e-9)
    assert alone.caveats == flattered.caveats, "groups of one are none"
