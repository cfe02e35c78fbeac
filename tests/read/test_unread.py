"""Columns that are not read are said where the verdict may hang on them."""

import pytest

from headstart.read import ReadOptions, read


@pytest.fixture
def table(tmp_path):
    def make(column, value):
        rows = (f"some words {i} {i * 7},{'ab'[i % 2]},{value(i)}" for i in range(40))
        (tmp_path / "t.csv").write_text("\n".join([f"text,label,{column}", *rows]))
        return tmp_path / "t.csv"

    return make


@pytest.mark.parametrize("column", ["patient_id", "SubjectID", "speaker"])
def test_a_column_of_groups(table, column):
    file = table(column, lambda i: f"P{i // 4}")
    (note,) = read(file, ReadOptions(duplicates="keep")).notes
    assert f"'{column}' has 10 values in 40 rows" in note
    assert note.endswith(f"pass --group {column}.")
    assert not read(file, ReadOptions(duplicates="keep", group=column)).notes


def test_a_key_of_each_row_and_other_names_are_nothing(table):
    assert not read(table("patient_id", lambda i: i), ReadOptions(duplicates="keep")).notes
    assert not read(table("colour", lambda i: i % 3), ReadOptions(duplicates="keep")).notes


@pytest.mark.parametrize(("column", "value"), [("is_test", lambda i: int(i % 4 == 0)), ("fold", lambda i: i % 5)])
def test_a_column_of_splits_in_other_words(table, column, value):
    (note,) = read(table(column, value), ReadOptions(duplicates="keep")).notes
    assert f"pass --split-column {column}" in note


def test_a_column_of_splits_that_a_person_names_goes_before_the_names_of_files(tmp_path):
    for name, start in (("train", 0), ("test", 30)):
        rows = (
            f"{name} words {i} {i * 7},{'ab'[i % 2]},{('train', 'test')[i % 5 == 0]}" for i in range(start, start + 30)
        )
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label,part", *rows]))
    assert read(tmp_path, ReadOptions(duplicates="keep")).n["test"] == 30
    assert read(tmp_path, ReadOptions(duplicates="keep", split_column="part")).n["test"] == 12
