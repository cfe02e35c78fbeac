"""`--log`: what TensorBoard's own reader finds in the files; nothing without it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import headstart
import tiny_text
from headstart.errors import UsageError
from headstart.plan import search
from headstart.run.log import Log, logged
from headstart.strategy import strategy
from headstart.types import View

VIEW = View("tiny-text", "input")


def read(folder: Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def train(name: str) -> list[dict[str, float]]:
    """A training of a few steps, as a fit does it; returns its curve."""
    seen = tiny_text.drawn(VIEW, 24, 2, 0)
    way = strategy("contrastive")
    candidate = search.Candidate(name, "contrastive", True, VIEW, long=True)
    return search.trained(candidate, way.config(steps=4), tiny_text.context(seen, 2, VIEW), ("a", "b"))[2]


def test_losses_by_step_of_each_training(tmp_path):
    with logged(str(tmp_path / "log")):
        curve = train("contrastive: setting 1 of 2")
    train("unheard")
    found = read(tmp_path / "log" / "contrastive" / "setting 1 of 2").Scalars("loss")
    assert [(one.step, one.value) for one in found] == [(p["step"], pytest.approx(p["loss"])) for p in curve]
    assert {path.name for path in (tmp_path / "log").iterdir()} == {"contrastive"}


def test_the_verdict_and_how_candidates_ended(tmp_path):
    trials = [
        {"id": "probe-x", "status": "finished", "reason": "won|", "accuracy": 0.75, "log_loss": 0.5, "scores": {}},
        {
            "id": "numbers",
            "status": "finished",
            "reason": "",
            "accuracy": None,
            "log_loss": None,
            "scores": {"mae": 2.0},
        },
        {"id": "scratch", "status": "waiting", "reason": "no time", "accuracy": 0.0, "log_loss": 0.0, "scores": {}},
    ]
    log = Log(tmp_path)
    record = {"trials": trials, "metrics": {"accuracy": 0.875, "per_class": []}}
    log.finished(SimpleNamespace(record=record, sentence="Reuse helps: 87.5 %."))
    log.close()
    whole = read(tmp_path)
    assert b"Reuse helps: 87.5 %." in whole.Tensors("verdict/text_summary")[0].tensor_proto.string_val[0]
    assert whole.Scalars("sealed test/accuracy")[0].value == 0.875
    assert read(tmp_path / "probe-x").Scalars("candidate/log_loss")[0].value == 0.5
    assert read(tmp_path / "numbers").Tags()["scalars"] == ["candidate/mae"]
    assert not (tmp_path / "scratch").exists()


def test_a_whole_fit(wordllama, tmp_path):
    amounts = [at % 10 + 0.5 for at in range(80)]  # numbers: no network from scratch takes part
    rows = [
        {"text": f"{at} " + "river " * int(amount) + "engine", "score": amount} for at, amount in enumerate(amounts)
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    how = {"source": "wordllama", "strategy": "probe", "kind": "regression"}
    run = headstart.fit(tmp_path / "texts.jsonl", out=tmp_path / "run", log=tmp_path / "log", **how)
    told = read(tmp_path / "log").Tensors("verdict/text_summary")[0].tensor_proto.string_val[0].decode()
    assert told == run.sentence
    for trial in json.loads((tmp_path / "run" / "run.json").read_text())["trials"]:
        if trial["status"] == "finished":
            ((name, value),) = [(n, v) for n, v in trial["scores"].items() if n == "mae"]
            written = read(tmp_path / "log" / trial["id"]).Scalars(f"candidate/{name}")[0].value
            assert written == pytest.approx(value, rel=1e-5)


def test_what_it_refuses(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file; a log needs a folder"):
        Log(tmp_path / "file")
    monkeypatch.setattr("headstart.family.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs the package 'tensorboard'.*headstart\[log\]"):
        Log(tmp_path / "log")
