"""What a race looks at: nothing is begun that a few examples show would not end, or not fit."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import numpy as np
import pytest

import tiny_text
from headstart.extract.feature_store import FeatureStore
from headstart.plan.journal import Journal
from headstart.plan.remaining import Slow
from headstart.run import budget
from headstart.run import sources as _sources
from headstart.run.job import Job, Plan
from headstart.run.looks import Looks
from headstart.runtime import Clock
from headstart.types import Sealed, Task, View

TOP = View("tiny-text")


@pytest.fixture
def looks(tmp_path):
    """Of 120 drawn texts through the tiny language model."""
    drawn = tiny_text.texts(150, 2, 3)
    blank = {field.name: None for field in fields(Plan)}
    plan = Plan(**{**blank, "out": tmp_path, "asked": budget.AUTO})
    task = Task("drawn", ("a", "b"), tuple(drawn[:90]), tuple(drawn[90:120]), Sealed(()), modality="text")
    sources = {"tiny-text": tiny_text.source()}
    store = FeatureStore(sources, weights={"tiny-text": tiny_text.weights()}, folder=tmp_path / "features")
    job = Job(plan, Clock(), lambda *_: None, task, store, Journal(tmp_path / "journal.jsonl"))
    return Looks(job, sources)


def test_a_pass_that_would_not_end_in_time_is_not_begun_and_asked_once(looks):
    with pytest.raises(Slow, match=r"looking at \d+ texts through tiny-text would take about \d+ s more, and 0 s were"):
        looks.of(TOP, time.monotonic())
    seen = looks._job.store.computed
    assert 0 < seen < 110, "a few told"
    with pytest.raises(Slow, match="looking at"):
        looks.of(TOP, None)
    assert looks._job.store.computed == seen


def test_one_that_would_not_fit_into_memory_neither(looks, monkeypatch):
    monkeypatch.setattr(budget, "MEMORY", 1.0)
    with pytest.raises(Slow, match=r"keeping 120 texts as tiny-text sees them would take about 0\.0 GB of memory more"):
        looks.of(TOP)


def test_both_are_one_array_and_their_pace_is_known(looks):
    train, valid = looks.of(TOP, time.monotonic() + 600)
    assert (len(train.y), len(valid.y)) == (90, 30)
    assert looks.both(TOP).x is looks.both(TOP).x
    assert np.shares_memory(train.x, looks.both(TOP).x)
    assert np.shares_memory(valid.x, looks.both(TOP).x)
    assert looks.each["tiny-text"] > 0


def test_a_light_source_that_stands_in_is_all_that_is_left_and_is_said(looks):
    job, heavy = looks._job, replace(tiny_text.source(), key="heavy")
    left = [{"source": key, "why": "time", "reason": "slow"} for key in ("tiny-text", "other")]
    ranking = {"chosen": ["heavy"], "looked_at": ["heavy"], "left_out": left, "sources": []}
    picked = _sources.instead(job, _sources.Picked({"heavy": heavy}, {}, ranking, ("w",)), tiny_text.source())
    assert [*picked.sources] == [*picked.weights] == [*job.store.sources] == picked.ranking["chosen"] == ["tiny-text"]
    assert picked.warnings[0].startswith(
        "Looking at all texts through heavy would have taken longer than the budget: tiny"
    )
    assert picked.warnings[1:] == ("w",)
    assert picked.ranking["looked_at"] == ["heavy", "tiny-text"]
    assert [row["source"] for row in picked.ranking["left_out"]] == ["other"], "it is looked through after all"
    train, _ = Looks(job, picked.sources).of(TOP)
    assert len(train.y) == 90
