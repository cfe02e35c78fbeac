"""Who takes part in the race: a budget that ends in the middle, and long candidates that are not worth their time."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace

import pytest
from tiny_source import toml

import headstart
import own_source
import tiny_tail
from drawn import two_classes
from headstart.errors import BudgetError
from headstart.plan.length import LEAST
from headstart.read import read
from headstart.run.race import NO_TIME, OVER
from headstart.run.worth import MANY
from headstart.runtime import Clock
from headstart.types import View

LONG = ("scratch", "finetune-tiny")


def slowly(monkeypatch, seconds: float):
    """What a fit is watched with, so that by the clock each step of the network from scratch takes so long, and all
    else no time.
    """
    clock = [time.monotonic(), 0]

    def watch(what, done, of):
        if what.startswith("scratch"):
            clock[:] = clock[0] + seconds * (done - clock[1] if done > clock[1] else done), done

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return watch


def test_who_had_no_turn_waits_and_a_larger_budget_goes_on(tmp_path, monkeypatch):
    """The clock leaps as soon as the network from scratch is at its second setting: that is after all cheap candidates.

    One label in six is wrong, so that fine-tuning has something to gain.
    """
    how = {"source": "tiny", "engine": "torch", "seeds": 1, "strategy": "probe,finetune"}
    now, out = time.monotonic, tmp_path / "run"

    def watch(what, done, of):
        if what.startswith("scratch: setting 2"):
            monkeypatch.setattr(time, "monotonic", lambda: now() + 10_000)

    with own_source.offered(tmp_path):
        data = two_classes(tmp_path / "photos", 24, side=40)  # so small: a small network from scratch
        first = headstart.fit(data, out=out, budget=1800, watch=watch, **how).record
        monkeypatch.setattr(time, "monotonic", now)
        trials = {t["id"]: t for t in first["trials"]}
        assert {t["id"] for t in first["trials"] if t["status"] == "waiting"} == set(LONG)
        done = {t["id"] for t in first["trials"] if t["status"] == "finished"}
        assert done == {"probe-tiny", "classical", "constant"}
        assert all(trials[id_]["reason"].startswith((OVER, NO_TIME)) for id_ in LONG)
        assert all(trials[id_]["log_loss"] is trials[id_]["accuracy"] is None for id_ in LONG)
        assert trials["scratch"]["seconds"] > 0, "it had its turn, if no time to end"
        (warning,) = [w for w in first["warnings"] if "took no part" in w]
        assert warning.startswith(f"The rival 'scratch' took no part ({trials['scratch']['reason']})")
        assert trials["scratch"]["reason"] == f"{OVER}; --budget 31m would be enough"
        assert "31m" in first["sentence"]
        assert first["winner"]["strategy"] in ("probe", "classical")
        kept = {path: path.stat().st_mtime_ns for path in out.glob("trials/*/model.json")}
        assert {path.parent.name.rpartition("-")[0] for path in kept} >= {"probe-tiny", "classical"}

        slow = slowly(monkeypatch, 1.0)  # so slow that it is not trained for folds as well
        second = headstart.fit(data, out=out, budget=3600, watch=slow, **how).record
        assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished work was not done again"
        statuses = {t["id"]: t["status"] for t in second["trials"]}
        assert list(statuses) == list(trials)
        assert statuses["scratch"] == "finished"
        assert set(statuses.values()) <= {"finished", "dropped"}
        assert not any("took no part" in w for w in second["warnings"])
        for id_ in ("probe-tiny", "classical"):
            (now,) = [t for t in second["trials"] if t["id"] == id_]
            assert (now["log_loss"], now["config"]) == (trials[id_]["log_loss"], trials[id_]["config"])
        opened = [line for line in map(json.loads, (out / "journal.jsonl").read_text().splitlines()) if "rival" in line]
        who = {
            (line["transfer"], line["rival"], line["winner"])
            for line in opened
            if "sealed test split opened" in line.values()
        }
        assert second["verdict"]["test_reads"] == len(who)
        assert headstart.fit(data, out=out, budget=3600, **how).record == second, "now it is finished"


def test_a_rival_that_the_budget_cuts_short_is_heard_and_told_first_and_more_time_trains_it_whole(
    tmp_path, monkeypatch
):
    """A training takes 600 s of the clock, its search 840."""
    slow = slowly(monkeypatch, 2.0)
    how = {"source": "tiny", "engine": "torch", "seeds": 1, "strategy": "probe"}
    with own_source.offered(tmp_path):
        data = two_classes(tmp_path / "photos", 24, side=40)
        short = headstart.fit(data, out=tmp_path / "run", budget=600, watch=slow, **how).record
        whole = headstart.fit(data, out=tmp_path / "run", budget=3000, watch=slow, **how).record
    cut, full = (next(t for t in run["trials"] if t["id"] == "scratch") for run in (short, whole))
    assert LEAST <= cut["part"] < 1 == full["part"]
    assert cut["status"] == full["status"] == "finished"
    assert cut["curve"][-1]["step"] <= round(300 * cut["part"]) < 300, "it may stop early, as ever"
    said = f"{100 * cut['part']:.0f} % of its usual"
    assert short["verdict"]["complete"]
    assert short["sentence"].startswith(
        f"A network from scratch had time for {said} training, which may flatter reuse. "
    )
    assert short["foremost"][0].startswith(f"The rival 'scratch' had {said} steps, all that the budget left")
    assert "usual" not in whole["sentence"] + " ".join(whole["warnings"])


def test_a_budget_for_no_candidate_at_all(tmp_path):
    with own_source.offered(tmp_path):
        data = two_classes(tmp_path / "photos", 6)
        with pytest.raises(
            BudgetError,
            match=r"The budget of 0\.001 s ended before any transfer candidate was done.* finished work is kept",
        ):
            headstart.fit(data, out=tmp_path / "run", source="tiny", engine="torch", budget=0.001)


def raced(folder, n: int, wrong: int) -> tuple[dict, dict]:
    """The record of a race of probe, fine-tuning and HOG on `n` pictures a class, and its trials by id."""
    with own_source.offered(folder):
        data = two_classes(folder / "photos", n, wrong=wrong)
        how = {"source": "tiny", "engine": "torch", "strategy": "probe,finetune,classical", "budget": "none"}
        record = headstart.fit(data, out=folder / "run", **how).record
    return record, {t["id"]: t for t in record["trials"]}


def test_nothing_long_is_tried_where_hardly_anything_is_left_to_gain(tmp_path):
    """All labels are right and the probe hardly errs: the long candidates are not even looked at."""
    _, trials = raced(tmp_path, 136, wrong=1000)
    n = trials["probe-tiny"]["compared_on"]
    wrong = round(n * (1 - trials["probe-tiny"]["accuracy"]))
    assert wrong <= n / MANY, "else this test says nothing"
    assert (trials["finetune-tiny"]["status"], trials["finetune-tiny"]["tried"]) == ("dropped", 0)
    assert trials["finetune-tiny"]["reason"] == (
        f"probe-tiny errs on {wrong} of {n} held-out pictures: no gain could be shown there"
    )
    looked = (tmp_path / "run" / "journal.jsonl").read_text()
    assert '"cut:' not in looked


def test_where_the_cheap_ones_err_long_ones_are_tried(tmp_path):
    """And what serves the verdict alone, two more training seeds and the rival, is not counted as the model's cost."""
    record, trials = raced(tmp_path, 12, wrong=6)
    assert record["task"]["n"]["valid"] < MANY
    assert trials["probe-tiny"]["folds"] == 5
    assert trials["probe-tiny"]["compared_on"] == record["task"]["n"]["train"] + record["task"]["n"]["valid"]
    assert (trials["finetune-tiny"]["status"], trials["finetune-tiny"]["tried"]) == ("finished", 1)
    for id_ in ("finetune-tiny", "classical", "constant"):
        assert trials[id_]["compared_on"] == trials["probe-tiny"]["compared_on"], "of so few all stand on the same"
    spent = record["spend_cpu"]
    assert 0 < spent["adapted"] < spent["total"]


