"""What is particular to a kind of data in a run."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from headstart.family import names
from headstart.run import particulars
from headstart.types import View


@pytest.mark.parametrize("modality", names("modality"))
def test_the_packages_that_a_run_notes_are_there_and_its_rivals_cost_something(modality):
    own = particulars.of(modality)
    assert all(version(package) for package in own.packages)
    assert min(own.classical, own.step) > 0
    assert 0 < own.batches(100) < own.batches(3000)


def test_a_modality_without_such_a_file_has_the_usual_answers():
    own = particulars.of("nothing of the kind")
    assert type(own) is particulars.Particulars
    assert own.engine("openvino") == "torch"
    assert own.explained(None, None, "torch", None, None) == {}


def test_tuned_language_models_alone_may_differ_by_more_than_rounding():
    views = {"tuned": View("s", "input"), "frozen": View("s", "top")}
    allowed = {(m, name): particulars.of(m).rounding(v) for m in ("image", "text") for name, v in views.items()}
    assert {which for which, most in allowed.items() if most > 1e-3} == {("text", "tuned")}
