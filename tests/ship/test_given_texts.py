"""What `predict` is given for a model of texts: tables, files, or the texts themselves."""

from headstart.ship._texts import _of


def test_a_text_that_looks_like_someones_home_is_a_text():
    [(given, example)] = list(_of("~5 dollars", None))
    assert given == "~5 dollars"
    assert example.text == "~5 dollars"


def test_a_text_longer_than_a_file_name_may_be_is_a_text():
    [(_, example)] = list(_of("long " * 2000, None))
    assert example.text.startswith("long long")


def test_a_table_that_is_not_there_is_named(tmp_path):
    [(given, why)] = list(_of(str(tmp_path / "none.csv"), None))
    assert given.endswith("none.csv")
    assert why == "There is no such file."
