"""What every way to look at examples anew keeps. A new file in align/domain/ is found and tested with no line here."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace

import numpy as np
import pytest

import tiny_tail
import tiny_text
from drawn_task import pictures
from headstart.align import methods as methods_on_rows
from headstart.align.domain import Both, methods
from headstart.extract.feature_store import FeatureStore
from headstart.family import load, names
from headstart.strategy import finished, offers, strategy
from headstart.types import Example, Progress

METHODS = methods()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Modality → few examples of two domains and a tiny source; texts and pictures."""
    folder = tmp_path_factory.mktemp("both")
    from PIL import Image

    shown = []
    for number, x in enumerate(pictures(40, 2, 1, 64).x):
        path = folder / f"{number}.png"
        Image.fromarray(x).save(path)
        shown.append(Example(str(path), f"{number:064x}"))
    texts = [replace(e, answer=None) for e in tiny_text.texts(60, 2, 3)]
    made = {}
    for source, weights, some in [
        (tiny_tail.source(), tiny_tail.weights(), shown),
        (tiny_text.source(), tiny_text.weights(), texts),
    ]:
        store = FeatureStore({source.key: source}, weights={source.key: weights}, folder=folder / "features")
        parts = tuple(some[:20]), tuple(some[20:26]), tuple(some[26:])
        made[source.modality] = Both(source, weights, store, *parts, 2, 0)
    return made


def brief(name: str):
    """Its setting, of few steps where it has such."""
    config = METHODS[name].config()
    return replace(config, steps=4) if hasattr(config, "steps") else config


def suited(name: str, both) -> list[Both]:
    return [given for modality, given in both.items() if METHODS[name].takes(modality)]


@pytest.mark.parametrize("name", METHODS)
def test_it_says_what_it_is(name):
    way, file = METHODS[name], load("align/domain", name)
    assert file.__doc__
    assert way.title
    assert any(c.isdigit() for c in way.paper), "PAPER names authors and year"
    assert isinstance(way.on_request, bool)
    assert inspect.isgeneratorfunction(way.run)
    known = set().union(*map(offers, names("transfer/modality")))
    assert way.needs
    assert way.needs <= known
    assert name not in methods_on_rows(), "names are given to --method"


@pytest.mark.parametrize("name", METHODS)
def test_config_is_frozen_with_defaults(name):
    config = METHODS[name].config()
    assert is_dataclass(config)
    assert METHODS[name].config(**asdict(config)) == config
    for field in fields(config):
        with pytest.raises(FrozenInstanceError):
            setattr(config, field.name, 0)


@pytest.mark.parametrize("name", METHODS)
def test_cost_is_positive_and_grows(name, both):
    way = METHODS[name]
    costs = [way.cost(n, m, d, 2) for n, m, d in [(1, 1, 1), (100, 100, 50), (9000, 9000, 400)]]
    assert 0 < costs[0] < costs[1] < costs[2]
    assert all(way.seconds(given) > 0 for given in suited(name, both))


@pytest.mark.parametrize("name", METHODS)
def test_rows_are_one_fixed_map_of_each_example_whatever_else_is_there(name, both):
    """Of all the target's rows and of some of them the same is seen; validation examples teach it nothing."""
    for given in suited(name, both):
        steps: list[Progress] = []
        seen = finished(METHODS[name].run(brief(name), given), steps.append)
        assert steps
        assert steps[-1].step <= steps[-1].steps
        n, v, m = len(given.train), len(given.valid), len(given.target)
        assert [len(seen.train), len(seen.valid), len(seen.target)] == [n, v, m]
        assert seen.copies is None or len(seen.copies) == n + v
        assert all(np.isfinite(x).all() for x in (seen.train, seen.valid, seen.target))
        assert strategy(seen.strategy).name == seen.strategy
        again = finished(METHODS[name].run(brief(name), replace(given, valid=given.valid[::-1][:3])))
        np.testing.assert_allclose(again.train, seen.train, atol=0.02)
        np.testing.assert_allclose(again.target, seen.target, atol=0.02)
        np.testing.assert_allclose(again.valid, seen.valid[::-1][:3], atol=0.02)
        head = {"weight": np.zeros((seen.train.shape[1], 2), np.float32), "bias": np.zeros(2, np.float32)}
        assert all(isinstance(x, np.ndarray) for x in seen.state(head).values())
