"""What every strategy keeps. A new file in transfer/ is found by its name and tested without a line here."""

from __future__ import annotations

import gc
import inspect
import weakref
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace

import numpy as np
import pytest

import tiny_tail
from any_strategy import STRATEGIES, as_fitted, brief, first_setting, fitted, look, read, work_for
from headstart.family import load
from headstart.plan import keep
from headstart.transfer._base import SEARCH, Head
from headstart.types import Facts, Features, Progress, View
from tiny_tail import same

pytestmark = pytest.mark.usefixtures("haste")
SIZES = [(24, 2), (25, 5), (6, 5), (5, 5), (6, 2)]  # (6, 5): four of five classes have a single example; (5, 5): all


def drain(name: str, train: Features, config, k: int, **how) -> Head:
    """Run to the end, checking what is yielded on the way. As short as the strategy lets its settings be compared."""
    work = load("transfer", name).run(config, work_for(name, train, k, **how))
    assert inspect.isgenerator(work)
    last = -1  # a strategy may tell how it starts, at step 0
    while True:
        try:
            step = next(work)
        except StopIteration as stop:
            assert last > 0, "a strategy tells of its progress at least once"
            return stop.value
        assert isinstance(step, Progress)
        assert last < step.step <= step.steps
        last = step.step


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_says_what_it_is(name):
    strategy = load("transfer", name)
    assert isinstance(strategy.TITLE, str)
    assert isinstance(strategy.PAPER, str)
    assert strategy.TITLE
    assert any(c.isdigit() for c in strategy.PAPER), "PAPER names authors and year"
    assert isinstance(strategy.NEEDS, frozenset)
    assert strategy.NEEDS
    assert isinstance(strategy.REUSES, bool)
    assert isinstance(strategy.STOCHASTIC, bool)
    assert isinstance(strategy.PRIOR, int)
    assert strategy.PRIOR >= 0
    assert 0 < strategy.RUNG <= 1
    assert strategy.__doc__


@pytest.mark.parametrize("name", STRATEGIES)
def test_config_is_frozen_with_defaults(name):
    config = load("transfer", name).Config()
    assert is_dataclass(config)
    field = fields(config)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(config, field, getattr(config, field))
    assert load("transfer", name).Config(**asdict(config)) == config


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("facts", [Facts(4, 2, 20), Facts(200, 5, 300), Facts(20_000, 100, 64)], ids=str)
def test_every_rival_compares_as_many_settings_as_any_candidate_may(name, facts):
    strategy = load("transfer", name)
    settings = strategy.settings(facts)
    assert len(settings) == len(set(settings))
    assert len(settings) == SEARCH or (strategy.REUSES and 0 < len(settings) < SEARCH)
    assert all(isinstance(config, strategy.Config) for config in settings)


@pytest.mark.parametrize("name", STRATEGIES)
def test_views_match_the_camp(name):
    strategy = load("transfer", name)
    views = strategy.views(["one", "two"])
    assert views
    assert all(isinstance(view, View) for view in views)
    if strategy.REUSES:
        assert {view.source for view in views} == {"one", "two"}
        assert strategy.views([]) == []
    else:
        assert {view.source for view in views} == {None}
        assert all(view.size > 0 for view in views)
        assert strategy.views([]) == views


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(("n", "k"), SIZES, ids=str)
def test_it_gives_a_finite_head_and_logits(name, n, k):
    head, config, _ = fitted(name, n, k)
    assert isinstance(head, Head)
    assert head.trained_params > 0
    assert head.state
    for array in head.state.values():
        assert type(array) is np.ndarray
        assert np.isfinite(array).all()
    for rows in (1, 7):
        scores = read(name, head, config, look(name, rows, k, 2).x, k)
        assert scores.shape == (rows, k)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_setting_runs(name):
    train, new = look(name, 12, 3, 1), look(name, 5, 3, 2)
    settings = [config for n in (12, 200) for config in load("transfer", name).settings(Facts(n, 3, 40))]
    for config in map(brief, dict.fromkeys(settings)):
        assert np.isfinite(read(name, drain(name, train, config, 3, valid=new), config, new.x, 3)).all()


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same_numbers(name):
    head, config, train = fitted(name, 24, 2)
    x = train.x.copy()
    again, kept = drain(name, replace(train, x=x), config, 2), weakref.ref(x)
    assert same(head, again)
    del x
    gc.collect()
    assert kept() is None, "what was made of the rows, and is kept for the next setting, must not keep them"
    new = look(name, 9, 2, 3).x
    np.testing.assert_array_equal(read(name, head, config, new, 2), read(name, again, config, new, 2))


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_seed_matters_just_where_it_is_said_to(name):
    head, config, train = fitted(name, 24, 2)
    other, new = drain(name, train, config, 2, seed=1), look(name, 9, 2, 3).x
    alike = np.array_equal(read(name, head, config, new, 2), read(name, other, config, new, 2))
    assert alike is not load("transfer", name).STOCHASTIC


@pytest.mark.parametrize("name", STRATEGIES)
def test_training_leaves_its_data_alone(name):
    _, config, train = fitted(name, 24, 2)
    valid = look(name, 9, 2, 3)
    before = [array.copy() for array in (train.x, train.y, valid.x, valid.y)]
    head = drain(name, train, config, 2, valid=valid)
    read(name, head, config, valid.x, 2)
    for now, then in zip((train.x, train.y, valid.x, valid.y), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(("n", "k"), [(24, 2), (25, 5)], ids=str)
def test_saved_and_loaded_it_says_the_same(name, n, k, tmp_path):
    head, config, _ = fitted(name, n, k)
    given = as_fitted(name, head, config, k)
    keep.save(tmp_path, given)
    back, _ = keep.load(tmp_path)
    assert replace(back, state={}) == replace(given, state={})
    assert load("transfer", name).Config(**back.config) == config
    new = look(name, 8, k, 3).x
    known = (tiny_tail.source(), tiny_tail.weights()) if given.view.source else ()
    np.testing.assert_array_equal(
        load("transfer", name).logits(back, new, *known), load("transfer", name).logits(given, new, *known)
    )


@pytest.mark.parametrize("name", [n for n in STRATEGIES if not load("transfer", n).STOCHASTIC])
def test_permuted_labels_give_permuted_logits(name):
    _, config, train = fitted(name, 25, 5)
    order = np.array([3, 0, 4, 1, 2])
    head = drain(name, train, config, 5)
    permuted = drain(name, replace(train, x=train.x.copy(), y=order[train.y]), config, 5)
    new = look(name, 20, 5, 4).x
    one, two = read(name, head, config, new, 5), read(name, permuted, config, new, 5)[:, order]
    np.testing.assert_allclose(one, two, atol=2e-3 * float(np.abs(one).max()))
    np.testing.assert_array_equal(one.argmax(1), two.argmax(1))


@pytest.mark.parametrize("name", STRATEGIES)
def test_rows_are_read_one_by_one(name):
    """A picture's scores do not depend on its company."""
    head, config, _ = fitted(name, 24, 2)
    new = look(name, 6, 2, 5).x
    alone = np.concatenate([read(name, head, config, new[i : i + 1].copy(), 2) for i in range(len(new))])
    np.testing.assert_allclose(alone, read(name, head, config, new, 2), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_task_where_no_feature_varies_is_no_crash(name):
    train = look(name, 8, 2, 1)
    flat = replace(train, x=np.full_like(train.x, 7))
    config = first_setting(name, 8, 2)
    scores = read(name, drain(name, flat, config, 2), config, flat.x, 2)
    assert np.isfinite(scores).all()
