import json

import numpy as np
import pytest

from headstart.errors import DataError, UsageError
from headstart.read import ReadOptions
from headstart.read import read as read_any
from headstart.read.image import read
from hostile import draw

RNG = np.random.default_rng(7)


@pytest.fixture
def rows(tmp_path):
    """Twelve pictures of each of two classes, and their rows."""
    (tmp_path / "in side").mkdir()
    out = []
    for i in range(24):
        draw(i % 2, RNG, 48).save(tmp_path / "in side" / f"{i}.png")
        out.append({"image": f"in side/{i}.png", "label": ("NA", "007")[i % 2], "site": f"s{i // 4}"})
    return out


def delimited(path, rows, mark=","):
    lines = [mark.join(rows[0]), *(mark.join(str(v) for v in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(("name", "mark"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t")])
def test_delimited_labels_stay_text(tmp_path, rows, name, mark):
    before = sorted(p.name for p in tmp_path.iterdir())
    task = read(delimited(tmp_path / name, rows, mark))
    assert task.labels == ("007", "NA")
    assert sum(task.n.values()) == 24
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*before, name])
    assert task.name == "t"


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0c"])
def test_only_line_breaks_end_a_row(tmp_path, rows, odd):
    for row in rows:
        row["label"] = f"a{odd}{row['label']}"
    task = read(delimited(tmp_path / "t.csv", rows))
    assert task.labels == (f"a{odd}007", f"a{odd}NA")
    assert sum(task.n.values()) == 24


def test_a_quoted_cell_may_hold_a_line_break(tmp_path, rows):
    lines = ["image,note,label", *(f'{r["image"]},"one\r\ntwo",{r["label"]}' for r in rows)]
    (tmp_path / "t.csv").write_bytes("\r\n".join(lines).encode())
    assert sum(read(tmp_path / "t.csv").n.values()) == 24


def test_json_lines_with_numbers_splits_and_other_names(tmp_path, rows):
    splits = ["train"] * 16 + ["val"] * 8
    lines = [
        json.dumps({"file_name": r["image"], "Class": i % 2, "split": s})
        for i, (r, s) in enumerate(zip(rows, splits, strict=True))
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    task = read(tmp_path / "t.jsonl")
    assert task.labels == ("0", "1")
    assert len(task.test) == 8
    assert "val is the sealed test" in task.split_rule


def test_groups_stay_whole(tmp_path, rows):
    task = read(delimited(tmp_path / "t.csv", rows), ReadOptions(group="site"))
    sides = [{e.group for e in part} for part in (task.train, task.valid, task.test.open())]
    assert set.union(*sides) == {f"s{i}" for i in range(6)}
    assert sum(map(len, sides)) == 6
    assert "'site' groups kept whole" in task.split_rule


def test_given_splits_that_tear_groups_apart_warn(tmp_path, rows):
    for i, row in enumerate(rows):
        row["split"] = "train" if i % 4 else "test"
    task = read(delimited(tmp_path / "t.csv", rows), ReadOptions(group="site"))
    assert any("Groups in more than one given split: 6, for example 's0'" in w for w in task.warnings)


def test_rows_without_label_or_file_are_named(tmp_path, rows):
    rows[0]["label"], rows[1]["image"], rows[2]["image"] = "", "gone.png", ""
    task = read(delimited(tmp_path / "t.csv", rows))
    assert [(s.reason, s.detail) for s in task.set_aside] == [
        ("no_label", "Row 1 of t.csv has no label."),
        ("no_image", "Row 3 of t.csv has no picture."),
        ("missing", "There is no such file."),
    ]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda r: [{"image": x["image"]} for x in r],
            DataError,
            r"has the columns image, but none named label or class.*Say which it is with `--label COLUMN`",
        ),
        (
            lambda r: [{**x, "split": "later"} for x in r],
            DataError,
            r"split 'later' \(24 rows\) is not known; allowed: train",
        ),
        (
            lambda r: [{**x, "split": "train" if n > 4 else ""} for n, x in enumerate(r)],
            DataError,
            "5 of 24 rows have an empty split",
        ),
        (lambda r: [{**x, "split": "test"} for x in r], DataError, "gives test but no train pictures"),
        (lambda r: [{**x, "label": "one"} for x in r], DataError, r"t.csv holds one class \('one'\)"),
        (
            lambda r: [{"said": "words", "label": x["label"]} for x in r],
            DataError,
            r"has the columns said, label, but none named image or path.*if these are texts, say which column with "
            "`--text COLUMN`",
        ),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, rows, change, error, message):
    with pytest.raises(error, match=message):
        read(delimited(tmp_path / "t.csv", change(rows)))


def test_one_column_cannot_be_both_texts_and_labels(tmp_path):
    rows = [{"text": f"words {n}", "label": "ab"[n % 2]} for n in range(24)]
    with pytest.raises(DataError, match=r"the column .text. was taken for both the texts and their labels.*`--label`"):
        read_any(delimited(tmp_path / "t.csv", rows), ReadOptions(text="text", label="text"))


def test_no_such_group_column_no_rows_and_no_json(tmp_path, rows):
    with pytest.raises(UsageError, match="has no column 'farm' to group by; it has image, label, site"):
        read(delimited(tmp_path / "t.csv", rows), ReadOptions(group="farm"))
    (tmp_path / "e.csv").write_text("image,label\n")
    with pytest.raises(DataError, match=r"e\.csv holds no rows"):
        read(tmp_path / "e.csv")
    (tmp_path / "b.jsonl").write_text('{"image": "a.png", "label": {"x": "y"}}\n')
    with pytest.raises(
        DataError, match=r"b\.jsonl:1: column 'label' holds \{'x': 'y'\}\. Allowed are a label, or a list"
    ):
        read(tmp_path / "b.jsonl")
    (tmp_path / "c.jsonl").write_text("{nonsense")
    with pytest.raises(DataError, match=r"c\.jsonl cannot be read as a jsonl table"):
        read(tmp_path / "c.jsonl")


def test_parquet_and_saved_datasets_with_pictures_inside(tmp_path, rows, cache):
    import datasets

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cane", "bug"])})
    columns = {
        "image": [{"bytes": (tmp_path / r["image"]).read_bytes(), "path": None} for r in rows],
        "label": [i % 2 for i in range(24)],
    }
    inside = datasets.Dataset.from_dict(columns, features=features)
    inside.to_parquet(str(tmp_path / "t.parquet"))
    inside.save_to_disk(str(tmp_path / "saved"))
    parts = inside.train_test_split(0.25, seed=0)
    parts.save_to_disk(str(tmp_path / "parts"))
    before = sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    by_table = read(tmp_path / "t.parquet")
    assert by_table.labels == ("bug", "cane")
    assert {e.path.rsplit("/", 1)[0] for e in by_table.train} == {str(cache / "pictures")}
    assert all(e.digest in e.path for e in by_table.train)
    assert read(tmp_path / "saved").fingerprint == by_table.fingerprint
    assert len(read(tmp_path / "parts").test) == 6
    assert sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before


def test_a_test_part_labelled_minus_one_has_no_labels(tmp_path):
    """So GLUE's test sets are, saved as JSON Lines."""
    for split, label in (("train", lambda i: i % 2), ("validation", lambda i: i % 2), ("test", lambda i: -1)):
        rows = [{"sentence": f"{split} words {i} {i * 7}", "label": label(i)} for i in range(30)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = read_any(tmp_path, ReadOptions(duplicates="keep"))
    assert task.labels == ("0", "1")
    assert any("None of the 30 test rows" in note for note in task.notes)


@pytest.mark.parametrize("between", [",\n", "\n"])
def test_objects_one_behind_the_other(tmp_path, between):
    rows = [{"text": f"words {i} {i * 7}", "label": "ab"[i % 2]} for i in range(30)]
    (tmp_path / "t.jsonl").write_text(between.join(json.dumps(row, indent=2) for row in rows) + between)
    assert sum(read_any(tmp_path / "t.jsonl", ReadOptions(duplicates="keep")).n.values()) == 30


@pytest.mark.parametrize(("name", "do"), [("t.zip", "unpack it"), ("t.feather", "save it as"), ("t.txt", "call it")])
def test_tables_that_are_none_yet_are_told_what_to_do(tmp_path, name, do):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=do):
        read_any(tmp_path / name)


def test_few_examples_of_numbers_may_be_numbers_to_predict(tmp_path):
    (tmp_path / "t.csv").write_text("text,age\n" + "".join(f"words {i} {i * 7},{i + 20}\n" for i in range(20)))
    with pytest.raises(DataError, match="numbers to predict, pass --kind regression"):
        read_any(tmp_path / "t.csv", ReadOptions(label="age"))


def test_columns_of_yes_and_no_are_labels(tmp_path):
    rows = "".join(f"words {i} {i * 7},{'NY'[i % 2]},{'nny'[i % 3]}\n" for i in range(30))
    (tmp_path / "t.csv").write_text(f"text,urgent,billing\n{rows}")
    task = read_any(tmp_path / "t.csv", ReadOptions(label="urgent,billing", duplicates="keep"))
    assert (task.kind, task.labels) == ("multilabel", ("billing", "urgent"))


def test_rows_of_pixels_are_no_texts(tmp_path):
    rows = "".join(f"{i % 3},{' '.join(str(i * k % 255) for k in range(50))}\n" for i in range(30))
    (tmp_path / "t.csv").write_text(f"emotion,pixels\n{rows}")
    with pytest.raises(DataError, match="none named"):
        read_any(tmp_path / "t.csv", ReadOptions(label="emotion"))
