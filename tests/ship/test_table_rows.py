"""Rows of tables to be predicted: in order, their other cells kept, the column found as when the run learnt."""

import pytest

from headstart.read import ReadOptions
from headstart.read.image import SHAPE as IMAGE
from headstart.read.text import SHAPE as TEXT
from headstart.ship.modality import image, text
from headstart.ship.predict import Row, to_csv


def test_pictures_that_a_table_names(cases, tmp_path):
    found = list(image.inputs([cases / "predict_table" / "new.csv"], tmp_path, IMAGE))
    assert [one.shown.rsplit("/", 1)[1] for one in found] == [f"{i}.png" for i in range(80, 100)]
    assert all(one.example.answer is None for one in found)


def test_cells_beside_a_picture_are_kept_and_a_missing_one_is_told(cases, tmp_path):
    folder = cases / "predict_table"
    (tmp_path / "new.csv").write_text(f"id,scan,label\n7,{folder / '3.png'},a\n8,{folder / 'none.png'},b\n9,,\n")
    found = list(image.inputs([tmp_path / "new.csv"], tmp_path, IMAGE.known({"image": "scan"})))
    assert [one.beside["id"] for one in found] == ["7", "8", "9"]
    assert [one.example for one in found][1:] == ["There is no such file.", "The row names no picture."]


def test_pictures_inside_a_table(cases, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    found = list(image.inputs([cases / "picture_bytes" / "data.parquet"], tmp_path, IMAGE))
    assert len({one.example.digest for one in found}) == 80
    assert found[1].beside == {"label": "b"}


@pytest.mark.parametrize("columns", ["title,body", "title, body"])
def test_texts_of_the_columns_that_the_run_learnt_from(cases, columns):
    found = list(text.inputs([cases / "two_texts" / "tickets.csv"], cases, TEXT.known({"text": columns})))
    assert len(found) == 240
    assert all(one.example.content.count(" ␟ ") == 1 and set(one.beside) == {"label"} for one in found)


def test_tables_and_files_are_read_as_a_person_says(tmp_path):
    (tmp_path / "t.csv").write_bytes('text\n"пять" рублей\n'.encode("cp866"))
    (tmp_path / "a.txt").write_bytes("пять рублей".encode("cp866"))
    options = ReadOptions(encoding="cp866", quotes="no")
    one, two = text.inputs([tmp_path / "t.csv", tmp_path / "a.txt"], tmp_path, TEXT, options=options)
    assert one.example.content == '"пять" рублей'
    assert two.example.content == "пять рублей"


def test_a_table_of_predictions_has_the_columns_of_its_table_first():
    row = Row("t.csv:1", "spam", 0.75, {"ham": 0.25, "spam": 0.75}, beside={"id": 3, "label": "ham"})
    lines = to_csv([row, Row("b.txt", "ham", 0.5, {})], ["label", "probability"]).splitlines()
    assert lines == [
        "input,id,label (given),label,probability,error",
        "t.csv:1,3,ham,spam,0.750000,",
        "b.txt,,,ham,0.500000,",
    ]
