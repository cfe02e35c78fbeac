"""What is new is new files: dropped into a copy of the package, they are everywhere.

A source, a score and a strategy are a file each; a kind of data (`toy_modality/`: curves) and of task (`toy_kind/`:
three numbers, `toy_ragged/`: a tag for every step of a curve) are a handful. No file of the package is touched.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from copied import copied
from drawn import two_classes

TESTS = Path(__file__).parent
SCORE = '''"""Share of the features' variance that lies between classes; higher is better."""

from __future__ import annotations

import numpy as np

from ._look import Look

PAPER = "Fisher 1936, The use of multiple measurements in taxonomic problems"
NEEDS = frozenset({"features"})
KINDS = frozenset({"classification"})


def score(look: Look) -> float:
    """x [n d], y [n] → a number in [0, 1]."""
    x, (codes, counts) = look.x.astype(np.float64), look.classes
    whole = float(x.var(0).sum())
    if whole == 0:
        return 0.0
    means = np.stack([x[codes == c].mean(0) for c in range(len(counts))])
    return float((counts / counts.sum()) @ ((means - x.mean(0)) ** 2).sum(1) / whole)
'''


@pytest.fixture(scope="module")
def dropped(tmp_path_factory) -> SimpleNamespace:
    """The package with some files more, and the environment in which Python imports that copy."""
    desk = tmp_path_factory.mktemp("dropped")
    made = copied(desk, {"dropped": {}})
    (made.package / "score" / "dropped.py").write_text(SCORE)
    strategy = (made.package / "transfer" / "prototype.py").read_text()
    (made.package / "transfer" / "dropped.py").write_text(strategy.replace("TITLE = ", "TITLE = 'dropped ' + "))
    for toy in ("toy_kind", "toy_modality", "toy_ragged"):
        files = [file.relative_to(TESTS / toy) for file in (TESTS / toy).rglob("*") if file.suffix in (".py", ".toml")]
        assert not [file for file in files if (made.package / file).exists()], "no file is touched"
        shutil.copytree(TESTS / toy, made.package, dirs_exist_ok=True)
    two_classes(desk / "photos", 10, side=40)
    return made


def python(dropped: SimpleNamespace, *arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=dropped.desk,
        env=dropped.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_command_line_lists_them(dropped):
    listed = json.loads(python(dropped, "-m", "headstart", "sources", "list", "--json").stdout)
    assert "dropped" in {row["key"] for row in listed["sources"]}
    assert "dropped" in listed["usual"], "a fit chooses among it too"
    assert "dropped" in python(dropped, "-m", "headstart", "fit", "--help").stdout


def test_the_ranking_and_the_race_take_them_up(dropped):
    asked = ("-m", "headstart", "rank", "photos", "--sources", "dropped", "--json", "--quiet", "--engine", "torch")
    (row,) = json.loads(python(dropped, *asked).stdout)["sources"]
    assert row["source"] == "dropped"
    assert 0 < row["scores"]["dropped"] < 1
    code = (
        "from headstart.plan.candidates import candidates; from headstart.types import Facts\n"
        "print([c.id for c in candidates(('dropped',), (), Facts(20, 2, 40))])"
    )
    assert "'dropped-dropped'" in python(dropped, "-c", code).stdout


def test_the_contracts_take_them_up(dropped):
    options = (
        "-q",
        "-k",
        "dropped",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        TESTS.parent,
        "-c",
        TESTS.parent / "pyproject.toml",
    )
    for name in ("test_strategies.py", "test_scores.py"):
        said = python(dropped, "-m", "pytest", *options, "-o", "pythonpath=", TESTS / "contract" / name).stdout
        assert int(re.search(r"(\d+) passed", said)[1]) >= 10, said


def test_a_kind_of_task_is_a_few_files_more(dropped):
    """Answers of three numbers, as no kind of ours has: fitted, judged against a rival, reported, predicted."""
    rng, rows = np.random.default_rng(0), []
    (dropped.desk / "series").mkdir()
    for at in range(50):
        colour = rng.integers(40, 216, 3)
        noise = rng.normal(0, 12, (32, 32, 3))
        Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8)).save(dropped.desk / "series" / f"{at}.png")
        rows.append({"image": f"series/{at}.png", "label": [round(value / 255, 3) for value in colour.tolist()]})
    for name, some in (("series", rows[:40]), ("more", rows[40:])):
        (dropped.desk / f"{name}.jsonl").write_text("\n".join(map(json.dumps, some)))
    code = """
import headstart, json
how = dict(source="dropped", kind="forecast", engine="torch")
run = headstart.fit("series.jsonl", out="run", **how)
said = [dict(row.more) for row in run.predict(["series/0.png"])]
more = headstart.evaluate("run", "more.jsonl")
ranked = headstart.rank("series.jsonl", source="dropped", kind="forecast", engine="torch")
print(json.dumps({"said": said, "verdict": run.verdict.metric, "metrics": run.record["metrics"],
                  "more": more.run.metrics, "ranked": [row["source"] for row in ranked.record["sources"]],
                  "trials": {t["strategy"]: t["scores"] for t in run.record["trials"]}}))
"""
    told = json.loads(python(dropped, "-c", code).stdout.splitlines()[-1])
    assert told["verdict"] == "step_error"
    assert told["trials"].keys() == {"constant", "ridge_steps", "ridge_colours"}
    assert told["trials"]["ridge_colours"]["step_error"] < 0.05 < told["trials"]["constant"]["step_error"]
    assert told["metrics"]["step_error"] < 0.05
    assert told["more"]["step_error"] < 0.05
    assert told["ranked"] == ["dropped"]
    (row,) = told["said"]
    assert [row[f"step {at}"] for at in (1, 2, 3)] == pytest.approx(rows[0]["label"], abs=0.1)
    page = (dropped.desk / "run" / "report.html").read_text()
    assert "step error" in page.casefold()
    table = python(dropped, "-m", "headstart", "predict", "run", "series/1.png", "--json").stdout
    assert {"step 1", "step 2", "step 3"} <= json.loads(table)["more"].keys()


def test_a_kind_of_data_is_a_few_files_more(dropped):
    """Curves, which none of our networks reads: two waves that mean and deviation cannot tell apart."""
    rng = np.random.default_rng(0)
    for at in range(48):
        of, length = (("slow", 16), ("fast", 4))[at % 2]
        file = dropped.desk / "waves" / of / f"{at}.curve"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(map(str, wave(rng, length, rng.integers(40, 60)))))
    (dropped.desk / "odd").mkdir()
    (dropped.desk / "odd" / "words.curve").write_text("no number")
    code = """
import headstart, json
run = headstart.fit("waves", out="wave-run", engine="torch")
rows = [(row.label, row.error) for row in run.predict(["waves/slow/0.curve", "odd", "waves/nowhere.curve"])]
fresh = [(row.label, row.error) for row in headstart.load("wave-run", take="rival").predict(["odd"])]
ranked = headstart.rank("waves", engine="torch").record["sources"][0]
checked = headstart.check("waves")
print(json.dumps({"winner": run.record["winner"], "verdict": run.verdict.decision, "rows": rows, "fresh": fresh,
                  "n": headstart.evaluate("wave-run", "waves").n, "engine": run.record["environment"]["engine"],
                  "strategies": [t["strategy"] for t in run.record["trials"]], "ranked": ranked,
                  "features": headstart.embed(["waves/slow/0.curve"], source="waves").shape,
                  "modality": checked.record["modality"], "page": "curves" in checked.html()}))
"""
    told = json.loads(python(dropped, "-c", code).stdout.splitlines()[-1])
    assert told["winner"]["source"] == "waves"
    assert told["verdict"] == "helps"
    assert {"probe", "classical", "constant"} <= {*told["strategies"]}
    assert not {"scratch", "finetune", "zeroshot"} & {*told["strategies"]}, "curves offer nothing that these need"
    (slow, fine), (none, why), (_, nowhere) = told["rows"]
    assert (slow, fine, none) == ("slow", None, None)
    assert "something else than numbers" in why
    assert nowhere == "The file cannot be read: No such file or directory."
    assert told["fresh"] == [[None, why]], "a model that looks at curves as they are says so too"
    assert told["n"] == 12
    assert told["engine"] == "torch"
    assert told["ranked"]["source"] == "waves"
    assert told["ranked"]["scores"]["knn"] > 0.9
    assert told["features"] == [1, 16]
    assert (told["modality"], told["page"]) == ("curve", True)
    for page in ("report.html", "card.md"):
        assert "curves" in (dropped.desk / "wave-run" / page).read_text(encoding="utf-8")


def test_answers_may_differ_in_size(dropped):
    """A tag for every step of curves of different lengths: no array holds two of them."""
    rng, rows = np.random.default_rng(1), []
    (dropped.desk / "marked").mkdir()
    for at in range(48):
        parts = [("slow", 16, rng.integers(10, 40)), ("fast", 4, rng.integers(10, 40))][:: 1 if at % 2 else -1]
        steps = np.concatenate([wave(rng, length, n) for _, length, n in parts])
        (dropped.desk / "marked" / f"{at}.curve").write_text("\n".join(map(str, steps)))
        rows.append((f"marked/{at}.curve", [name for name, _, n in parts for _ in range(n)]))
    (dropped.desk / "marked.csv").write_text("path,tags\n" + "".join(f"{p},{' '.join(tags)}\n" for p, tags in rows))
    told = [json.dumps({"path": path, "tags": tags}) for path, tags in rows]
    (dropped.desk / "marked.jsonl").write_text("\n".join(told))
    code = """
import headstart, json
from headstart.report.text import evaluated
from headstart.ship.predict import to_csv
run = headstart.fit("marked.csv", kind="tags", out="tag-run", engine="torch")
row, bad = run.predict(["marked/0.curve", "odd"])
more = headstart.evaluate("tag-run", "marked.jsonl", against=headstart.load("tag-run", take="rival"))
ranked = headstart.rank("marked.csv", kind="tags", engine="torch").record["sources"][0]
print(json.dumps({"metrics": run.record["metrics"], "verdict": run.record["verdict"], "said": row.more["tags"],
                  "line": row.line, "csv": to_csv([row], ["tags"]), "error": bad.error,
                  "trials": {t["strategy"]: t["scores"] for t in run.record["trials"]}, "ranked": ranked,
                  "mistakes": run.record["mistakes"], "own": more.run.value, "against": more.against.value,
                  "evaluated": evaluated(more), "better": more.comparison.decision,
                  "checked": headstart.check("marked.jsonl", kind="tags").record["classes"]}))
"""
    told = json.loads(python(dropped, "-c", code).stdout.splitlines()[-1])
    assert (told["verdict"]["metric"], told["verdict"]["decision"]) == ("steps_right", "helps")
    assert told["trials"].keys() == {"constant", "tagged_filters", "tagged_levels"}
    assert told["metrics"]["steps_right"] > 0.9 > 0.6 > told["trials"]["constant"]["steps_right"]
    assert len(told["said"]) == len(rows[0][1])
    right = np.mean([said == tag for said, tag in zip(told["said"], rows[0][1], strict=True)])
    assert right > 0.8
    assert json.loads(told["line"]) == told["said"]
    assert told["csv"].startswith("input,tags,error\n")
    assert "something else than numbers" in told["error"]
    assert told["own"] == told["metrics"]["steps_right"], "the same examples, whose tags stand in lists"
    assert (told["better"], told["own"] > 0.9 > told["against"]) == ("helps", True)
    assert "steps-right" in told["evaluated"]
    assert 0.5 < told["ranked"]["value"] <= 1
    assert {row["label"] for row in told["checked"]} == {"slow", "fast"}
    assert {*told["mistakes"][0]["predicted"].split()} <= {"slow", "fast"}
    assert "Steps right" in (dropped.desk / "tag-run" / "report.html").read_text(encoding="utf-8")


def wave(rng, length, n):
    """So many steps of a noisy wave, from somewhere on."""
    return np.sin(2 * np.pi * (np.arange(n) / length + rng.random())) + rng.normal(0, 0.3, n)
