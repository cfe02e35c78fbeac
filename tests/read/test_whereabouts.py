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


@pytest.mark.parametrize(
    ("name", "is_"),
    [
        ("images\\{}.png", "images/0.png"),
        ("C:\\Users\\me\\data\\images\\{}.png", "images/0.png"),
        ("/home/someone/data/images/{}.png", "images/0.png"),
        ("images/{}", "images/0.png"),
        ("images/{}.jpg", "images/0.png"),
    ],
)
def test_names_of_another_machine_and_without_their_suffix_are_found_and_said(table, name, is_):
    task = read(table("notes/images", name))
    assert sum(task.n.values()) == 24
    assert f"labels.csv names files in another way than they are called: {name.format(0)} is {is_}." in task.notes


def test_two_names_never_become_one(table, tmp_path):
    file = table("notes", "/there/{}.png")
    rows = file.read_text().splitlines()
    file.write_text("\n".join([*rows, *(row.replace("/there", "/here") for row in rows[1:])]))
    with pytest.raises(DataError, match="None of the 48 pictures"):
        read(file)


def test_web_addresses_are_told_as_such(tmp_path):
    for head in ("image", "image_url"):
        rows = [f"{head},label", *(f"https://example.org/{i}.jpg?s=1,{'ab'[i % 2]}" for i in range(12))]
        (tmp_path / "t.csv").write_text("\n".join(rows))
        with pytest.raises(DataError, match=r"web addresses.*headstart fetches none.*ownload"):
            read(tmp_path / "t.csv")


def test_pictures_written_as_text_are_told(tmp_path):
    rows = ["image,label", *(f"{i}iVBORw0KGgo{'AAAB' * 400},{'ab'[i % 2]}" for i in range(12))]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match="pictures as text") as told:
        read(tmp_path / "t.csv")
    assert len(str(told.value)) < 400
