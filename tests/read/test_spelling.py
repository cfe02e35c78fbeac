"""Spellings of one label are one class, and what seems to say "no label" is said."""

import pytest

from headstart.read import ReadOptions, read
from headstart.read._unseen import unseen

WORDS = "river stone lamp paper bread cloud window hill music door street coat garden water light train".split()


@pytest.fixture
def table(tmp_path):
    """A table of 48 texts, with the labels of a cycle."""

    def make(*labels, name="t.csv"):
        texts = (f"{WORDS[i % 16]} {WORDS[i * 5 % 16]} {WORDS[i * 7 % 11]} number{i}" for i in range(48))
        lines = (f"{text},{labels[i % len(labels)]}" for i, text in enumerate(texts))
        (tmp_path / name).write_text("\n".join(["text,label", *lines]))
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("labels", "right"),
    [
        (("cat", "Dog", "cat ", "Dog", "Cat", "dog"), ("Dog", "cat")),
        (("TRUE", "False", "True", "False"), ("False", "TRUE")),
        (("very  good", "bad", "very good", "bad", "very\u00a0good"), ("bad", "very good")),
        (("1", "0", "1.0", "0.0", "1", "0"), ("0", "1")),
        (("A", "a", "B", "b"), ("A", "B", "a", "b")),
        (("1", "01", "007", "7"), ("01", "1", "007", "7")),
    ],
)
def test_spellings_of_a_label_are_one_class_and_said(table, labels, right):
    file = table(*labels)
    task = read(file, ReadOptions(duplicates="keep"))
    assert task.labels == right
    assert any("alone are one" in note for note in task.notes) == (len(set(labels)) > len(right))
    apart = read(file, ReadOptions(duplicates="keep", kind="classification"))
    assert len(apart.labels) == len({label.strip() for label in labels})


def test_what_seems_to_say_nothing_is_a_class_and_said(table):
    task = read(table("a", "b", "N/A", "b", "a", "NULL"), ReadOptions(duplicates="keep"))
    assert len(task.labels) == 4
    assert any(note.startswith("'N/A' (8), 'NULL' (8) are classes as any other") for note in task.notes)


def test_a_finished_run_knows_its_labels_in_other_capitals(table):
    file = table("Cat", "DOG", "cat")
    task = unseen(file, modality="text", kind="classification", labels=("Cat", "dog"))
    assert task.test.counts == (32, 16)
    assert any("'DOG' as 'dog'" in note for note in task.notes)
