"""Data to judge a finished run on: nothing is split, unknown labels are named, what was learnt from is set aside."""

import json

import pytest

import tiny_text
from drawn import two_classes
from headstart.errors import DataError, UsageError
from headstart.pixels import PLAIN, Pixels
from headstart.read import ReadOptions, text
from headstart.read._unseen import SHORT, unseen

AB = {"modality": "text", "kind": "classification", "labels": ("a", "b")}


def table(folder, rows):
    path = folder / "more.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def rows(n, **more):
    return [{"text": e.content, "label": "ab"[e.answer], **more} for e in tiny_text.texts(n, 2)]


def test_every_row_is_judged_once_and_none_is_split(tmp_path):
    some = rows(12)
    task = unseen(table(tmp_path, [*some, some[0]]), **AB)
    assert (task.n, task.labels, task.split_rule) == ({"train": 0, "valid": 0, "test": 12}, ("a", "b"), "")
    assert [s.reason for s in task.set_aside] == ["duplicate"]
    assert task.test.counts == (6, 6)


def test_labels_keep_the_places_that_the_run_gives_them(tmp_path):
    task = unseen(table(tmp_path, rows(6)), modality="text", kind="classification", labels=("0", "a", "b"))
    assert task.test.counts == (0, 3, 3)


@pytest.mark.parametrize(
    ("splits", "n", "said"),
    [
        ("train test val", 4, "Only the 4 texts given as test are judged, not the 8 others."),
        ("train dev dev", 8, "Only the 8 texts given as valid are judged, not the 4 others."),
        ("test test test", 12, ""),
        ("train train train", 12, ""),
    ],
)
def test_of_data_with_splits_the_held_out_part_is_judged(tmp_path, splits, n, said):
    parts = splits.split()
    task = unseen(table(tmp_path, [{**r, "split": parts[i % 3]} for i, r in enumerate(rows(12))]), **AB)
    assert (len(task.test), task.split_rule) == (n, said)


def test_a_folder_with_a_test_part_gives_that_part(tmp_path):
    two_classes(tmp_path / "photos" / "train", 4, side=40)
    two_classes(tmp_path / "photos" / "test", 3, seed=7, side=40)
    task = unseen(tmp_path / "photos", modality="image", kind="classification", labels=("bug", "cane"))
    assert task.test.counts == (3, 3)
    assert task.split_rule == "Only the 6 pictures given as test are judged, not the 8 others."


def test_a_folder_that_lacks_train_will_do(tmp_path):
    for part, n in (("test", 3), ("val", 2)):
        two_classes(tmp_path / "photos" / part, n, seed=n, side=40)
    task = unseen(tmp_path / "photos", modality="image", kind="classification", labels=("bug", "cane"))
    assert (len(task.test), task.name, task.split_rule) == (6, "photos", "Only test of photos/ is judged.")
    (tmp_path / "tables").mkdir()
    table(tmp_path / "tables", rows(6)).rename(tmp_path / "tables" / "test.jsonl")
    assert len(unseen(tmp_path / "tables", **AB).test) == 6


def test_labels_the_run_does_not_know_are_named(tmp_path):
    path = table(tmp_path, [*rows(6), {"text": "river stone", "label": "c"}])
    with pytest.raises(
        DataError, match=r"more.jsonl has texts of classes that the run does not know: 'c' \(1\)\. Allow"
    ):
        unseen(path, **AB)


def test_what_was_learnt_from_is_set_aside_whatever_its_spelling_of_accents(tmp_path):
    some = rows(6)
    some[0]["text"] = "cafe\u0301 river"
    learnt = {text.digest("café river")[:SHORT]}
    task = unseen(table(tmp_path, some), **AB, learnt=learnt)
    assert [s.reason for s in task.set_aside] == ["learnt"]
    assert len(task.test) == 5


