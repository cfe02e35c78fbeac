"""The situations of the shared cases that are about folders and duplicates: each does what stands under "right"."""

import shutil
from collections import Counter

import pytest

from headstart.errors import DataError
from headstart.read import ReadOptions, read


def every(task):
    return [*task.train, *task.valid, *task.test.open()]


@pytest.mark.parametrize(("where", "n"), [("whole", (60, 15, 25)), ("split", (56, 14, 30))])
def test_one_scene_nearness_says_nothing_and_no_part_is_empty(cases, where, n):
    task = read(cases / "one_scene" / where)
    assert tuple(task.n.values()) == n
    assert {e.group for e in every(task)} == {None}
    assert "100 of 100 pictures (of 'good', 'scratch') are near-duplicates" in task.notes[0]


def test_split_names_wrapped(cases):
    task = read(cases / "split_names" / "wrapped")
    assert task.labels == ("cats", "dogs")
    assert all("test_set" in e.path for e in task.test.open())
    assert task.notes == ("Splits by the names of folders: test_set/ is test, training_set/ is train.",)


def test_split_names_prefixed(cases):
    task = read(cases / "split_names" / "prefixed")
    assert task.labels == ("sea", "street")
    assert task.n == {"train": 64, "valid": 16, "test": 40}
    assert Counter(s.reason for s in task.set_aside) == {"no_label": 20}
    assert task.notes[1:] == (
        "seg_pred/ has no class folders; what is inside has no label.",
        "Without a label and left out: 20 pictures.",
    )


@pytest.mark.parametrize("data", ["folders", "long.csv"])
def test_several_folders_are_offered_and_joined(cases, data):
    path = cases / "several_folders" / data
    with pytest.raises(
        DataError, match=r"45 of 90 pictures stand under two or more labels.* --kind multilabel to join"
    ):
        read(path)
    task = read(path, ReadOptions(kind="multilabel"))
    assert (task.kind, task.labels, sum(task.n.values())) == ("multilabel", ("bird", "cat", "dog"), 90)
    assert Counter(len(e.answer) for e in every(task)) == {1: 45, 2: 45}
    assert task.set_aside == ()


def test_one_table_a_run_beside_it_is_no_data(cases, tmp_path):
    shutil.copy(cases / "one_table" / "questions.csv", tmp_path)
    first = read(tmp_path)
    run = tmp_path / "runs" / "data"
    run.mkdir(parents=True)
    (run / "journal.jsonl").write_text('{"at": 1796054431.098, "event": "read"}\n')
    (run / "notes.txt").write_text("a text in the folder of a run")
    assert read(tmp_path).fingerprint == first.fingerprint


def test_no_suffix_text_files_are_texts(cases):
    task = read(cases / "no_suffix")
    assert (task.modality, task.labels, sum(task.n.values())) == ("text", ("neg", "pos"), 120)


def test_masks_beside_pictures_are_left_out(cases):
    task = read(cases / "masks_beside")
    assert sum(task.n.values()) == 80
    assert not any("_mask" in e.path for e in every(task))
    assert task.notes[0].startswith("80 files such as benign/benign (0)_mask.png are masks of the pictures")


def test_metadata_in_each_split_is_read(cases):
    task = read(cases / "metadata")
    assert task.labels == ("a", "b")
    assert task.n == {"train": 64, "valid": 16, "test": 40}
    assert task.notes[0].startswith("What metadata/ holds is read from test/metadata.csv, train/metadata.csv")
