"""From which folder a table's names are taken, and what is said where the files are not there."""

import numpy as np
import pytest

from headstart.errors import DataError
from headstart.read import read
from hostile import draw


@pytest.fixture
def table(tmp_path):
    """desk/notes/labels.csv of 24 pictures that lie in `place` below desk."""

    def make(place: str, name: str = "{}.png"):
        rng, folder = np.random.default_rng(3), tmp_path / "desk" / place
        folder.mkdir(parents=True)
        (tmp_path / "desk" / "notes").mkdir(exist_ok=True)
        rows = ["image,label"]
        for i in range(24):
            draw(i % 2, rng, 48).save(folder / f"{i}.png")
            rows.append(f"{name.format(i)},{('cane', 'bug')[i % 2]}")
        out = tmp_path / "desk" / "notes" / "labels.csv"
        out.write_text("\n".join(rows))
        return out

    return make


def test_names_beside_the_table_need_no_note(table):
    assert not read(table("notes")).notes


@pytest.mark.parametrize(("place", "where"), [("notes/images", "notes/images"), ("images", "images"), (".", "")])
def test_a_folder_beside_the_table_is_found_and_said(table, tmp_path, place, where):
    task = read(table(place))
    assert sum(task.n.values()) == 24
    assert task.notes == (
        f"The pictures that labels.csv names were found in {tmp_path / 'desk' / where}, not beside the table.",
    )


def test_the_working_folder_is_tried(table, tmp_path, monkeypatch):
    file = table("a/far/away", "away/{}.png")
    with pytest.raises(DataError):
        read(file)
    monkeypatch.chdir(tmp_path / "desk" / "a" / "far")
    assert sum(read(file).n.values()) == 24


def test_files_that_are_not_there_are_told_by_one_full_path(table, tmp_path):
    file = table("elsewhere", "gone/{}.png")
    own = tmp_path / "desk" / "notes"
    with pytest.raises(DataError) as told:
        read(file)
    for said in ("None of the 24 pictures", f"such as {own}/gone/0.png", f"own folder, {own}; the working folder, "):
        assert said in str(told.value)


def test_some_that_are_missing_are_a_warning(table):
    file = table("notes")
    (file.parent / "5.png").unlink()
    task = read(file)
    assert f"1 of 24 pictures that labels.csv names are not there, such as {file.parent / '5.png'}" in task.warnings[0]
