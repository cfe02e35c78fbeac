"""`headstart fit` as a person runs it: the contract on standard output, errors in one sentence, exit codes."""

import json
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from drawn import QUICK, SMALL, command, headstart, two_classes

NUMBER = (int, float)
CONTRACT = {
    "run": str,
    "task": {
        "name": str,
        "modality": str,
        "kind": str,
        "labels": list,
        "n": {"train": int, "valid": int, "test": int},
        "set_aside": list,
    },
    "winner": {
        "source": (str, type(None)),
        "strategy": str,
        "config": dict,
        "trained_params": int,
        "total_params": int,
    },
    "metrics": {"accuracy": NUMBER, "macro_f1": NUMBER, "log_loss": NUMBER, "ece": NUMBER},
    "verdict": {
        "decision": str,
        "metric": str,
        "difference": NUMBER,
        "interval": list,
        "level": NUMBER,
        "rival": {"source": (str, type(None)), "strategy": str, "value": NUMBER},
        "test_reads": int,
        "reason": str,
    },
    "rivals": list,
    "trials": list,
    "warnings": list,
    "spend": {"read": NUMBER, "embed": NUMBER, "race": NUMBER, "judge": NUMBER, "total": NUMBER},
    "seed": int,
}


def breaches(value, contract, at="$"):
    """Where a value lacks a key of the contract or has another type."""
    if isinstance(contract, dict):
        for key, inner in contract.items():
            if key not in value:
                yield f"{at}.{key} is missing"
            else:
                yield from breaches(value[key], inner, f"{at}.{key}")
    elif not isinstance(value, contract) or isinstance(value, bool):
        yield f"{at} is {value!r}"


def test_json_is_one_object_that_keeps_the_contract(finished):
    printed = finished.fit.stdout
    assert printed.count("\n") == 1
    record = json.loads(printed)
    assert list(breaches(record, CONTRACT)) == []
    assert record == json.loads((finished.out / "run.json").read_text())
    assert record["verdict"]["decision"] in ("helps", "no_evidence", "hurts")
    assert record["verdict"]["test_reads"] == 1
    low, high = record["verdict"]["interval"]
    assert low <= record["verdict"]["difference"] <= high
    assert sum(record["task"]["n"].values()) == 48
    assert {t["strategy"] for t in record["trials"] if not t["reuses"]} == {"classical", "constant", "scratch"}
    assert all(t["reason"] for t in record["trials"])


def test_quiet_says_nothing_while_it_works(finished):
    assert finished.fit.stderr == ""


def test_a_run_leaves_what_the_page_of_the_house_says(finished):
    left = {p.name for p in finished.out.iterdir()}
    assert left >= {"run.json", "model", "report.html", "card.md", "predictions.parquet", "journal.jsonl"}
    assert "environment.json" in left
    assert not list(finished.out.rglob("*.part"))


def test_the_same_command_again_gives_the_same_record_at_once(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.out.rglob("*") if p.is_file()}
    start = time.monotonic()
    again = headstart("fit", finished.data, *QUICK, "--out", finished.out, "--json")
    assert time.monotonic() - start < 10
    assert again.stdout == finished.fit.stdout
    assert {p: p.stat().st_mtime_ns for p in finished.out.rglob("*") if p.is_file()} == before
    assert again.stderr == "headstart: 0:00 read\n"  # no terminal: a line a step, no bar


def test_plain_output_ends_with_the_report_and_the_next_command(finished):
    said = headstart("fit", finished.data, *QUICK, "--out", finished.out).stdout
    assert "report.html" in said
    assert f"headstart predict {finished.out}" in said.replace("\n", " ")


def test_another_request_does_not_overwrite_a_finished_run(finished):
    done = headstart("fit", finished.data, *QUICK, "--out", finished.out, "--seed", 3)
    assert done.returncode == 2
    assert "holds a finished run of other data or settings (photos, seed 0). Name another folder" in done.stderr


WRONG = {
    "no such data": (("nowhere",), 3, "nowhere does not exist. Allowed: a folder of class folders, a table"),
    "one class": (("one",), 3, "one/ holds one class ('cane'); fit needs two or more. Put each class into a folder"),
    "strategy": (("photos", "--strategy", "prob"), 2, "There is no strategy 'prob'. Did you mean 'probe'?"),
    "source": (("photos", "--source", "mobilenet"), 2, "There is no source 'mobilenet'. Did you mean 'mobilenet-v2'?"),
    "engine": (("photos", "--engine", "openvin"), 2, "There is no engine 'openvin'. Did you mean 'openvino'?"),
    "metric": (("photos", "--metric", "macro-f1"), 2, "There is no metric 'macro-f1'. Did you mean 'macro_f1'?"),
    "metric of numbers": (
        ("photos", "--metric", "mae"),
        2,
        "classification cannot be in 'mae'; allowed: accuracy, macro_",
    ),
    "kind": (("photos", "--kind", "regresion"), 2, "There is no kind of task 'regresion'. Did you mean 'regression'?"),
    "no numbers": (("photos", "--kind", "regression"), 3, "12 of 12 labels are no finite numbers, such as 'bug'"),
    "budget": (
        ("photos", "--budget", "5x"),
        2,
        "The budget 5x is no duration; give seconds, minutes or hours: 90, 90s",
    ),
    "no budget": (("photos", "--budget", "0"), 2, "The budget 0 is no duration"),
    "group": (("photos", "--group", "site"), 2, "photos/ is a folder of class folders and has no columns"),
    "seeds": (("photos", "--seeds", "0"), 2, "seeds 1 or more"),
    "out": (("photos", "--out", "one/cane/00.jpg"), 2, "one/cane/00.jpg is a file; a run needs a folder."),
    "out of data": (("photos", "--out", "photos"), 2, "photos holds the data. Name another folder"),
    "option": (("photos", "--sed", "3"), 2, "No such option: --sed"),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    two_classes(folder / "photos", 6)
    two_classes(folder / "one", 6)
    (folder / "one" / "bug").rename(folder / "elsewhere")
    return folder


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_told_in_one_sentence(case, desk):
    arguments, code, message = WRONG[case]
    done = headstart("fit", *arguments, cwd=desk)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_budget_that_is_too_small_says_so_with_exit_code_4(photos, weights, tmp_path):
    done = headstart("fit", photos, *SMALL, "--out", tmp_path / "run", "--budget", "0.01s")
    assert done.returncode == 4
    assert "The budget of 0.01 s ended before any transfer candidate was done" in done.stderr
    assert "larger --budget" in done.stderr
    assert not (tmp_path / "run" / "run.json").exists()


def test_ctrl_c_stops_with_130_and_says_that_work_is_kept(photos, weights, tmp_path):
    work = subprocess.Popen(
        command("fit", photos, *SMALL, "--out", tmp_path / "run"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # ignored, and inherited, behind `nohup … &`
    )
    while not (tmp_path / "run" / "journal.jsonl").exists() and work.poll() is None:
        time.sleep(0.02)
    work.send_signal(signal.SIGINT)
    time.sleep(0.5)
    work.send_signal(signal.SIGINT)  # the first one, while sources are chosen, finishes what there is to show
    out, err = work.communicate(timeout=600)
    assert work.returncode == 130
    assert "headstart: stopped. Nothing finished is lost: the same command goes on from there." in err
    assert "Traceback" not in err
    assert out == ""


def test_a_slip_of_the_pen_leaves_no_folder_behind(desk):
    headstart("fit", "photos", "--strategy", "prob", "--out", "fresh", cwd=desk)
    assert not (desk / "fresh").exists()
