"""What every modality keeps, floor by floor; a new file in such a folder is found by its name."""

from __future__ import annotations

import inspect

import pytest

from headstart.extract._lens import Modality
from headstart.family import load, names
from headstart.read._reader import Reader
from headstart.ship._inputs import Modality as Inputs

FLOORS = {"read": Reader, "extract/modality": Modality, "ship/modality": Inputs}


@pytest.mark.parametrize("name", names("modality"))
@pytest.mark.parametrize("floor", FLOORS)
def test_a_modality_has_what_its_floor_asks_of_it(floor, name):
    member = load(floor, name)
    for asked, method in inspect.getmembers(FLOORS[floor], inspect.isfunction):
        if asked.startswith("_"):
            continue
        given = inspect.signature(getattr(member, asked)).parameters
        wanted = [parameter for parameter in inspect.signature(method).parameters if parameter != "self"]
        assert [*given] == wanted, f"{floor}/{name}.py: {asked}({', '.join(wanted)})"


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_knows_a_modality_that_is_none(floor):
    assert {*names(floor)} <= {*names("modality")}
