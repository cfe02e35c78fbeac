"""benchmarks/frozen and benchmarks/text run from end to end, on little; tests/judge/test_honesty.py runs verdict's."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import drawn

ROOT = Path(__file__).parents[1]
RUN = ROOT / "benchmarks" / "frozen" / "run.py"
TEXT, CHOOSE = ROOT / "benchmarks" / "text", ROOT / "benchmarks" / "choose"
DATA = Path(os.environ.get("HEADSTART_DATA") or ROOT.parent / "shared" / "data")


def run(*flags: str, script: Path = RUN, **env: str) -> subprocess.CompletedProcess[str]:
    import torch

    threads = torch.get_num_threads()
    try:
        return drawn.script(script, *flags, **env)
    finally:
        torch.set_num_threads(threads)


def test_all_contestants_are_compared_on_the_same_pictures():
    if not (DATA / "hymenoptera").is_dir():
        pytest.skip(f"{DATA} holds no hymenoptera; set HEADSTART_DATA to the folder that does")
    done = run("--quick", HEADSTART_DATA=str(DATA))
    if "cannot be had" in done.stderr:
        pytest.skip("the sources cannot be fetched here")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| hymenoptera, n 24 |")]
    assert [row.split("|")[2].strip() for row in rows] == [
        "headstart",
        "scikit-learn on features",
        "tutorial's way",
    ]
    assert done.stdout.count("- PASS: ") + done.stdout.count("- BELOW: ") == 4
    assert "- PASS: embedding in the second fit / the first" in done.stdout
    assert "0 rows computed anew" in done.stdout


def test_missing_data_is_named(tmp_path):
    done = run("--quick", HEADSTART_DATA=str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path} does not hold hymenoptera. Set HEADSTART_DATA to the folder that does." in done.stderr


def test_contestants_read_the_same_texts_once_a_cell_and_are_set_against_each_other(tmp_path):
    if not (DATA / "trec_questions").is_dir():
        pytest.skip(f"{DATA} holds no trec_questions; set HEADSTART_DATA to the folder that does")
    made = run(str(tmp_path), "--sets", "trec_questions", "--seeds", "0", script=TEXT / "cases.py", OMP_NUM_THREADS="1")
    if "cannot be had" in made.stderr:
        pytest.skip("the sources cannot be fetched here")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "trec_questions-8-0: 48 labelled, 500 test, 6 classes" in made.stdout
    found = str(tmp_path / "found.jsonl")
    asked = ["--work", str(tmp_path), "--results", found, "--sets", "trec_questions", "--sizes", "8", "--seeds", "0"]
    asked += ["--contestants", "headstart,tfidf_lr"]
    done = run(*asked, script=TEXT / "run.py")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = {cell["name"]: cell for cell in map(json.loads, Path(found).read_text().splitlines())}
    assert kept["headstart"]["accuracy"] > kept["tfidf_lr"]["accuracy"] > 1 / 6
    assert kept["headstart"]["trained_params"] > 0 < kept["tfidf_lr"]["trained_params"]
    assert run(*asked, script=TEXT / "run.py").stdout == "done, 0 failed\n"  # both stand there already
    shown = run(str(tmp_path), "--results", found, script=TEXT / "table.py").stdout
    gap = 100 * (kept["headstart"]["accuracy"] - kept["tfidf_lr"]["accuracy"])
    assert f"| tfidf_lr | {gap:+.1f} [+" in shown


def test_labels_in_english_are_judged_on_questions_in_german_against_a_rival(tmp_path):
    if not (DATA / "xquad").is_dir():
        pytest.skip(f"{DATA} holds no xquad; set HEADSTART_DATA to the folder that does")
    found, script = str(tmp_path / "found.jsonl"), ROOT / "benchmarks" / "crosslingual" / "run.py"
    asked = [
        "--work",
        str(tmp_path / "work"),
        "--results",
        found,
        "--languages",
        "de",
        "--seeds",
        "0",
        "--articles",
        "4",
    ]
    asked += ["--rivals", "naive", "--source", "wordllama", "--strategy", "prototype,classical"]
    done = run(*asked, script=script, OMP_NUM_THREADS="1", HEADSTART_DATA=str(DATA))
    if "cannot be had" in done.stderr:
        pytest.skip("the source cannot be fetched here")
    assert done.returncode == 0, done.stdout + done.stderr
    [cell] = map(json.loads, Path(found).read_text().splitlines())
    rows = {split: set() for split in ("train", "test")}
    for at, line in enumerate((tmp_path / "work" / "de-0-3.jsonl").read_text().splitlines()):
        row = json.loads(line)
        rows[row["split"]].add((row["paragraph"], at))
    assert {p for p, _ in rows["train"]}.isdisjoint(p for p, _ in rows["test"])
    assert set(cell["rows"]) <= {at for _, at in rows["test"]}
    for side, value in zip(cell["right"], (cell["run"], cell["against"]), strict=True):
        assert side.count("1") / len(cell["rows"]) == pytest.approx(value)
    assert cell["models"] == ["prototype-wordllama", "classical"]
    assert run(*asked, script=script, HEADSTART_DATA=str(DATA)).stdout == "done\n"  # it stands there already
    shown = run("--results", found, script=script.with_name("table.py")).stdout
    assert (
        f"| {100 * cell['run']:.1f} (1) | {100 * cell['against']:.1f} (1) | {100 * cell['difference']:+.1f} [" in shown
    )


def test_ways_of_choosing_are_set_against_the_truth(tmp_path):
    if not (DATA / "hymenoptera").is_dir():
        pytest.skip(f"{DATA} holds no hymenoptera; set HEADSTART_DATA to the folder that does")
    work, found = tmp_path / "work", tmp_path / "found.jsonl"
    assert run(str(work), "--sets", "hymenoptera", script=CHOOSE / "cases.py").returncode == 0
    table = work / "cases" / "hymenoptera.jsonl"
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    few = [row for row in rows if row["split"] == "train"][::6] + [row for row in rows if row["split"] == "test"][::6]
    table.write_text("".join(json.dumps(row) + "\n" for row in few))
    asked = (
        "--work",
        str(work),
        "--sets",
        "hymenoptera",
        "--results",
        str(found),
        "--sources",
        "mobilenet-v2,efficientnet-lite0",
    )
    for part in ("frozen", "scores", "alarm"):
        done = run(part, *asked, script=CHOOSE / "run.py", OMP_NUM_THREADS="1")
        if "cannot be had" in done.stdout:
            pytest.skip("the sources cannot be fetched here")
        assert done.returncode == 0, done.stderr
        assert "FAILED" not in done.stdout
    cells = [json.loads(line) for line in found.read_text().splitlines()]
    assert len(cells) == 6
    assert all(0.5 < c["accuracy"] <= 1 for c in cells if c["part"] == "frozen")
    again = run("frozen", *asked, script=CHOOSE / "run.py", OMP_NUM_THREADS="1")
    assert again.stdout == "", "what stands there is passed over"
    shown = run("--results", str(found), script=CHOOSE / "table.py").stdout
    true = {c["what"]: c["accuracy"] for c in cells if c["part"] == "frozen"}
    gap = max(true.values()) - true["efficientnet-lite0"]  # which has more parameters
    (row,) = [line for line in shown.splitlines() if line.startswith("| parameters |")]
    assert [float(cell) for cell in row.split("|")[3:5]] == [pytest.approx(100 * gap, abs=0.006), 0.0]
    assert "The alarm went off for" in shown


def test_the_budgets_table_tells_regret_time_over_the_limit_and_how_well_steps_were_foretold(tmp_path):
    def line(budget: str, chosen: str, reuses: float, seconds: float, limit: float | None, taken: float) -> str:
        step = {"source": chosen, "step": "look", "n": 64, "predicted": 2.0, "taken": taken}
        told = {"set": "ag_news", "budget": budget, "busy": False, "chosen": [chosen], "reuses": reuses}
        told |= {"metric": "accuracy", "seconds": seconds, "limit": limit, "peak_gb": 1.5, "error": "", "steps": [step]}
        return json.dumps({"key": f"x-ag_news-{budget}", **told})

    results = tmp_path / "budget.jsonl"
    lines = [line("3m", "minilm-l6", 0.88, 198.0, 180.0, 9.0), line("none", "mpnet-base", 0.90, 400.0, None, 3.0)]
    results.write_text("".join(f"{one}\n" for one in lines))
    done = run("--table", "--results", str(results), script=CHOOSE / "budget.py")
    assert done.returncode == 0, done.stderr
    for row in (
        "| ag_news | minilm-l6 | mpnet-base |",
        "| ag_news | +2.0 | +0.0 |",
        "| ag_news | 198 (+10 %) | 400 |",
        "| 3m | 0 % of 1 | – |",
        "| none | 100 % of 1 | – |",
    ):
        assert row in done.stdout
