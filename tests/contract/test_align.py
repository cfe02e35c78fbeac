"""What every way to adapt keeps. A new file in align/ is found by its name and tested without a line here."""

from __future__ import annotations

import inspect
import logging
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace

import numpy as np
import pytest
from scipy import sparse

from drawn_pair import pair
from drawn_task import drain
from headstart import family
from headstart.align import Pair, method, methods
from headstart.errors import DataError
from headstart.family import load
from headstart.types import Progress

METHODS = methods()
CASES = [(name, "dense") for name in METHODS] + [(name, "sparse") for name, way in METHODS.items() if not way.needs]
SOLVED = [name for name, way in METHODS.items() if not way.deep]


def brief(name: str):
    """The method's setting, of fewer steps where there are so many."""
    config = method(name).config()
    return replace(config, steps=20) if getattr(config, "steps", 0) > 20 and method(name).deep else config


def model(name: str, given: Pair):
    found, steps = drain(method(name).run(brief(name), given))
    assert all(isinstance(step, Progress) for step in steps)
    assert steps[-1].step <= steps[-1].steps
    return found


def rows_of(given: Pair) -> list[np.ndarray]:
    return [np.array(x if given.dense else x.toarray()) for x in (given.xs, given.xt)] + [given.ys.copy()]


def changed(given: Pair, change) -> Pair:
    """With dense source and target rows that `change` makes of the pair's."""
    xs, xt = change(given.xs.copy(), given.xt.copy())
    return replace(given, xs=xs, xt=xt)


@pytest.mark.parametrize("name", METHODS)
def test_it_says_what_it_is(name):
    way, file = METHODS[name], load("align", name)
    assert file.__doc__
    assert way.title
    assert any(c.isdigit() for c in way.paper), "PAPER names authors and year"
    assert way.needs <= {"dense"}
    assert isinstance(way.deep, bool)
    assert inspect.isgeneratorfunction(way.run)


def test_without_its_package_a_method_is_left_out_and_the_log_says_what_to_add(monkeypatch, caplog):
    monkeypatch.setattr(family, "find_spec", lambda package: None)
    with caplog.at_level(logging.WARNING):
        assert set(METHODS) - set(methods()) == {"transport"}
    assert "pip install 'headstart[adapt]'" in caplog.text


@pytest.mark.parametrize("name", METHODS)
def test_config_is_frozen_with_defaults(name):
    config = method(name).config()
    assert is_dataclass(config)
    assert method(name).config(**asdict(config)) == config
    for field in fields(config):
        with pytest.raises(FrozenInstanceError):
            setattr(config, field.name, 0)


@pytest.mark.parametrize("name", METHODS)
def test_cost_is_positive_and_grows(name):
    way = METHODS[name]
    costs = [way.cost(n, m, d, k) for n, m, d, k in [(1, 1, 1, 2), (100, 100, 50, 2), (9000, 9000, 400, 9)]]
    assert 0 < costs[0] < costs[1] < costs[2]
    if not way.deep:  # trained in as many steps whatever there is
        assert way.cost(2000, 500, 50, 3) > way.cost(1000, 500, 50, 3)


@pytest.mark.parametrize(("name", "rows"), CASES)
def test_one_fixed_map_and_the_callers_rows_untouched(name, rows):
    given = pair(sparse_rows=rows == "sparse")
    assert METHODS[name].takes(given)
    before = rows_of(given)
    found = model(name, given)
    for now, then in zip(rows_of(given), before, strict=True):
        np.testing.assert_array_equal(now, then)

    scores = found(given.xt)
    assert scores.shape == (30, given.k)
    assert np.isfinite(scores).all()
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(found(given.xt[order]), scores[order], atol=1e-4)
    np.testing.assert_allclose(found(given.xt[7:8]), scores[7:8], atol=1e-4)
    np.testing.assert_allclose(found(given.xt[::3]), scores[::3], atol=1e-4)
    if given.dense:
        np.testing.assert_allclose(found(given.xt + 1e-12), scores, atol=1e-4)

    np.testing.assert_array_equal(model(name, given)(given.xt), scores)


@pytest.mark.parametrize(("name", "rows"), CASES)
def test_it_learns(name, rows):
    given = pair(n=60, m=60, shift=0.0, sparse_rows=rows == "sparse")
    config = method(name).config()  # as many steps as it says
    found, _ = drain(method(name).run(config, given))
    assert (found(given.xs).argmax(1) == given.ys).mean() > 0.75


