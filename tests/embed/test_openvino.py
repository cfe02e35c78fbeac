"""The graph that OpenVINO keeps has the normalisation in it: it goes by the source's identity, not by its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tiny_tail
from headstart.embed.engine import torch as plain

pytest.importorskip("openvino", reason="openvino is an extra and not installed")

from headstart.embed.engine import openvino


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path


def rows(engine, source) -> np.ndarray:
    """Top features of six pictures of bars."""
    import torch

    batch = torch.from_numpy(tiny_tail.pictures(6, 3, 1).x)
    return engine.build(source, ("top",), tiny_tail.weights())(batch)[0]


def test_a_record_that_prepares_pictures_otherwise_has_a_graph_of_its_own(cache):
    source = tiny_tail.source()
    other = replace(source, input=replace(source.input, mean=(0.1, 0.2, 0.3)))
    assert source.sha256 == other.sha256
    one, two = rows(openvino, source), rows(openvino, other)
    assert len([*cache.glob("openvino/*/model.xml")]) == 2
    assert np.abs(one - two).max() > 0.1 * np.abs(one).max()
    for found, record in ((one, source), (two, other)):
        assert np.corrcoef(found.ravel(), rows(plain, record).ravel())[0, 1] > 0.999, "each its own network"


def test_what_a_record_only_tells_converts_nothing_again(cache):
    source = tiny_tail.source()
    one = rows(openvino, source)
    (graph,) = cache.glob("openvino/*/model.xml")
    written = graph.stat().st_mtime_ns
    np.testing.assert_array_equal(rows(openvino, replace(source, key="mine", title="Mine", notes="read again")), one)
    assert [*cache.glob("openvino/*/model.xml")] == [graph]
    assert graph.stat().st_mtime_ns == written
