"""Tables beside the pictures they name, or in each split's folder, are read; class folders keep their say."""

import json

import numpy as np
import pytest

from headstart.errors import DataError
from headstart.read import ReadOptions, read
from hostile import draw

RNG = np.random.default_rng(4)


def pictures(folder, n, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + n):
        draw(i % 2, RNG, 48).save(folder / f"{i}.png")


def rows(n, start=0, before=""):
    return [(f"{before}{i}.png", "ab"[i % 2]) for i in range(start, start + n)]


def csv(path, lines, head="file_name,label"):
    path.write_text("\n".join([head, *(",".join(line) for line in lines)]))


def check(root, n):
    task = read(root)
    assert task.labels == ("a", "b")
    assert {"train": task.n["train"] + task.n["valid"], "test": task.n["test"]} == n
    return task


def test_a_table_of_json_lines_in_each_split(tmp_path):
    for split, n, start in (("train", 20, 0), ("test", 10, 20)):
        pictures(tmp_path / split, n, start)
        lines = [json.dumps({"file_name": name, "label": label}) for name, label in rows(n, start)]
        (tmp_path / split / "metadata.jsonl").write_text("\n".join(lines))
    task = check(tmp_path, {"train": 20, "test": 10})
    assert "is read from test/metadata.jsonl, train/metadata.jsonl, not from the names of folders" in task.notes[0]


@pytest.mark.parametrize("name", ["metadata.csv", "labels.csv"])
def test_one_table_at_the_top_names_files_in_the_splits(tmp_path, name):
    pictures(tmp_path / "train_images", 20)
    pictures(tmp_path / "test_images", 10, 20)
    csv(tmp_path / name, rows(20, 0, "train_images/") + rows(10, 20, "test_images/"))
    check(tmp_path, {"train": 20, "test": 10})


def test_a_table_for_each_split_at_the_top_and_the_pictures_in_folders(tmp_path):
    for split, n, start in (("train", 20, 0), ("test", 10, 20)):
        pictures(tmp_path / split, n, start)
        csv(tmp_path / f"{split}.csv", rows(n, start), "image,label")
    check(tmp_path, {"train": 20, "test": 10})


def test_one_table_and_a_folder_of_pictures(tmp_path):
    pictures(tmp_path / "images", 24)
    csv(tmp_path / "labels.csv", rows(24), "filename,class")
    task = read(tmp_path)
    assert (task.labels, sum(task.n.values())) == (("a", "b"), 24)


def test_class_folders_are_the_classes_whatever_table_lies_beside(tmp_path):
    for c, start in (("cat", 0), ("dog", 12)):
        pictures(tmp_path / c, 12, start)
    csv(tmp_path / "labels.csv", rows(12, 0, "cat/"))
    assert read(tmp_path).labels == ("cat", "dog")


def test_parquet_or_text_tables_in_folders_of_splits(tmp_path):
    words = "river stone market window garden engine".split()
    for split, n, start in (("train", 30, 0), ("test", 12, 40)):
        (tmp_path / "data" / split).mkdir(parents=True)
        texts = [(f"{words[i % 6]} {words[i // 6 % 6]} {'good' if i % 2 else 'bad'} {i * 7}", "ab"[i % 2]) for i in
                 range(start, start + n)]  # fmt: skip
        csv(tmp_path / "data" / split / "part-0.csv", texts, "text,label")
    task = read(tmp_path)
    assert (task.modality, task.n["test"]) == ("text", 12)


def test_what_no_table_names_is_said_and_a_label_of_another_name_is_asked_for(tmp_path):
    pictures(tmp_path / "train", 20)
    pictures(tmp_path / "test", 6, 20)
    csv(tmp_path / "train" / "metadata.csv", rows(20), "file_name,species")
    with pytest.raises(DataError, match=r"columns file_name, species, but none named label.*--label"):
        read(tmp_path)
    task = read(tmp_path, ReadOptions(label="species"))
    assert task.labels == ("a", "b")
    assert task.notes[1].startswith("6 pictures below ")


def test_answers_to_hand_in_are_no_labels(tmp_path):
    """A competition's sample of a submission says "a" of every test picture."""
    pictures(tmp_path / "train", 20)
    pictures(tmp_path / "test", 10, 20)
    csv(tmp_path / "train.csv", rows(20), "image,label")
    csv(tmp_path / "sample_submission.csv", [(name, "a") for name, _ in rows(10, 20)], "Image,Label")
    task = read(tmp_path)
    assert sum(task.n.values()) == 20
    assert "sample_submission.csv shows how to hand in answers, by the name: left out." in task.notes


def test_pictures_called_after_a_key_and_classes_of_0_and_1_with_a_test_part_that_has_none(tmp_path):
    pictures(tmp_path / "images", 30)
    csv(tmp_path / "train.csv", [(str(i), str(1 - i % 2), str(i % 2)) for i in range(20)], "image_id,a,b")
    csv(tmp_path / "test.csv", [(str(i),) for i in range(20, 30)], "image_id")
    task = read(tmp_path)
    assert task.labels == ("a", "b")
    assert sum(task.n.values()) == 20
    assert any("None of the 10 test rows" in note for note in task.notes)


def test_pictures_named_in_a_column_called_otherwise(tmp_path):
    for head in ("Image Index,label", "id,label"):
        pictures(tmp_path / "images", 20)
        csv(tmp_path / "entries.csv", [(name.removesuffix(".png" * (head[0] == "i")), y) for name, y in rows(20)], head)
        task = read(tmp_path)
        assert (task.labels, sum(task.n.values())) == (("a", "b"), 20)


def test_a_table_beside_class_folders_is_not_passed_over_in_silence(tmp_path):
    for label in "ab":
        pictures(tmp_path / label, 12, 12 * (label == "b"))
    csv(tmp_path / "labels.csv", [(f"{'ab'[i // 12]}/{i}.png", "xy"[i % 2]) for i in range(24)], "filename,label")
    task = read(tmp_path)
    assert task.labels == ("a", "b")
    assert any("labels.csv beside them is not read" in note for note in task.notes)
    csv(tmp_path / "metadata.csv", [(f"{'ab'[i // 12]}/{i}.png", "xy"[i % 2]) for i in range(24)])
    assert read(tmp_path).labels == ("x", "y")
    assert read(tmp_path, ReadOptions(layout="classes")).labels == ("a", "b")


def test_columns_that_the_splits_spell_in_different_ways(tmp_path):
    for split, head in (("train", "Text,Label"), ("test", "text ,label")):
        lines = [(f"{split} words {i} of {'ab'[i % 2] * 9}", "ab"[i % 2]) for i in range(30)]
        csv(tmp_path / f"{split}.csv", lines, head)
    assert read(tmp_path, ReadOptions(duplicates="keep")).n["test"] == 30


def test_texts_among_pictures_are_said_to_be_left(tmp_path):
    """Captions, or the very data: who meant the texts hears that pictures were read."""
    for label in "ab":
        pictures(tmp_path / "d" / label, 6, start=6 * (label == "b"))
        for i in range(4):
            (tmp_path / "d" / label / f"{i}.txt").write_text(f"a small {label} near the garden gate, number {i}")
    assert read(tmp_path / "d").notes[0] == (
        "The 8 text files among the pictures are not read. To learn from texts, pass a folder of these alone."
    )
