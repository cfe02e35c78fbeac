"""Whole runs judged on other data: of a tiny language model's source, and of pictures."""

import json
import shutil
from types import SimpleNamespace

import pytest
import tiny_models

import headstart
import own_source
import tiny_text
from drawn import two_classes
from headstart.errors import DataError, UsageError


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Two runs on other texts of the same classes, one on few of them, and one on pictures."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):  # sets a cache of its own
        how = {"source": str(tiny_models.saved("bert", folder)), "strategy": "prototype,classical", "seeds": 1}
        data = tiny_text.table(folder / "many.jsonl", 160, 1)
        runs = {
            "many": headstart.fit(data, out=folder / "runs" / "many", **how),
            "few": headstart.fit(tiny_text.table(folder / "few.jsonl", 24, 2), out=folder / "runs" / "few", **how),
            "other": headstart.fit(
                tiny_text.table(folder / "xy.jsonl", 24, 3, "xy"), out=folder / "runs" / "other", **how
            ),
        }
        photos = two_classes(folder / "photos", 12, side=40)
        how = {"source": "tiny", "strategy": "prototype,classical", "seeds": 1, "engine": "torch"}
        runs["photos"] = headstart.fit(photos, out=folder / "runs" / "photos", **how)
        yield SimpleNamespace(folder=folder, data=data, more=tiny_text.table(folder / "more.jsonl", 200, 9), **runs)


def test_a_run_is_judged_as_its_own_predictions_say(desk):
    found = desk.many.evaluate(desk.more)
    said = [row.label for row in desk.many.predict([desk.more])]
    rows = [json.loads(line) for line in desk.more.read_text().splitlines()]
    truth = {row["text"]: row["label"] for row in rows}
    predicted = dict(zip((row["text"] for row in rows), said, strict=True))
    columns = found.predictions()
    assert columns["label"] == [truth[text] for text in columns["text"]]
    assert columns["predicted"] == [predicted[text] for text in columns["text"]]
    right = sum(a == b for a, b in zip(columns["label"], columns["predicted"], strict=True))
    assert found.run.value == pytest.approx(right / found.n)
    assert found.n + len(found.set_aside) == 200
    verdict = desk.many.verdict
    assert found.metric == verdict.metric
    assert verdict.floor.strategy == "constant"
    assert {c.rival.strategy for c in verdict.against} == {"classical", "constant"}
    assert verdict.rival in [c.rival for c in verdict.against]


def test_two_runs_are_compared_and_more_labels_are_shown_to_be_better(desk):
    found = headstart.evaluate(desk.many.path, desk.more, against=desk.few.path)
    assert found.run.value == desk.many.evaluate(desk.more).run.value
    assert found.against.value == desk.few.evaluate(desk.more).run.value
    assert found.comparison.difference == pytest.approx(found.run.value - found.against.value)
    assert found.comparison.margin == desk.many.verdict.margin
    assert found.sentence == headstart.evaluate(desk.many, desk.more, against=desk.few).sentence


def test_what_either_run_has_learnt_from_is_not_judged(desk):
    task, few = desk.many.record["task"], desk.few.record["task"]
    found = desk.many.evaluate(desk.data)
    assert found.n == task["n"]["test"]
    assert found.run.value == pytest.approx(desk.many.record["metrics"]["accuracy"])
    assert sum(s.reason == "learnt" for s in found.set_aside) == task["n"]["train"] + task["n"]["valid"]
    both = desk.many.evaluate(desk.folder / "few.jsonl", against=desk.few)
    assert both.n == few["n"]["test"]


def test_a_run_that_cannot_tell_what_it_has_learnt_from_says_so(desk, tmp_path):
    bare = shutil.copytree(desk.many.path, tmp_path / "bare")
    (bare / "seen.safetensors").unlink()
    found = headstart.evaluate(bare, desk.data)
    assert found.n == sum(desk.many.record["task"]["n"].values())
    assert any(f"{bare} cannot tell which texts it has learnt from" in c for c in found.caveats)
    (bare / "seen.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"seen\.safetensors is damaged"):
        headstart.evaluate(bare, desk.data)


def test_pictures_are_judged_too(desk):
    other = two_classes(desk.folder / "others", 8, seed=5, side=40)
    found = desk.photos.evaluate(other)
    assert (found.n, found.modality) == (16, "image")
    assert found.predictions()["image"][0].startswith(str(other))
    assert desk.photos.evaluate(desk.folder / "photos").n == desk.photos.record["task"]["n"]["test"]


def test_runs_that_answer_another_question_are_not_compared(desk):
    with pytest.raises(
        UsageError, match="must know the same classes to be compared; only one of them knows 'a', 'b', 'x'"
    ):
        desk.many.evaluate(desk.more, against=desk.other)
    with pytest.raises(UsageError, match=r"does classification of texts, .*photos classification of pictures"):
        desk.many.evaluate(desk.more, against=desk.photos)
