"""What a fit keeps of its choice, and what the eyes remember of a source."""

import time
from dataclasses import fields, replace

import pytest

import tiny_text
from drawn_eyes import Drawn, source, task
from headstart.errors import BudgetError
from headstart.extract.feature_store import FeatureStore
from headstart.plan.cost import Pace
from headstart.plan.journal import Journal
from headstart.plan.sources import rounds
from headstart.run import sources
from headstart.run.job import Job, Plan
from headstart.runtime import Clock
from headstart.types import View


def test_run_json_names_who_was_looked_at_and_who_was_not_and_why():
    eyes = Drawn({"slow": 3.0, "a": 2.0, "gone": 1.0}, each={"slow": 5.0}, broken={"gone": "no such wheel"})
    keys = ("slow", "a", "gone")
    found = rounds.Rounds(task(), [source(key) for key in keys], eyes, deadline=time.monotonic() + 60).run()
    kept = sources.as_json(found)
    assert kept["looked_at"] == kept["chosen"] == ["a"]
    left = {entry["source"]: entry for entry in kept["left_out"]}
    assert {key: entry["why"] for key, entry in left.items()} == {"slow": "time", "gone": "failed"}
    assert "looking at 64 texts would take about" in left["slow"]["reason"]
    assert left["gone"]["reason"] == "no such wheel"
    (row,) = [row for row in kept["sources"] if row["source"] == "slow"]
    assert row["left"] == "time"
    assert row["whole"] > 1000, "measured on the few that were looked at: 5 s each of 600"


def test_eyes_know_what_is_missing_let_networks_go_and_remember_how_quick_a_source_is(tmp_path, wordllama, monkeypatch):
    eyes = sources.Looking(FeatureStore({}, engine="torch", folder=tmp_path / "features"))
    examples = tiny_text.texts(12, 2)
    assert eyes.missing(wordllama, examples) == list(examples)
    first = eyes.look(wordllama, examples[:4])
    assert eyes.missing(wordllama, examples) == list(examples[4:])
    assert View(wordllama.key, "all") in eyes.store._extractors
    eyes.leave(wordllama)
    assert not eyes.store._extractors
    assert (eyes.look(wordllama, examples[:4]).x == first.x).all(), "the features stay"
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert eyes.kept(wordllama) is None
    eyes.keep(wordllama, Pace(start=2.0, each=0.5))
    assert eyes.kept(wordllama) == Pace(start=2.0, each=0.5)
    other = sources.Looking(FeatureStore({}, engine="openvino", folder=tmp_path / "features"))
    assert other.kept(wordllama) is None, "another engine has another pace"


def test_where_no_source_was_looked_through_in_time_the_lightest_stands_in(tmp_path, wordllama, monkeypatch):
    """The time for choosing has ended at once; the run's has not."""
    blank = {field.name: None for field in fields(Plan)}
    plan = Plan(**{**blank, "out": tmp_path, "budget": 60.0, "sources": (), "strategies": (), "seed": 0})
    store = FeatureStore({}, engine="torch", folder=tmp_path / "features")
    job = Job(plan, Clock(), lambda *_: None, task(), store, Journal(tmp_path / "journal.jsonl"))
    job.deadline = time.monotonic() + 60
    heavy = [replace(wordllama, key=key, macs=10**12, params=10**9) for key in ("a", "b")]
    monkeypatch.setattr(sources, "SHARE", 0.0)
    picked = sources.pick(job, [*heavy, wordllama], "request")
    assert list(picked.sources) == [wordllama.key]
    assert picked.ranking["chosen"] == [wordllama.key]
    assert {row["source"] for row in picked.ranking["left_out"]} == {"a", "b"}
    assert picked.warnings[0].startswith(
        "The time for choosing a source ended before one was looked through: wordllama"
    )
    job.deadline = time.monotonic()
    with pytest.raises(BudgetError, match="before any source was looked through"):
        sources.pick(job, [*heavy, wordllama], "request")
