import json
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import DataError, UsageError
from headstart.read import ReadOptions, modality, read
from headstart.read._record import Record
from headstart.read.table.table import open_table
from headstart.read.text import content
from headstart.read.words.shingles import near_pairs, shingles

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()
RNG = np.random.default_rng(0)


def sentence(n=12):
    return " ".join(RNG.choice(WORDS, n))


@pytest.fixture
def rows():
    return [{"text": f"{sentence()} {i % 2}", "label": "ab"[i % 2]} for i in range(40)]


def table(path, rows, encoding="utf-8"):
    text = "text,label\n" + "".join(f'"{r["text"]}",{r["label"]}\n' for r in rows)
    path.write_bytes(text.encode(encoding))
    return path


def lines(path, rows):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path


def every(task):
    return [*task.train, *task.valid, *task.test.open()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_told_apart(tmp_path, rows, encoding):
    rows[0]["text"] = "café – déjà vu " + rows[0]["text"]
    task = read(table(tmp_path / "t.csv", rows, encoding))
    assert task.modality == "text"
    assert rows[0]["text"] in {e.content for e in every(task)}
    assert any("read as cp1252" in note for note in task.notes) == (encoding == "cp1252")


def test_each_example_says_where_it_stands(tmp_path, rows):
    task = read(lines(tmp_path / "t.jsonl", rows))
    where = {e.content: e.path for e in every(task)}
    assert where[rows[4]["text"]] == str(tmp_path / "t.jsonl:5")


def test_empty_doubled_and_contradicting_texts_are_set_aside_and_named(tmp_path, rows):
    rows += [{"text": "  ", "label": "a"}, {"text": "...", "label": "a"}, {"text": None, "label": "a"}]
    rows += [dict(rows[0]), {"text": rows[1]["text"], "label": "a"}]
    task = read(lines(tmp_path / "t.jsonl", rows))
    reasons = sorted(s.reason for s in task.set_aside)
    assert reasons == ["duplicate", "empty", "empty", "no_text", "two_labels", "two_labels"]
    assert sum(task.n.values()) == 39  # 40 less the one that is contradicted


def test_near_duplicates_stay_on_one_side_and_leave_train_where_splits_are_given(tmp_path, rows):
    twin = rows[0]["text"] + "!"
    drawn = read(lines(tmp_path / "t.jsonl", [*rows, {"text": twin, "label": rows[0]["label"]}]))
    groups = [e.group for e in every(drawn) if e.content in (twin, rows[0]["text"])]
    assert groups[0] == groups[1] is not None
    (tmp_path / "given").mkdir()
    lines(tmp_path / "given" / "train.jsonl", [*rows[2:], {"text": twin, "label": rows[0]["label"]}])
    lines(tmp_path / "given" / "test.jsonl", rows[:2])
    given = read(tmp_path / "given")
    assert [s.reason for s in given.set_aside] == ["near_duplicate"]
    assert len(given.test) == 2


def test_a_folder_of_tables_named_as_splits_is_one_data_set(tmp_path, rows):
    lines(tmp_path / "train.jsonl", rows[:20])
    lines(tmp_path / "val.jsonl", rows[20:30])
    table(tmp_path / "test-00000-of-00001.csv", rows[30:])
    lines(tmp_path / "other.jsonl", rows[:1])
    (tmp_path / "README.md").write_text("words")
    task = read(tmp_path)
    assert task.n == {"train": 20, "valid": 10, "test": 10}
    assert any("other.jsonl" in w for w in task.warnings)


def test_a_folder_with_one_table_is_that_table_and_of_several_one_must_be_named(tmp_path, rows):
    (tmp_path / "SOURCE.md").write_text("words")
    lines(tmp_path / "data.jsonl", rows)
    task = read(tmp_path)
    assert (task.name, sum(task.n.values()), task.labels) == (tmp_path.name, 40, ("a", "b"))
    lines(tmp_path / "kitchen.jsonl", rows)
    with pytest.raises(DataError, match=r"holds 2 tables \(data.jsonl, kitchen.jsonl\).* Give one of them"):
        read(tmp_path)


def test_a_table_beside_class_folders_is_not_taken_for_the_data(tmp_path, rows):
    lines(tmp_path / "notes.jsonl", rows)
    for i, row in enumerate(rows):
        place = tmp_path / row["label"]
        place.mkdir(exist_ok=True)
        (place / f"{i}.txt").write_text(row["text"])
    assert {Path(e.path).suffix for e in every(read(tmp_path))} == {".txt"}


def test_a_folder_of_text_files(tmp_path, rows):
    for i, row in enumerate(rows):
        place = tmp_path / row["label"]
        place.mkdir(exist_ok=True)
        (place / f"{i}.txt").write_text(row["text"])
    (tmp_path / "a" / "README.txt").write_text("About this data.")
    task = read(tmp_path)
    assert (task.modality, sum(task.n.values()), task.labels) == ("text", 40, ("a", "b"))


def test_a_saved_data_set(tmp_path, rows):
    import datasets

    parts = {"train": datasets.Dataset.from_list(rows[:30]), "test": datasets.Dataset.from_list(rows[30:])}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    task = read(tmp_path / "saved")
    assert task.modality == "text"
    assert len(task.test) == 10


def test_columns_of_other_names(tmp_path, rows):
    odd = [{"Bemerkung": r["text"], "Art": r["label"], "image": "x.png"} for r in rows]
    path = lines(tmp_path / "t.jsonl", odd)
    assert modality(path, open_table(path)) == "image"
    task = read(path, ReadOptions(text="Bemerkung", label="Art"))
    assert (task.modality, task.labels) == ("text", ("a", "b"))
    with pytest.raises(DataError, match=r"none named Kommentar"):
        read(path, ReadOptions(text="Kommentar", label="Art"))


def test_a_group_stays_whole(tmp_path, rows):
    for i, row in enumerate(rows):
        row["author"] = f"a{i // 4}"
    task = read(lines(tmp_path / "t.jsonl", rows), ReadOptions(group="author"))
    sides = {}
    for name, part in (("train", task.train), ("valid", task.valid), ("test", task.test.open())):
        for e in part:
            sides.setdefault(e.group, set()).add(name)
    assert all(len(s) == 1 for s in sides.values())
    with pytest.raises(UsageError, match="no column 'writer'"):
        read(tmp_path / "t.jsonl", ReadOptions(group="writer"))


def test_one_class_is_told_in_words_of_texts(tmp_path, rows):
    with pytest.raises(DataError, match=r"holds one class \('a'\).*text and label columns"):
        read(lines(tmp_path / "t.jsonl", [r | {"label": "a"} for r in rows]))


def test_a_list_of_texts_in_a_cell_is_told(tmp_path, rows):
    with pytest.raises(DataError, match="holds list values"):
        read(lines(tmp_path / "t.jsonl", [r | {"text": [r["text"]]} for r in rows]))


def test_a_cell_may_hold_a_book(tmp_path, rows):
    rows[0]["text"] = sentence(40_000)
    task = read(table(tmp_path / "t.csv", rows))
    assert max(len(e.content) for e in every(task)) > 131_072  # csv's own limit


def test_near_pairs_are_those_of_exact_jaccard():
    texts = [sentence(20) for _ in range(60)]
    texts += [t.replace(t.split()[3], "zebra", 1) for t in texts[:20]] + [t.upper() + " 17" for t in texts[20:40]]
    sets = [set(shingles(t).tolist()) for t in texts]
    exact = {
        (i, j)
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if len(sets[i] & sets[j]) >= 0.8 * len(sets[i] | sets[j])
    }
    assert len(exact) >= 25
    assert {tuple(p) for p in near_pairs(texts).tolist()} == exact


def test_digits_do_not_tell_texts_apart():
    assert near_pairs(["Your code is 4711, call 0800 123", "Your code is 99, call 0900 77777"]).tolist() == [[0, 1]]


def test_half_a_pair_of_a_text_cut_short_is_replaced():
    text, why = content(Record(Path("t"), "", content="good \ud83d"))
    assert why is None
    assert text == "good �"


def test_whole_numbers_that_datasets_made_classes_stand_by_value(tmp_path):
    """`class_encode_column` itself sorts them as texts: 1, 10, 2."""
    import datasets

    columns = {"text": [f"text number {i} of many" for i in range(60)], "label": [(2, 10, 1)[i % 3] for i in range(60)]}
    made = datasets.Dataset.from_dict(columns).class_encode_column("label")
    assert made.features["label"].names == ["1", "10", "2"]
    made.save_to_disk(str(tmp_path / "saved"))
    task = read(tmp_path / "saved")
    assert task.labels == ("1", "2", "10")
    given = {(text, label) for text, label in zip(columns["text"], columns["label"], strict=True)}
    assert {(e.content, int(task.labels[e.answer])) for e in task.train} <= given
    assert set(task.labels) == {task.labels[e.answer] for e in task.train}


def test_texts_stored_as_bytes(tmp_path):
    import pyarrow
    import pyarrow.parquet as parquet

    texts = [f"größere Worte {i} {i * 7}".encode() for i in range(30)]
    table = pyarrow.table({"text": pyarrow.array(texts, pyarrow.binary()), "label": ["ab"[i % 2] for i in range(30)]})
    parquet.write_table(table, tmp_path / "t.parquet")
    task = read(tmp_path / "t.parquet", ReadOptions(duplicates="keep"))
    assert {(e.content or "").split()[0] for e in task.train} == {"größere"}
