"""The demo's photographs: whose they are, how many a class, and that no module of cells is on both sides."""

from importlib.resources import files

import pytest

from headstart import demo
from headstart.api._demo import folder
from headstart.errors import UnknownName


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield folder("solar-cells")


def test_as_many_photographs_of_each_class(cells):
    there = {str(path.relative_to(cells)): len(list(path.glob("*.png"))) for path in cells.glob("*/*")}
    assert there == {
        "train/defective": 100,
        "train/functional": 100,
        "test/defective": 150,
        "test/functional": 150,
    }


def test_no_module_is_on_both_sides(cells):
    train, test = ({path.name[:8] for path in (cells / part).glob("*/*")} for part in ("train", "test"))
    assert train == {f"module{n:02d}" for n in range(1, 9)}
    assert test == {f"module{n:02d}" for n in range(9, 16)}


def test_each_is_the_packages_own_with_its_label(cells):
    data = files("elpv_dataset") / "data"
    chances = {line.split()[0]: float(line.split()[1]) for line in (data / "labels.csv").read_text().splitlines()}
    for path in cells.glob("*/*/*.png"):
        of = f"images/{path.stem.split('-')[1]}.png"
        assert chances[of] == {"defective": 1, "functional": 0}[path.parent.name]
        assert path.read_bytes() == (data / of).read_bytes()


def test_its_note_states_the_licence(cells):
    assert "CC BY-NC-SA 4.0" in (cells / "README.txt").read_text()


def test_another_name_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match="solar-cells, digits"):
        demo("digit")
