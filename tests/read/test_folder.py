"""Folders of texts and pictures, read whole: what has no class, what is no data, and what a person is told."""

import re

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataError
from headstart.read import ReadOptions, read
from headstart.read._unseen import unseen

RNG = np.random.default_rng(6)
WORDS = "river stone market window garden engine silver doctor yellow bridge pencil summer".split()


def text(path, mood):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Subject: {path.name}\n\n{' '.join(RNG.choice(WORDS, 12))} {mood}")


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(path)


def test_mails_and_postings_without_a_usual_suffix_are_texts(tmp_path):
    for part in ("train", "test"):
        for group in ("alt.atheism", "sci.space"):
            for i in range(8):
                text(
                    tmp_path / "20news" / f"20news-bydate-{part}" / group / f"{i}{i * 7 if part == 'test' else ''}",
                    group,
                )
    task = read(tmp_path)
    assert (task.modality, task.labels, task.n["test"]) == ("text", ("alt.atheism", "sci.space"), 16)
    (tmp_path / "mail" / "spam").mkdir(parents=True)
    for name in ("0001.7c53336b", "2.", "3.eml", "inbox_4"):
        text(tmp_path / "mail" / "spam" / name, "buy")
        text(tmp_path / "mail" / "ham" / name, "dear")
    (tmp_path / "mail" / "ham" / "index.db2").write_bytes(bytes(range(256)))
    assert sum(read(tmp_path / "mail").n.values()) == 8


def test_texts_of_a_folder_without_labels_are_learnt_from_and_are_no_class(tmp_path):
    for part in ("train", "test"):
        for c in ("neg", "pos"):
            for i in range(10):
                text(tmp_path / part / c / f"{i}.txt", c)
    for i in range(12):
        text(tmp_path / "train" / "unsup" / f"{i}.txt", "so-so")
        text(tmp_path / "predict" / f"{i}.txt", "so-so")
    task = read(tmp_path)
    assert task.labels == ("neg", "pos")
    assert len(task.unlabelled) == 24
    assert task.notes == (
        "predict/ has no class folders; what is inside has no label.", "unsup/ has no label, by the name."
    )  # fmt: skip


def test_a_class_called_like_a_split_among_other_words_stays_one(tmp_path):
    """datasets' imagefolder makes of these one split "test", and the other class vanishes."""
    for c in ("healthy", "test-positive"):
        for i in range(6):
            picture(tmp_path / c / f"{i}.png")
    assert read(tmp_path).labels == ("healthy", "test-positive")


def test_classes_in_the_names_of_files_are_told(tmp_path):
    for part in ("train", "test"):
        for i in range(8):
            picture(tmp_path / part / f"{i:04}_{'cat' if i % 2 else 'dog'}.png")
    hint = re.escape("The files' names seem to hold classes (cat, dog): a table of files and labels would say so.")
    with pytest.raises(DataError, match=f"test/, train/, by their names no classes.*{hint}"):
        read(tmp_path)
    with pytest.raises(DataError, match=f"holds 8 pictures but no class folders.*{hint}"):
        read(tmp_path / "train")


def test_a_run_in_the_folder_of_the_data_itself_is_no_data(tmp_path):
    for c in ("neg", "pos"):
        for i in range(8):
            text(tmp_path / c / f"{i}.txt", c)
    first = read(tmp_path)
    (tmp_path / "journal.jsonl").write_text('{"at": 1796054431.098, "event": "read"}\n')
    for name in ("card.md", "report.html", "predictions.parquet", "trials/probe/notes.txt"):
        text(tmp_path / name, "ours")
    assert read(tmp_path).fingerprint == first.fingerprint


def test_what_other_systems_leave_is_no_class(tmp_path):
    for folder in ("cat", "dog", "__MACOSX/cat", "@eaDir/cat", ".cache/x"):
        for i in range(6):
            picture(tmp_path / folder / f"{i}.png")
    assert read(tmp_path).labels == ("cat", "dog")


def test_a_run_reads_two_levels_as_it_learnt_them(tmp_path):
    for place in ("cat/indoor", "cat/outdoor", "dog/indoor", "dog/outdoor"):
        for i in range(4):
            picture(tmp_path / place / f"{i}.png")
    known = read(tmp_path, ReadOptions(layout="nested")).labels
    assert known == ("indoor", "outdoor")
    assert len(unseen(tmp_path, modality="image", kind="classification", labels=known).test) == 16
    with pytest.raises(DataError, match="two ways"):
        unseen(tmp_path, modality="image", kind="classification", labels=("here", "there"))