HARD = {
    "a class without a row": lambda p: replace(p, k=p.k + 1, fit=pair(k=p.k + 1).fit),
    "a class in the middle without a row": lambda p: replace(p, ys=np.where(p.ys == 1, 2, p.ys)),
    "one row of each class": lambda p: replace(p, xs=p.xs[:3], ys=p.ys[:3]),
    "one target row": lambda p: replace(p, xt=p.xt[:1]),
    "one source row": lambda p: replace(p, xs=p.xs[:1], ys=p.ys[:1]),
    "two of each": lambda p: replace(p, xs=p.xs[:2], ys=p.ys[:2], xt=p.xt[:2]),
    "target rows that are all alike": lambda p: replace(p, xt=p.xt[[0] * 9]),
    "all alike": lambda p: replace(p, xs=p.xs[[0] * 40], xt=p.xs[[0] * 9]),
}
DENSE = {
    "a column that never varies": lambda p: changed(p, lambda xs, xt: (_with(xs, 1, 0.0), _with(xt, 1, 0.0))),
    "a column that varies in the target alone": lambda p: changed(p, lambda xs, xt: (_with(xs, 1, 0.0), xt)),
    "a column that varies in the source alone": lambda p: changed(p, lambda xs, xt: (xs, _with(xt, 1, 7.0))),
    "rows a thousand times as large": lambda p: changed(p, lambda xs, xt: (xs, xt * 1000)),
    "more columns than rows": lambda p: pair(n=12, m=9, d=40),
}


def _with(x, column, value):
    x[:, column] = value
    return x


def answers_or_says_why(name: str, given: Pair) -> None:
    try:
        scores = model(name, given)(given.xt)
    except (DataError, ArithmeticError) as refusal:
        assert len(str(refusal).split()) > 8, "an error is a sentence"  # noqa: PT017 - either will do
        return
    assert scores.shape == (given.xt.shape[0], given.k)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize(("name", "rows"), CASES)
def test_few_rows_or_none_that_differ_are_no_crash(name, rows, hard):
    answers_or_says_why(name, HARD[hard](pair(sparse_rows=rows == "sparse")))


@pytest.mark.parametrize("hard", DENSE)
@pytest.mark.parametrize("name", METHODS)
def test_columns_of_any_kind_are_no_crash(name, hard):
    answers_or_says_why(name, DENSE[hard](pair()))


@pytest.mark.parametrize("rows", ["dense", "sparse"])
@pytest.mark.parametrize("name", SOLVED)
def test_a_target_equal_to_the_source_changes_next_to_nothing(name, rows):
    given = pair(n=200, sparse_rows=rows == "sparse")
    if not METHODS[name].takes(given):
        return
    given = replace(given, xt=given.xs.copy())
    plain, found = (model(each, given)(given.xt) for each in ("none", name))
    assert (plain.argmax(1) == found.argmax(1)).mean() >= 0.97


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_an_error_for_all(name, bad):
    """skada's adapters and scorers go on with NaN: a search then hands out its first candidate."""
    given = pair()
    for at in ("xs", "xt"):
        rows = getattr(given, at).copy()
        rows[3, 2] = bad
        with pytest.raises(DataError, match="not finite"):
            replace(given, **{at: rows})


def test_sparse_rows_are_looked_through_too():
    given = pair(sparse_rows=True)
    rows = given.xt.copy()
    rows.data[0] = np.nan
    with pytest.raises(DataError, match="target rows some hold values that are not finite"):
        replace(given, xt=sparse.csr_matrix(rows))


@pytest.mark.parametrize("labels", [[-1, 1], ["a", "b"], [0, 3], [0.0, 1.0]])
def test_classes_are_numbered_before(labels):
    """skada takes −1, its mark of the target, for no class and texts for an error of its own."""
    given = pair()
    with pytest.raises(DataError, match="Number them first"):
        replace(given, ys=np.array(labels)[given.ys % 2])


def test_domains_of_other_columns_are_refused():
    given = pair()
    with pytest.raises(DataError, match="30 target rows of 5 columns"):
        replace(given, xt=given.xt[:, :5])
    with pytest.raises(DataError, match="0 target rows"):
        replace(given, xt=given.xt[:0])
