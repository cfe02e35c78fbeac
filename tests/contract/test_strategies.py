"""What every strategy keeps. A new file in transfer/ is found by its name and tested without a line here."""

from __future__ import annotations

import copy
import gc
import inspect
import weakref
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace

import numpy as np
import pytest

from any_strategy import (
    CASES,
    LABELS,
    STRATEGIES,
    TINY,
    Case,
    all_alike,
    as_fitted,
    brief,
    first_setting,
    fitted,
    look,
    read,
    same_rows,
    work_for,
)
from headstart.family import load
from headstart.plan import keep
from headstart.strategy import SEARCH, TrainResult, offers, strategy
from headstart.types import Facts, Features, Progress, View
from tiny_tail import same

pytestmark = pytest.mark.usefixtures("haste")
SIZES = [(24, 2), (25, 5), (6, 5), (5, 5)]  # (6, 5): four of five classes have a single example; (5, 5): all


def drain(case: Case, train: Features, config, k: int, **how) -> TrainResult:
    """Run to the end, checking what is yielded on the way. As short as the strategy lets its settings be compared."""
    context = case.strategy.run(config, work_for(case, train, k, **how))
    assert inspect.isgenerator(context)
    last = -1  # a strategy may tell how it starts, at step 0
    while True:
        try:
            step = next(context)
        except StopIteration as stop:
            assert last > 0, "a strategy tells of its progress at least once"
            return stop.value
        assert isinstance(step, Progress)
        assert last < step.step <= step.steps
        last = step.step


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_says_what_it_is(name):
    way = strategy(name)
    taken = [(modality, kind) for modality in TINY for kind in way.kinds if way.takes(modality, kind)]
    assert taken
    for modality, kind in taken:
        assert isinstance(way.title(modality, kind), str)
        assert way.title(modality, kind)
    assert any(c.isdigit() for c in way.paper), "PAPER names authors and year"
    assert way.needs <= set().union(*map(offers, TINY))
    assert isinstance(way.reuses, bool)
    assert isinstance(way.stochastic, bool)
    assert 0 < way.short <= 1
    assert load("transfer", name).__doc__


@pytest.mark.parametrize("name", STRATEGIES)
def test_config_is_frozen_with_defaults(name):
    config = strategy(name).config()
    assert is_dataclass(config)
    field = fields(config)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(config, field, getattr(config, field))
    assert strategy(name).config(**asdict(config)) == config


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("n", "k"), [(4, 2), (200, 5), (20_000, 100)])
def test_every_rival_compares_as_many_settings_as_any_candidate_may(case, n, k):
    way = case.strategy
    settings = way.settings(case.facts(n, k))
    assert len(settings) == len(set(settings))
    spared = way.reuses or way.baseline
    assert len(settings) == SEARCH or (spared and 0 < len(settings) < SEARCH)
    assert all(isinstance(config, load("transfer", case.name).Config) for config in settings)


@pytest.mark.parametrize("name", STRATEGIES)
def test_views_match_the_camp(name):
    way = strategy(name)
    views = way.views(["one", "two"])
    assert views
    assert all(isinstance(view, View) for view in views)
    if way.reuses:
        assert {view.source for view in views} == {"one", "two"}
        assert way.views([]) == []
    else:
        pictures = [way.fit_view(v, Facts(50, 2, 100)) for v in views]
        assert {view.source for view in pictures} == {None}, "of texts a rival may take a source's architecture"
        assert all(view.size > 0 for view in pictures) or not way.takes("image", "classification")
        assert len(way.views([])) == len(views)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("n", "k"), SIZES, ids=str)
