import json

import numpy as np
import pytest

from headstart.errors import DataError
from headstart.read import ReadOptions, read

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return [{"text": f"{' '.join(rng.choice(WORDS, 12))} {i % 2}", "label": "ab"[i % 2]} for i in range(40)]


@pytest.fixture
def loose():
    rng = np.random.default_rng(1)
    return [{"text": " ".join(rng.choice(WORDS, 12)), "label": None} for _ in range(25)]


def lines(path, rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def texts(task):
    return {e.content for e in task.unlabelled}


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_texts_without_a_label_are_kept_apart_and_the_splits_are_as_without_them(tmp_path, rows, loose, empty):
    plain = read(lines(tmp_path / "t.jsonl", rows))
    task = read(lines(tmp_path / "t.jsonl", rows + [r | {"label": empty} for r in loose]))
    assert texts(task) == {r["text"] for r in loose}
    assert {e.answer for e in task.unlabelled} == {None}
    assert (task.labels, task.train, task.valid) == (plain.labels, plain.train, plain.valid)
    assert task.n == plain.n
    assert task.set_aside == ()
    assert plain.unlabelled == ()
    assert next(w for w in task.warnings if w not in plain.warnings).startswith("25 texts have no label")


def test_data_with_other_unlabelled_texts_is_other_data(tmp_path, rows, loose):
    prints = [
        read(lines(tmp_path / "t.jsonl", some)).fingerprint for some in (rows, rows + loose, rows + loose[1:], rows)
    ]
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]


@pytest.mark.parametrize("split", ["test", "valid"])
def test_nothing_like_a_held_out_text_is_learnt_from(tmp_path, rows, loose, split):
    for i, row in enumerate(rows):
        row["split"] = ("train", "train", "valid", "test")[i // 2 % 4]
    held = next(r for r in rows if r["split"] == split)["text"]
    twin = held.upper() + "!"
    learnt = next(r for r in rows if r["split"] == "train")["text"]
    bad = [{"text": t, "label": ""} for t in (held, twin, learnt, "...", loose[0]["text"])]
    task = read(lines(tmp_path / "t.jsonl", rows + [r | {"split": "train"} for r in loose + bad]))
    assert texts(task) == {r["text"] for r in loose}
    assert {(s.path.rpartition(":")[2], s.reason) for s in task.set_aside} == {
        ("66", "duplicate"),
        ("67", "near_duplicate"),
        ("68", "duplicate"),
        ("69", "empty"),
        ("70", "duplicate"),
    }
    near = next(s for s in task.set_aside if s.reason == "near_duplicate")
    assert f"of the {split} split" in near.detail


def test_a_held_out_text_without_a_label_is_set_aside(tmp_path, rows, loose):
    (tmp_path / "d").mkdir()
    lines(tmp_path / "d" / "train.jsonl", rows[:30] + loose[:5])
    lines(tmp_path / "d" / "test.jsonl", rows[30:] + loose[5:8])
    task = read(tmp_path / "d")
    assert texts(task) == {r["text"] for r in loose[:5]}
    assert [s.reason for s in task.set_aside] == ["no_label"] * 3


def test_a_held_out_groups_texts_are_left_out(tmp_path, rows, loose):
    for i, row in enumerate(rows):
        row["author"] = f"a{i // 4}"
    for i, row in enumerate(loose):
        row["author"] = f"a{i % 10}"
    task = read(lines(tmp_path / "t.jsonl", rows + loose), ReadOptions(group="author"))
    held = {e.group for e in (*task.valid, *task.test.open())}
    assert held
    assert {e.group for e in task.unlabelled} == {f"a{i}" for i in range(10)} - held
    left = {r["text"] for r in loose if r["author"] not in held}
    assert texts(task) == left
    assert sum(s.reason == "held_out_group" for s in task.set_aside) == len(loose) - len(left)


def test_labels_alone_make_classes(tmp_path, loose):
    with pytest.raises(DataError, match="holds no texts"):
        read(lines(tmp_path / "t.jsonl", loose))
