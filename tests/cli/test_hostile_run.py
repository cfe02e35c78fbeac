"""Fit and predict on a folder of hostile files: both finish, name every bad file and keep the rest."""

import csv
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawn import SMALL, headstart
from hostile import make


@pytest.fixture(scope="module")
def run(weights, tmp_path_factory) -> SimpleNamespace:
    desk = tmp_path_factory.mktemp("desk")
    good, bad = make(desk / "my photos ñ")
    # `prototype,classical`: what is tested here is the files, so the dear candidates may stay away
    fit = headstart(
        *("fit", "my photos ñ", *SMALL, "--out", "run", "--strategy", "prototype,classical", "--json", "--quiet"),
        cwd=desk,
    )
    assert fit.returncode == 0, fit.stderr
    return SimpleNamespace(desk=desk, data=desk / "my photos ñ", good=good, bad=bad, record=json.loads(fit.stdout))


def test_fit_names_every_bad_file_and_keeps_the_rest(run):
    aside = {s["path"].removeprefix(f"{run.data}/"): s["reason"] for s in run.record["task"]["set_aside"]}
    assert aside == run.bad
    assert sum(run.record["task"]["n"].values()) == len(run.good)


def test_predict_has_a_row_for_every_file(run):
    done = headstart("predict", "run", "my photos ñ", "--json", cwd=run.desk)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = {r["input"].removeprefix("my photos ñ/"): r for r in map(json.loads, done.stdout.splitlines())}
    assert {name for name, r in rows.items() if r["error"] is None} == run.good
    assert {name for name, r in rows.items() if r["error"] is not None} == set(run.bad)
    assert all(r["label"] is None and r["probability"] is None for r in rows.values() if r["error"])
    for name in run.good:
        assert sum(rows[name]["probabilities"].values()) == pytest.approx(1)


def test_csv_holds_the_same_columns(run):
    done = headstart("predict", "run", "my photos ñ", "nowhere.jpg", "--csv", "out.csv", cwd=run.desk)
    assert done.returncode == 0
    assert done.stdout == ""
    rows = list(csv.DictReader((run.desk / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(run.good) + len(run.bad) + 1
    assert rows[-1]["error"] == "There is no such file."
    assert f"{len(run.bad) + 1} could not be read" in done.stderr
    assert list(rows[0]) == [
        "input",
        "label",
        "probability",
        *(f"p({c})" for c in run.record["task"]["labels"]),
        "error",
    ]


def test_paths_may_come_on_standard_input(run):
    names = sorted(run.good)[:3]
    stdin = "".join(f"my photos ñ/{name}\n" for name in names)
    done = headstart("predict", "run", "-", "--json", cwd=run.desk, stdin=stdin)
    assert [json.loads(line)["input"] for line in done.stdout.splitlines()] == stdin.splitlines()


def test_when_nothing_can_be_read_the_exit_code_says_so(run):
    (run.desk / "empty").mkdir(exist_ok=True)
    done = headstart("predict", "run", "empty", "nowhere.jpg", cwd=run.desk)
    assert done.returncode == 3
    assert "empty\t–\t–\tThe folder holds no pictures." in done.stdout
    assert "None of the 2 inputs could be read; each row says why." in done.stderr


def test_no_run_says_how_to_make_one(run):
    done = headstart("predict", "nowhere", "x.jpg", cwd=run.desk)
    assert done.returncode == 3
    assert "nowhere holds no finished run (run.json is missing). Finished runs beside it: run." in done.stderr


def test_a_name_that_is_no_unicode_breaks_neither_json_nor_csv_nor_fit(run):
    odd = os.fsdecode(b"caf\xe9.jpg")
    try:
        shutil.copy(run.data / sorted(run.good)[0], run.desk / odd)
    except OSError:
        pytest.skip("this file system takes only unicode names")
    done = headstart("predict", "run", odd, "--json", cwd=run.desk)
    row = json.loads(done.stdout)
    assert row["error"] is None
    assert row["input"] == odd  # JSON's own escape brings the very name back
    assert headstart("predict", "run", odd, "--csv", "odd.csv", cwd=run.desk).returncode == 0
    assert "caf\\udce9.jpg" in (run.desk / "odd.csv").read_text(encoding="utf-8")
    out = os.fsdecode(b"r\xe9sultat")
    fit = headstart(
        *("fit", run.data, *SMALL, "--out", out, "--strategy", "prototype,classical", "--json", "--quiet"), cwd=run.desk
    )
    assert fit.returncode == 0, fit.stderr
    assert Path(json.loads(fit.stdout)["run"]).name == out