def test_it_gives_a_finite_head_and_logits(case, n, k):
    head, config, _ = fitted(case, n, k)
    assert isinstance(head, TrainResult)
    assert head.trained_params > 0 or "language" in case.strategy.needs
    assert head.state
    for array in head.state.values():
        assert type(array) is np.ndarray
        assert np.isfinite(array).all()
    for rows in (1, 7):
        scores = read(case, head, config, look(case, rows, k, 2).x, k)
        assert scores.shape == (rows, k)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_setting_runs(case):
    train, new = look(case, 12, 3, 1), look(case, 5, 3, 2)
    settings = [config for n in (12, 200) for config in case.strategy.settings(case.facts(n, 3))]
    for config in map(brief, dict.fromkeys(settings)):
        assert np.isfinite(read(case, drain(case, train, config, 3, valid=new), config, new.x, 3)).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_seed_gives_the_same_numbers(case):
    head, config, train = fitted(case, 24, 2)
    x = train.x.copy()
    again, kept = drain(case, replace(train, x=x), config, 2), weakref.ref(x)
    assert same(head, again)
    del x
    gc.collect()
    assert kept() is None, "what was made of the rows, and is kept for the next setting, must not keep them"
    new = look(case, 9, 2, 3).x
    np.testing.assert_array_equal(read(case, head, config, new, 2), read(case, again, config, new, 2))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_seed_matters_just_where_it_is_said_to(case):
    head, config, train = fitted(case, 24, 2)
    other, new = drain(case, train, config, 2, seed=1), look(case, 9, 2, 3).x
    alike = np.array_equal(read(case, head, config, new, 2), read(case, other, config, new, 2))
    assert alike is not case.strategy.stochastic


@pytest.mark.parametrize("case", CASES, ids=str)
def test_training_leaves_its_data_alone(case):
    _, config, train = fitted(case, 24, 2)
    valid = look(case, 9, 2, 3)
    before = copy.deepcopy((train.x, train.y, valid.x, valid.y))
    head = drain(case, train, config, 2, valid=valid)
    read(case, head, config, valid.x, 2)
    for now, then in zip((train.x, train.y, valid.x, valid.y), before, strict=True):
        assert same_rows(now, then)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("n", "k"), [(24, 2), (25, 5)], ids=str)
def test_saved_and_loaded_it_says_the_same(case, n, k, tmp_path):
    head, config, _ = fitted(case, n, k)
    given = as_fitted(case, head, config, k)
    keep.save(tmp_path, given)
    back, _ = keep.load(tmp_path)
    assert replace(back, state={}) == replace(given, state={})
    assert case.strategy.config(**back.config) == config
    new = look(case, 8, k, 3).x
    np.testing.assert_array_equal(*(case.strategy.logits(each, new, *case.known()) for each in (back, given)))


@pytest.mark.parametrize("case", [c for c in CASES if not c.strategy.stochastic], ids=str)
def test_permuted_labels_give_permuted_logits(case):
    _, config, train = fitted(case, 25, 5)
    order = np.array([3, 0, 4, 1, 2])
    head = drain(case, train, config, 5)
    labels = tuple(LABELS[i] for i in np.argsort(order))
    renamed = order[train.y] if train.y.ndim == 1 else train.y[:, np.argsort(order)]
    permuted = drain(case, replace(train, x=train.x.copy(), y=renamed), config, 5, labels=labels)
    new = look(case, 20, 5, 4).x
    one, two = read(case, head, config, new, 5), read(case, permuted, config, new, 5)[:, order]
    np.testing.assert_allclose(one, two, atol=2e-3 * float(np.abs(one).max()))
    np.testing.assert_array_equal(one.argmax(1), two.argmax(1))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_are_read_one_by_one(case):
    """An example's scores do not depend on its company."""
    head, config, _ = fitted(case, 24, 2)
    new = look(case, 6, 2, 5).x
    alone = np.concatenate([read(case, head, config, new[i : i + 1].copy(), 2) for i in range(len(new))])
    np.testing.assert_allclose(alone, read(case, head, config, new, 2), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_task_where_no_feature_varies_is_no_crash(case):
    train = look(case, 8, 2, 1)
    flat = replace(train, x=all_alike(train.x, 7))
    config = first_setting(case, 8, 2)
    scores = read(case, drain(case, flat, config, 2), config, flat.x, 2)
    assert np.isfinite(scores).all()
