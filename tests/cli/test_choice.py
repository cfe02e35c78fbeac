"""`headstart fit` chooses its sources by itself, from a catalogue of three; and Ctrl-C gives the best so far."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

import tiny_tail
from copied import copied, offered
from drawn import command, headstart, two_classes

HOW = ("--engine", "torch", "--seeds", "1", "--strategy", "probe,classical", "--json", "--quiet")


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> SimpleNamespace:
    """Three views of one network: the whole picture, its middle, and a coarse one."""
    folder, spec = tmp_path_factory.mktemp("choice"), tiny_tail.source("test_efficientnet").input
    records = {
        "whole": {"input": replace(spec, crop=1.0)},
        "middle": {"input": replace(spec, crop=0.4)},
        "coarse": {"input": replace(spec, size=32)},
    }
    made = copied(folder, records, alone=True)
    made.data = two_classes(folder / "photos", 24, wrong=4, side=40)
    made.out = folder / "run"
    with offered(made):
        made.fit = headstart("fit", made.data, "--out", made.out, *HOW)
        assert made.fit.returncode == 0, made.fit.stderr
        made.record = json.loads(made.fit.stdout)
        yield made


def decisions(out) -> list[dict]:
    lines = map(json.loads, (out / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == "source"]


def test_two_of_three_are_chosen_and_each_has_its_reason(desk):
    ranking, trials = desk.record["ranking"], desk.record["trials"]
    rows = {row["source"]: row for row in ranking["sources"]}
    assert rows.keys() == {"whole", "middle", "coarse"}
    assert len(ranking["chosen"]) == 2
    assert {t["source"] for t in trials if t["reuses"]} == set(ranking["chosen"])
    assert all(row["reason"] for row in rows.values())
    (left,) = rows.keys() - set(ranking["chosen"])
    assert "standard errors behind" in rows[left]["reason"] or rows[left]["status"] == "alarmed"
    assert all(rows[key]["random"] is not None for key in ranking["chosen"]), "the alarm was asked"
    n = desk.record["task"]["n"]
    assert {row["n"] for row in rows.values()} == {n["train"] + n["valid"]}


def test_the_journal_and_the_pages_tell_it(desk):
    assert {line["source"] for line in decisions(desk.out)} == {"whole", "middle", "coarse"}
    page = (desk.out / "report.html").read_text()
    assert "How each source looked before training" in page
    assert desk.record["ranking"]["sources"][-1]["source"] in page
    said = headstart("fit", desk.data, "--out", desk.out, *HOW[:-2], "--quiet").stdout
    assert f"sources: {' and '.join(desk.record['ranking']['chosen'])}, chosen of 3" in said


def test_a_killed_run_does_not_choose_again(desk, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(desk.out, out)
    (out / "run.json").unlink()
    before = decisions(out)
    again = headstart("fit", desk.data, "--out", out, *HOW)
    assert again.returncode == 0, again.stderr
    assert decisions(out) == before
    assert json.loads(again.stdout)["ranking"] == desk.record["ranking"]
    (out / "run.json").unlink()
    other = headstart("fit", desk.data, "--out", out, "--seed", 1, *HOW)
    assert other.returncode == 0, other.stderr
    assert len(decisions(out)) > len(before), "asked something else, it chooses anew"


def test_ctrl_c_gives_the_best_so_far(desk, tmp_path):
    """Who waits after a press at which step, and that the same command then goes on: `tests/run/test_interrupt.py`."""
    out = tmp_path / "run"
    arguments = ("fit", desk.data, "--out", out, *HOW, "--source", "whole", "--strategy", "probe,finetune")
    work = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=desk.env,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    while not list(out.glob("trials/scratch-*/loop-*")) and work.poll() is None:  # a long rival is under way
        time.sleep(0.01)
    assert work.poll() is None, work.communicate()[1]
    work.send_signal(signal.SIGINT)
    said, error = work.communicate(timeout=600)
    assert work.returncode == 0, error
    first = json.loads(said)
    waiting = {t["id"] for t in first["trials"] if t["status"] == "waiting"}
    assert waiting <= {"scratch", "finetune-whole"}
    assert {t["id"] for t in first["trials"] if t["status"] == "finished"} >= {"probe-whole", "classical", "constant"}
    assert all(t["reason"] == "interrupted before it was done" for t in first["trials"] if t["id"] in waiting)
    assert first["verdict"]["decision"] in ("helps", "no_evidence", "hurts")
    assert any("took no part" in warning for warning in first["warnings"]) is ("scratch" in waiting)
    assert "finishing the final models, about " in error


PRESSED = """
import json, os, signal, sys
import headstart
signal.signal(signal.SIGINT, signal.default_int_handler)
seen = []
def watch(what, done, of):
    if what.startswith("choosing a source: "):
        seen.append(what)
        if len(set(seen)) == 2 and seen.count(what) == 1:
            os.kill(os.getpid(), signal.SIGINT)
run = headstart.fit(sys.argv[1], out=sys.argv[2], engine="torch", seeds=1, strategy="probe,classical", watch=watch)
print(json.dumps(run.record))
"""


def test_ctrl_c_while_sources_are_chosen_goes_on_with_the_best_and_names_those_left_out(desk, tmp_path):
    made = [sys.executable, "-c", PRESSED, desk.data, tmp_path / "run"]
    done = subprocess.run(made, capture_output=True, text=True, env=desk.env, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert "going on with the best source so far, to what can be shown soonest; press Ctrl-C again" in done.stderr
    left = {row["source"] for row in record["ranking"]["sources"] if row["value"] is None}
    assert left
    assert record["ranking"]["stopped"] == "interrupted"
    (warning,) = [w for w in record["foremost"] if "Choosing a source was interrupted" in w]
    assert all(key in warning for key in left)
