"""Which labels are numbers to predict, how they are split, and what is told about it."""

import json

import numpy as np
import pytest

from headstart.errors import DataError, UsageError
from headstart.kind import targets
from headstart.read import ReadOptions, read

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()


def table(folder, values, column="label", **more):
    """A table of distinct texts with these labels."""
    rng = np.random.default_rng(0)
    rows = [{"text": f"{' '.join(rng.choice(WORDS, 12))} {i}", column: v, **{k: c[i] for k, c in more.items()}}
            for i, v in enumerate(values)]  # fmt: skip
    (folder / "data.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder / "data.jsonl"


FRACTIONS = [round(float(v), 2) for v in np.random.default_rng(1).normal(0, 2, 100)]


def test_fractions_are_predicted_and_this_is_said(tmp_path):
    task = read(table(tmp_path, FRACTIONS))
    assert (task.kind, task.labels, task.modality) == ("regression", ("label",), "text")
    assert sorted(targets(task, (*task.train, *task.valid, *task.test._examples)).tolist()) == sorted(FRACTIONS)
    assert targets(task, task.train).dtype == np.float64
    assert {type(e.answer) for e in task.train} == {float}
    assert any("so numbers are predicted (--kind classification takes classes)" in w for w in task.warnings)
    assert "stratified by fifths of 'label'" in task.split_rule


def test_every_split_has_its_share_of_low_and_high_numbers(tmp_path):
    task = read(table(tmp_path, FRACTIONS))
    edges = np.quantile(FRACTIONS, [0.2, 0.4, 0.6, 0.8])
    for part, wanted in ((task.train, 12), (task.valid, 3), (task.test._examples, 5)):
        counts = np.bincount(np.digitize(targets(task, part), edges), minlength=5)
        assert np.abs(counts - wanted).max() <= 1


@pytest.mark.parametrize(
    "values", [[1, 2, 3, 4, 5] * 12, [1.0, 2.0, 3.0, 4.0, 5.0] * 12, [0.5, 1.0, 1.5] * 20], ids=str
)
def test_stars_stay_classes(values, tmp_path):
    task = read(table(tmp_path, values))
    assert task.kind == "classification"
    assert len(task.labels) == len(set(values))
    assert targets(task, task.train).dtype == np.int64
    assert not any("numbers" in w for w in task.warnings)


def test_many_whole_numbers_stay_classes_and_the_other_way_is_named(tmp_path):
    task = read(table(tmp_path, [i % 25 for i in range(100)]))
    assert task.kind == "classification"
    assert any("25 different whole numbers from 0 to 24; they are taken as classes; see --kind." in w
               for w in task.warnings)  # fmt: skip


def test_the_kind_that_is_asked_for_is_taken(tmp_path):
    stars = table(tmp_path, [1, 2, 3, 4, 5] * 12)
    asked = read(stars, ReadOptions(kind="regression"))
    assert asked.kind == "regression"
    assert asked.fingerprint != read(stars).fingerprint
    few = [0.25 * (i % 24) for i in range(96)]
    assert read(table(tmp_path, few)).kind == "regression"
    assert read(table(tmp_path, few), ReadOptions(kind="classification")).kind == "classification"


def test_a_column_of_numbers_is_found_by_its_name_where_regression_is_asked_for(tmp_path):
    path = table(tmp_path, ["good", "bad"] * 30, score=[i / 7 for i in range(60)])
    assert read(path).labels == ("bad", "good")
    assert read(path, ReadOptions(kind="regression")).labels == ("score",)
    assert read(path, ReadOptions(label="score")).kind == "regression"


def test_the_same_text_with_two_numbers_gets_their_mean(tmp_path):
    path = table(tmp_path, FRACTIONS)
    first = json.loads(path.read_text().split("\n")[0])
    path.write_text(path.read_text() + "\n" + json.dumps({**first, "label": first["label"] + 1}))
    task = read(path)
    kept = [e for e in (*task.train, *task.valid, *task.test._examples) if e.content == first["text"]]
    assert [e.answer for e in kept] == [pytest.approx(first["label"] + 0.5)]
    assert [s.reason for s in task.set_aside] == ["duplicate"]


def test_a_test_number_is_not_moved_by_one_of_train(tmp_path):
    splits = ["test" if i % 3 == 0 else "train" for i in range(100)]
    path = table(tmp_path, FRACTIONS, split=splits)
    first = json.loads(path.read_text().split("\n")[0])
    path.write_text(path.read_text() + "\n" + json.dumps({**first, "label": 9.75, "split": "train"}))
    (kept,) = [e for e in read(path).test._examples if e.content == first["text"]]
    assert kept.answer == first["label"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["one", 2.5, "three"] * 9, r"data\.jsonl: 18 of 27 labels are no finite numbers, such as 'one'"),
        ([2.5] * 30, r"every label is 2\.5\. Give numbers that differ"),
        ([["a", "b"], ["b"]] * 9, r"column 'label' holds lists of labels, which regression cannot take"),
    ],
)
def test_what_cannot_be_predicted_is_told(values, says, tmp_path):
    with pytest.raises(DataError, match=says):
        read(table(tmp_path, values), ReadOptions(kind="regression"))


def test_an_unknown_kind_is_refused(tmp_path):
    allowed = "allowed: classification, multilabel, regression"
    with pytest.raises(UsageError, match=f"The kind 'detection' cannot be read; {allowed}"):
        read(table(tmp_path, FRACTIONS), ReadOptions(kind="detection"))
