"""What `predict` is given for a model of texts: tables, files, or the texts themselves."""

from headstart.read.text import SHAPE
from headstart.ship._texts import _of


def test_a_text_that_looks_like_someones_home_is_a_text():
    [(given, example)] = list(_of("~5 dollars", SHAPE))
    assert given == "~5 dollars"
    assert example.text == "~5 dollars"


def test_a_text_longer_than_a_file_name_may_be_is_a_text():
    [(_, example)] = list(_of("long " * 2000, SHAPE))
    assert example.text.startswith("long long")


def test_a_table_that_is_not_there_is_named(tmp_path):
    [(given, why)] = list(_of(str(tmp_path / "none.csv"), SHAPE))
    assert given.endswith("none.csv")
    assert why == "There is no such file."


def test_a_table_beside_texts_is_not_one_of_them(tmp_path):
    (tmp_path / "a.txt").write_text("fine weather")
    (tmp_path / "notes.csv").write_text("text,label\nnot asked for,x\n")
    [(given, example)] = list(_of(tmp_path, SHAPE))
    assert given.endswith("a.txt")
    assert example.text == "fine weather"


def test_a_table_alone_in_a_folder_is_that_table(tmp_path):
    (tmp_path / "notes.csv").write_text("text\nfine weather\nheavy rain\n")
    assert [example.text for _, example in _of(tmp_path, SHAPE)] == ["fine weather", "heavy rain"]