def test_long_candidates_run_on_the_source_that_serves_the_cheap_ones_best(tmp_path):
    """Its twin sees the middle of each picture alone."""
    with own_source.offered(tmp_path) as source:
        twin = replace(source, key="twin", input=replace(source.input, crop=0.5))
        (tmp_path / "records" / "twin.toml").write_text(toml(twin))
        data = two_classes(tmp_path / "photos", 24, side=40)
        how = {"source": "tiny,twin", "engine": "torch", "seeds": 1, "strategy": "probe,finetune,classical"}
        record = headstart.fit(data, out=tmp_path / "run", **how).record
    trials = {t["id"]: t for t in record["trials"]}
    assert list(trials) == ["probe-tiny", "probe-twin", "classical", "constant", "finetune-tiny", "finetune-twin"]
    reason = "long training on the best source alone, which is {0} (probe-{0} leads)"
    (away,) = [t["source"] for t in record["trials"] if t["reason"].startswith("long training")]
    here = ({"tiny", "twin"} - {away}).pop()
    assert trials[f"finetune-{away}"]["reason"] == reason.format(here)
    assert trials[f"finetune-{away}"]["status"] == "dropped"
    assert trials[f"finetune-{here}"]["status"] == "finished" or "short runs" in trials[f"finetune-{here}"]["reason"]
    looked = [line for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines() if "cut:3" in line]
    assert looked
    assert all(f'"source": "{here}"' in line for line in looked)


@pytest.mark.parametrize("depth", ["input", "cut:3"])
def test_a_candidates_state_is_not_found_by_another_record_of_the_same_key(tmp_path, depth):
    """Of pictures as they are the features' key says nothing of the source: its identity must."""
    from headstart.run.job import Job, Plan
    from headstart.run.race import Race

    blank = {field.name: None for field in fields(Plan)}
    plan = Plan(**{**blank, "out": tmp_path / "run", "seed": 0, "strategies": ()})
    task = read(str(two_classes(tmp_path / "photos", 6)), seed=0)
    job = Job(plan, Clock(), None, task, None, None)
    source, view = tiny_tail.source(), View("tiny", depth)
    changes = (
        {},
        {"notes": "read again"},
        {"sha256": "0" * 64},
        {"input": replace(source.input, mean=(0.1, 0.1, 0.1))},
    )
    found = [Race(job, {"tiny": replace(source, **c)}, {}).folder("layers-input", "k", view) for c in changes]
    assert found[0] == found[1], "what a record only tells changes nothing"
    assert len(set(found)) == 3
    plain = [Race(job, {"tiny": replace(source, **c)}, {}).folder("scratch", "k", View(None, size=64)) for c in changes]
    assert len(set(plain)) == 1, "a rival that looks at plain pictures is the same beside any source"
