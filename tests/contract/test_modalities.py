"""What every modality keeps, floor by floor; a new file in such a folder is found by its name."""

from __future__ import annotations

import inspect

import pytest

from headstart.extract._extractor import Modality as Extractors
from headstart.family import load, names
from headstart.read._reader import Reader
from headstart.report._modality import Modality as Shown
from headstart.run.particulars import Particulars
from headstart.ship._inputs import Modality as Inputs
from headstart.ship.serve.served import Wire
from headstart.source._modality import Modality as Sources

FLOORS = {"read": Reader, "ship/modality": Inputs, "ship/serve/modality": Wire}  # whose members are modules
HELD = {  # whose members hold an object of the floor's base class
    "source/modality": ("SOURCES", Sources),
    "extract/modality": ("EXTRACTORS", Extractors),
    "run/modality": ("RUN", Particulars),
    "report/modality": ("SHOWN", Shown),
}
NEEDED = ("read", "source/modality", "extract/modality")  # the others have an answer for who has no file there


@pytest.mark.parametrize("name", names("modality"))
@pytest.mark.parametrize("floor", NEEDED)
def test_a_modality_has_a_file_where_there_is_no_usual_answer(floor, name):
    assert name in names(floor)


@pytest.mark.parametrize(("floor", "name"), [(floor, name) for floor in HELD for name in names(floor)])
def test_a_modality_holds_an_object_of_its_floor(floor, name):
    called, base = HELD[floor]
    assert isinstance(getattr(load(floor, name), called), base)


@pytest.mark.parametrize(("floor", "name"), [(floor, name) for floor in FLOORS for name in names(floor)])
def test_a_modality_has_what_its_floor_asks_of_it(floor, name):
    member = load(floor, name)
    for asked, method in inspect.getmembers(FLOORS[floor], inspect.isfunction):
        if asked.startswith("_"):
            continue
        given = inspect.signature(getattr(member, asked)).parameters
        wanted = [parameter for parameter in inspect.signature(method).parameters if parameter != "self"]
        assert [*given] == wanted, f"{floor}/{name}.py: {asked}({', '.join(wanted)})"


@pytest.mark.parametrize("floor", [*FLOORS, *HELD])
def test_no_floor_knows_a_modality_that_is_none(floor):
    assert {*names(floor)} <= {*names("modality")}