def test_what_was_learnt_from_is_known_again_however_its_pixels_were_read(tmp_path):
    folder, squash = two_classes(tmp_path / "photos", 4, side=40), Pixels(fit="squash")
    labels = tuple(sorted(p.name for p in folder.iterdir()))
    known = {"modality": "image", "kind": "classification", "labels": labels}
    whole = unseen(folder, **known).test.open()
    learnt = {squash.name(whole[0].digest)[:SHORT], whole[1].digest[:SHORT]}
    task = unseen(folder, **known, learnt=learnt, ways={squash, PLAIN})
    assert {s.path for s in task.set_aside if s.reason == "learnt"} == {e.path for e in whole[:2]}
    assert {e.digest for e in task.test.open()} == {e.digest for e in whole[2:]}, "files as they are: each model's way"


def test_nothing_left_and_nothing_labelled_are_told(tmp_path):
    some = rows(3)
    learnt = {text.digest(r["text"])[:SHORT] for r in some}
    with pytest.raises(
        DataError, match=r"more.jsonl holds no text to judge after setting aside 3 learnt\. Give labell"
    ):
        unseen(table(tmp_path, some), **AB, learnt=learnt)
    with pytest.raises(DataError, match="holds no text to judge after setting aside 2 no_label"):
        unseen(table(tmp_path, [{"text": "river", "label": None}, {"text": "stone", "label": ""}]), **AB)


def test_numbers_are_found_by_the_name_the_run_knows(tmp_path):
    path = table(tmp_path, [{"text": r["text"], "joy": i / 4, "label": "x"} for i, r in enumerate(rows(6))])
    task = unseen(path, modality="text", kind="regression", labels=("joy",))
    assert [e.answer for e in task.test.open()] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_a_column_of_texts_is_nothing_for_pictures(tmp_path):
    with pytest.raises(UsageError, match=r"--text body was given, but p is read as pictures\. Leave it out"):
        unseen(
            two_classes(tmp_path / "p", 3),
            modality="image",
            kind="classification",
            labels=("a", "b"),
            options=ReadOptions(text="body"),
        )


def test_a_run_of_classes_knows_them_again_as_columns_of_zero_and_one(tmp_path):
    some = [{"text": r["text"], "a": int(r["label"] == "a"), "b": int(r["label"] == "b")} for r in rows(6)]
    task = unseen(table(tmp_path, some), **AB)
    assert [AB["labels"][e.answer] for e in task.test.open()] == [r["label"] for r in rows(6)]


def test_a_blank_means_what_it_meant_when_the_run_learnt(tmp_path):
    some = [{"text": r["text"], "label": r["label"] if r["label"] == "a" else ""} for r in rows(6)]
    task = unseen(table(tmp_path, some), **AB, columns={"blank": "b"})
    assert len(task.test) == 6


def test_how_near_duplicates_count_is_heard(tmp_path):
    words = "river stone market window garden engine silver doctor yellow bridge pencil summer copper meadow"
    near = [{"text": f"{words} {n}", "label": "a"} for n in range(3)]
    path = table(tmp_path, [*rows(6), *near])
    assert len(unseen(path, **AB).test) == 9
    together = [e.group for e in unseen(path, **AB).test.open() if words in e.content]
    assert None not in together
    assert len({*together}) == 1, "intervals take them for one"
    assert len(unseen(path, **AB, options=ReadOptions(duplicates="drop")).test) == 7


def test_groups_may_come_from_a_table_of_files(tmp_path):
    for n, mood in enumerate("aabb"):
        (tmp_path / "data" / mood).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / mood / f"{n}.txt").write_text(f"river stone {n} {mood * 9}")
    (tmp_path / "who.csv").write_text("file,group\n0.txt,x\n1.txt,x\n2.txt,y\n3.txt,y\n")
    task = unseen(tmp_path / "data", **AB, options=ReadOptions(group=str(tmp_path / "who.csv")))
    assert [e.group for e in task.test.open()] == ["x", "x", "y", "y"]


@pytest.mark.parametrize(("option", "said"), [("kind", "the run's kind is classification"), ("crop", "as it learnt")])
def test_what_the_run_has_settled_is_refused(tmp_path, option, said):
    options = ReadOptions(**{option: {"kind": "regression", "crop": "squash"}[option]})
    with pytest.raises(UsageError, match=rf"--{option} .* was given, but .*{said}.*Leave it out"):
        unseen(table(tmp_path, rows(6)), **AB, options=options)
