"""What `predict` is given for a model of texts: tables, files, or the texts themselves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.errors import UsageError
from headstart.read.text import SHAPE
from headstart.ship._inputs import one_by_one
from headstart.ship.modality.text import _of, inputs


def test_a_text_that_looks_like_someones_home_is_a_text():
    [one] = list(_of("~5 dollars", SHAPE))
    assert one.shown == "~5 dollars"
    assert one.example.content == "~5 dollars"


def test_a_text_longer_than_a_file_name_may_be_is_a_text():
    [one] = list(_of("long " * 2000, SHAPE))
    assert one.example.content.startswith("long long")


def test_a_table_that_is_not_there_is_named(tmp_path):
    [one] = list(_of(str(tmp_path / "none.csv"), SHAPE))
    assert one.shown.endswith("none.csv")
    assert one.example == "There is no such file."


def test_a_picture_is_no_text(tmp_path):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.jpg")
    (tmp_path / "b.txt").write_bytes("Größe\n".encode("latin-1"))
    (tmp_path / "c.txt").touch()
    found = [one.example for name in ("a.jpg", "b.txt", "c.txt") for one in _of(str(tmp_path / name), SHAPE)]
    assert (found[0], found[1].content, found[2]) == ("This file holds no text.", "Größe", "The text is empty.")


def test_a_table_beside_texts_is_not_one_of_them(tmp_path):
    (tmp_path / "a.txt").write_text("fine weather")
    (tmp_path / "notes.csv").write_text("text,label\nnot asked for,x\n")
    [one] = list(_of(tmp_path, SHAPE))
    assert one.shown.endswith("a.txt")
    assert one.example.content == "fine weather"


def test_a_table_alone_in_a_folder_is_that_table(tmp_path):
    (tmp_path / "notes.csv").write_text("text\nfine weather\nheavy rain\n")
    assert [one.example.content for one in _of(tmp_path, SHAPE)] == ["fine weather", "heavy rain"]


def test_what_is_no_text_says_so_and_a_table_in_memory_asks_for_a_column():
    found = list(inputs(["fine weather", float("nan"), None], Path(), SHAPE))
    assert [one.example for one in found[1:]] == ["A float is no text.", "A NoneType is no text."]
    frame = pd.DataFrame({"text": ["fine weather"]})
    with pytest.raises(UsageError, match=r"A DataFrame was given; inputs are single ones. Give one of its columns"):
        one_by_one(frame, "text")
    assert list(one_by_one(frame["text"], "text")) == ["fine weather"]


def test_texts_of_several_columns_are_a_tuple():
    [one] = list(inputs([("a title", "its body")], Path(), SHAPE))
    assert one.example.content == "a title ␟ its body"


def test_what_is_one_input_is_a_modalitys_own_to_say():
    picture = Image.new("RGB", (8, 6))
    for modality in ("image", "text"):
        assert list(one_by_one(picture, modality)) == [picture]
    grey = np.zeros((6, 8), np.uint8)
    assert [one.shape for one in one_by_one(grey, "image")] == [(6, 8)]
    assert len(list(one_by_one(grey, "text"))) == 6
