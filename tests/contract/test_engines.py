"""What every engine keeps; a new file in extract/engine/ is found by its name."""

from __future__ import annotations

import inspect
from importlib.util import find_spec

import pytest

from headstart.family import load, names

ENGINES = [
    pytest.param(name, marks=[] if name != "openvino" or find_spec("openvino") else pytest.mark.skip("an extra"))
    for name in names("extract/engine")
]


@pytest.mark.parametrize("name", ENGINES)
def test_it_says_what_it_is(name):
    engine = load("extract/engine", name)
    assert isinstance(engine.REQUIRES, tuple)
    assert all(isinstance(package, str) for package in engine.REQUIRES)
    assert isinstance(engine.RANK, int)
    assert engine.RANK >= 0
    assert isinstance(engine.WHY_NOT, str)
    assert engine.WHY_NOT
    assert not engine.WHY_NOT.endswith("."), "it stands in brackets inside a sentence"
    assert isinstance(engine.available(), bool)
    assert engine.precision() in ("fp32", "bf16", "fp16")
    assert list(inspect.signature(engine.build).parameters) == ["source", "depths", "weights"]
    assert engine.__doc__


def test_ranks_leave_no_choice_open():
    ranks = [load("extract/engine", name).RANK for name in names("extract/engine") if name != "openvino"]
    assert len(set(ranks)) == len(ranks)
    assert "torch" in names("extract/engine"), "the one that runs everywhere"
    assert load("extract/engine", "torch").available()
