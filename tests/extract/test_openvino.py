"""The graph that OpenVINO keeps has the normalisation in it: it goes by the source's identity, not by its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import own_source
import tiny_tail
from drawn import two_classes
from headstart.extract.engine import torch as plain
from headstart.extract.feature_store import FeatureStore
from headstart.read import read
from headstart.run.sources import Looking

pytest.importorskip("openvino", reason="openvino is an extra and not installed")

from headstart.extract.engine import openvino


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path


def rows(engine, source) -> np.ndarray:
    """Top features of six pictures of bars."""
    return engine.build(source, ("top",), tiny_tail.weights())(tiny_tail.pictures(6, 3, 1).x)[0]


def test_a_record_that_prepares_pictures_otherwise_has_a_graph_of_its_own(cache):
    source = tiny_tail.source()
    other = replace(source, input=replace(source.input, mean=(0.1, 0.2, 0.3)))
    assert source.sha256 == other.sha256
    one, two = rows(openvino, source), rows(openvino, other)
    assert len([*cache.glob("openvino/*/model.xml")]) == 2
    assert np.abs(one - two).max() > 0.1 * np.abs(one).max()
    for found, record in ((one, source), (two, other)):
        assert np.corrcoef(found.ravel(), rows(plain, record).ravel())[0, 1] > 0.999, "each its own network"


def test_a_network_at_rest_says_the_same_when_it_goes_on():
    network = openvino.build(tiny_tail.source(), ("top",), tiny_tail.weights())
    x = tiny_tail.pictures(6, 3, 1).x
    before = network(x)
    network.rest()
    network.rest()
    for one, other in zip(before, network(x), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_a_record_only_tells_converts_nothing_again(cache):
    source = tiny_tail.source()
    one = rows(openvino, source)
    (graph,) = cache.glob("openvino/*/model.xml")
    written = graph.stat().st_mtime_ns
    np.testing.assert_array_equal(rows(openvino, replace(source, key="mine", title="Mine", notes="read again")), one)
    assert [*cache.glob("openvino/*/model.xml")] == [graph]
    assert graph.stat().st_mtime_ns == written


def test_of_a_twin_with_random_weights_the_features_are_kept_and_the_graph_is_not(tmp_path):
    with own_source.offered(tmp_path) as source:
        examples = read(two_classes(tmp_path / "photos", 6, side=40)).train
        eyes, exact = (Looking(FeatureStore({}, engine=engine)) for engine in ("openvino", "torch"))
        eyes.look(source, examples)
        theirs = eyes.look_random(source, examples)
        (graph,) = (tmp_path / "cache").glob("openvino/*")
        assert openvino._graph(source, ("all",), None).parent == graph, "the source's own"
        assert np.corrcoef(theirs.x.ravel(), exact.look_random(source, examples).x.ravel())[0, 1] > 0.99
        assert eyes.look_random(source, examples).computed == 0, "who asks again is answered by what is kept"
