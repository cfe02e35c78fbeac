"""Tables with several columns of texts: which is read is said, and one that tells nothing is not taken in silence."""

import json
import random

import pytest

from headstart.errors import DataError
from headstart.read import ReadOptions, read

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()


def noise(rng, n=8):
    return " ".join(rng.choice(WORDS) + rng.choice("abcdef") for _ in range(n))


def lines(folder, row, n=160):
    rng = random.Random(0)
    rows = [row(rng, i) for i in range(n)]
    (folder / "t.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    return folder / "t.jsonl"


def test_the_column_that_tells_is_asked_for(cases):
    path = cases / "two_texts" / "tickets.csv"
    with pytest.raises(
        DataError, match=r"from 'body', which tells nothing .* 'title' does .*'title' 100%.*--text title"
    ):
        read(path)
    assert not any("Texts are read" in note for note in read(path, ReadOptions(text="body")).notes)
    assert read(path, ReadOptions(text="title")).columns["text"] == "title"


def test_two_columns_that_tell_only_together_are_asked_for(cases):
    with pytest.raises(
        DataError, match=r"'question' and 'sentence' do .*'sentence' as by guessing.*--text question,sentence"
    ):
        read(cases / "two_texts" / "qnli.csv")
    task = read(cases / "two_texts" / "qnli.csv", ReadOptions(text="question,sentence"))
    assert all("? ␟ " in e.content for e in task.train)


def test_a_column_that_tells_more_is_a_note(tmp_path):
    def row(rng, i):
        weak = ("good", "poor")[(i + (rng.random() < 0.25)) % 2]
        return {
            "text": f"{noise(rng)} {weak}",
            "title": f"{noise(rng, 3)} {'fine bad'.split()[i % 2]}",
            "label": "ab"[i % 2],
        }

    [note] = read(lines(tmp_path, row)).notes
    assert "Texts are read from 'text'; 'title' would tell more of the label, see --text title" in note


def test_what_is_left_out_is_said_and_ids_and_categories_are_no_texts(tmp_path):
    def row(rng, i):
        label = "ab"[i % 2]
        return {
            "id": f"x{i}",
            "genre": "two words",
            "text": f"{noise(rng)} {label * 3}",
            "summary": noise(rng),
            "label": label,
        }

    assert read(lines(tmp_path, row)).notes == ("Texts are read from 'text'; 'summary' left out (see --text).",)
    assert read(lines(tmp_path, row, 40)).notes == ("Texts are read from 'text'; 'summary' left out (see --text).",)
    assert read(lines(tmp_path, lambda rng, i: {k: v for k, v in row(rng, i).items() if k != "summary"})).notes == ()


def test_numbers_and_several_labels_are_looked_at_too(tmp_path):
    def number(rng, i):
        return {"text": noise(rng), "title": noise(rng, 2) + " up" * (i % 5), "score": i % 5 + rng.random() / 10}

    with pytest.raises(DataError, match=r"'title' does .*part explained"):
        read(lines(tmp_path, number), ReadOptions(label="score"))

    def several(rng, i):
        tags = [tag for n, tag in enumerate(("joy", "fear", "rage")) if i >> n & 1]
        return {"text": noise(rng), "title": noise(rng, 2) + " " + " ".join(tags), "label": tags}

    with pytest.raises(DataError, match=r"'title' does .*part explained"):
        read(lines(tmp_path, several))


def test_labels_by_chance_raise_no_question(tmp_path):
    def row(rng, i):
        return {"text": noise(rng), "title": noise(rng), "label": rng.choice("ab")}

    assert "left out (see --text)" in read(lines(tmp_path, row)).notes[0]
