"""An option that says nothing of the data at hand is refused, not passed over."""

import pytest

from headstart.errors import UsageError
from headstart.read import ReadOptions, read
from headstart.read._unseen import unseen


@pytest.fixture
def folder(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(6):
            (tmp_path / label / f"{i}.txt").write_text(f"words of {label} {i} {i * 7}")
    return tmp_path


@pytest.mark.parametrize("option", ["label", "text", "split_column", "blank", "quotes"])
def test_options_of_columns_are_refused_for_a_folder(folder, option):
    with pytest.raises(UsageError, match=f"--{option.replace('_', '-')} no was given.*has no columns"):
        read(folder, ReadOptions(**{option: "no"}))


def test_options_of_folders_and_pictures_are_refused_where_there_are_none(folder, tmp_path):
    (tmp_path / "t.csv").write_text("text,label\n" + "".join(f"words {i} {i * 7},{'ab'[i % 2]}\n" for i in range(30)))
    for data in (folder, tmp_path / "t.csv"):
        with pytest.raises(UsageError, match=r"--crop squash was given, but .* is read as texts"):
            read(data, ReadOptions(crop="squash"))
    for given in (ReadOptions(layout="classes"), ReadOptions(layout="odd")):
        with pytest.raises(UsageError, match="is read as a table, and folders say nothing"):
            read(tmp_path / "t.csv", given)
        with pytest.raises(UsageError, match="is read as a table, and folders say nothing"):
            unseen(tmp_path / "t.csv", modality="text", kind="classification", labels=("a", "b"), options=given)
