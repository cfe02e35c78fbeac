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


RANKED = """
from headstart.plan.candidates import candidates
from headstart.types import Facts
(row,) = headstart.rank("photos", source="dropped", engine="torch").record["sources"]
told["ranked"] = row | {"candidates": [c.id for c in candidates(("dropped",), (), Facts(20, 2, 40))]}
"""
FORECAST = """
how = dict(source="dropped", kind="forecast", engine="torch")
run = headstart.fit("series.jsonl", out="run", **how)
(row,) = run.predict(["series/0.png"])
more = headstart.evaluate("run", "more.jsonl")
ranked = headstart.rank("series.jsonl", source="dropped", kind="forecast", engine="torch")
told["forecast"] = {"said": dict(row.more), "verdict": run.verdict.metric, "metrics": run.record["metrics"],
                    "more": more.run.metrics, "ranked": [row["source"] for row in ranked.record["sources"]],
                    "json": command("predict", "run", "series/1.png", "--json"),
                    "trials": {t["strategy"]: t["scores"] for t in run.record["trials"]}}
"""
CURVES = """
run = headstart.fit("waves", out="wave-run", engine="torch")
given = ["waves/slow/0.curve", "odd", "waves/nowhere.curve", "series", 3.5]
rows = [(row.label, row.error) for row in run.predict(given)]
fresh = [(row.label, row.error) for row in headstart.load("wave-run", take="rival").predict(["odd"])]
checked = headstart.check("waves")
told["curves"] = {"winner": run.record["winner"], "verdict": run.verdict.decision, "rows": rows, "fresh": fresh,
                  "table": [row.input.rpartition("/")[2] for row in run.predict(["files.csv"])],
                  "n": headstart.evaluate("wave-run", "waves").n, "engine": run.record["environment"]["engine"],
                  "strategies": [t["strategy"] for t in run.record["trials"]],
                  "ranked": headstart.rank("waves", engine="torch").record["sources"][0],
                  "features": headstart.embed(["waves/slow/0.curve"], source="waves").shape,
                  "modality": checked.record["modality"], "page": "curves" in checked.html()}
"""
TAGS = """
run = headstart.fit("marked.csv", kind="tags", out="tag-run", engine="torch")
row, bad = run.predict(["marked/0.curve", "odd"])
more = headstart.evaluate("tag-run", "marked.jsonl", against=headstart.load("tag-run", take="rival"))
told["tags"] = {"metrics": run.record["metrics"], "verdict": run.record["verdict"], "said": row.more["tags"],
                "error": bad.error, "printed": command("predict", "tag-run", "marked/0.curve"),
                "trials": {t["strategy"]: t["scores"] for t in run.record["trials"]},
                "ranked": headstart.rank("marked.csv", kind="tags", engine="torch").record["sources"][0],
                "mistakes": run.record["mistakes"], "own": more.run.value, "against": more.against.value,
                "evaluated": command("evaluate", "tag-run", "marked.csv", "--csv", "answers.csv"),
                "better": more.comparison.decision,
                "checked": headstart.check("marked.jsonl", kind="tags").record["classes"],
                "files": headstart.check("files.csv", kind="tags").record["classes"]}
"""
COMMON = """
import contextlib, io, json, sys
import headstart
from headstart.cli import main

told = {}


def command(*arguments):
    sys.argv, printed = ["headstart", *arguments], io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main()
    return printed.getvalue()
"""


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


@pytest.fixture(scope="module")
def told(dropped) -> dict:
    """What one process says that has the copy: of the source, of both kinds of task, and of the kind of data."""
    for drawn in (pictures_of_three_numbers, two_waves, marked_waves):
        drawn(dropped.desk)
    code = "\n".join([COMMON, RANKED, FORECAST, CURVES, TAGS, "print(json.dumps(told))"])
    return json.loads(python(dropped, "-c", code).stdout.splitlines()[-1])


def test_the_command_line_lists_them(dropped):
    listed = json.loads(python(dropped, "-m", "headstart", "sources", "list", "--json").stdout)
    assert "dropped" in {row["key"] for row in listed["sources"]}
    assert "dropped" in listed["usual"], "a fit chooses among it too"
    assert listed["usual_curve"] == ["waves"]
    assert "dropped" in python(dropped, "-m", "headstart", "fit", "--help").stdout


def test_the_contracts_take_them_up(dropped):
    options = (
        "-v",
        "-k",
        "dropped or curve",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        TESTS.parent,
        "-c",
        TESTS.parent / "pyproject.toml",
    )
    files = [TESTS / "contract" / f"test_{name}.py" for name in ("strategies", "scores", "modalities")]
    said = python(dropped, "-m", "pytest", *options, "-o", "pythonpath=", *files).stdout
    assert all(len(re.findall(rf"{file.name}::.* PASSED", said)) >= 5 for file in files), said


def test_the_ranking_and_the_race_take_them_up(told):
    row = told["ranked"]
    assert row["source"] == "dropped"
    assert 0 < row["scores"]["dropped"] < 1
    assert "dropped-dropped" in row["candidates"]


def test_a_kind_of_task_is_a_few_files_more(dropped, told):
    """Answers of three numbers, as no kind of ours has: fitted, judged against a rival, reported, predicted."""
    found = told["forecast"]
    assert found["verdict"] == "step_error"
    assert found["trials"].keys() == {"constant", "ridge_steps", "ridge_colours"}
    assert found["trials"]["ridge_colours"]["step_error"] < 0.05 < found["trials"]["constant"]["step_error"]
    assert found["metrics"]["step_error"] < 0.05
    assert found["more"]["step_error"] < 0.05
    assert found["ranked"] == ["dropped"]
    first = json.loads((dropped.desk / "series.jsonl").read_text().splitlines()[0])
    assert [found["said"][f"step {at}"] for at in (1, 2, 3)] == pytest.approx(first["label"], abs=0.1)
    assert {"step 1", "step 2", "step 3"} <= json.loads(found["json"])["more"].keys()
    assert "step error" in (dropped.desk / "run" / "report.html").read_text().casefold()


def test_a_kind_of_data_is_a_few_files_more(dropped, told):
    """Curves, which none of our networks reads: two waves that mean and deviation cannot tell apart."""
    found = told["curves"]
    assert found["winner"]["source"] == "waves"
    assert found["verdict"] == "helps"
    assert {"probe", "classical", "constant"} <= {*found["strategies"]}
    assert not {"scratch", "finetune", "zeroshot"} & {*found["strategies"]}, "curves offer nothing that these need"
    (slow, fine), (none, why), (_, nowhere), (_, empty), (_, memory) = found["rows"]
    assert (slow, fine, none) == ("slow", None, None)
    assert "something else than numbers" in why
    assert nowhere == "The file cannot be read: No such file or directory."
    assert empty == "The folder holds no curves."
    assert memory == "A float is no curve. Give the path of a file."
    assert found["table"] == [f"{at}.curve" for at in range(48)]
    assert found["fresh"] == [[None, why]], "a model that looks at curves as they are says so too"
    assert found["n"] == 12
    assert found["engine"] == "torch"
    assert found["ranked"]["source"] == "waves"
    assert found["ranked"]["scores"]["knn"] > 0.9
    assert found["features"] == [1, 16]
    assert (found["modality"], found["page"]) == ("curve", True)
    for page in ("report.html", "card.md"):
        assert "curves" in (dropped.desk / "wave-run" / page).read_text(encoding="utf-8")


def test_answers_may_differ_in_size(dropped, told):
    """A tag for every step of curves of different lengths: no array holds two of them."""
    found, (first, *_) = told["tags"], (dropped.desk / "marked.jsonl").read_text().splitlines()
    assert (found["verdict"]["metric"], found["verdict"]["decision"]) == ("steps_right", "helps")
    assert found["trials"].keys() == {"constant", "tagged_filters", "tagged_levels"}
    assert found["metrics"]["steps_right"] > 0.9 > 0.6 > found["trials"]["constant"]["steps_right"]
    assert np.mean([said == tag for said, tag in zip(found["said"], json.loads(first)["tags"], strict=True)]) > 0.8
    name, tags = found["printed"].rstrip("\n").split("\t")
    assert (name, json.loads(tags)) == ("marked/0.curve", found["said"])
    assert "something else than numbers" in found["error"]
    assert found["own"] == found["metrics"]["steps_right"], "the same examples, whose tags stand in lists"
    assert (found["better"], found["own"] > 0.9 > found["against"]) == ("helps", True)
    assert "steps-right" in found["evaluated"]
    assert (dropped.desk / "answers.csv").read_text().startswith("curve,tags,predicted\n")
    assert 0.5 < found["ranked"]["value"] <= 1
    assert {"knn", "logme", "prior", "ridge"} == {k for k, v in found["ranked"]["scores"].items() if v is not None}
    assert [row["label"] for row in found["checked"]] == ["fast", "slow"]
    assert found["files"] == found["checked"], "each row's cell names a file of tags"
    assert {*found["mistakes"][0]["predicted"].split()} <= {"slow", "fast"}
    assert "Steps right" in (dropped.desk / "tag-run" / "report.html").read_text(encoding="utf-8")


def pictures_of_three_numbers(desk):
    """series/, and two tables of its pictures: the parts of three colours."""
    rng, rows = np.random.default_rng(0), []
    (desk / "series").mkdir()
    for at in range(50):
        colour = rng.integers(40, 216, 3)
        noise = rng.normal(0, 12, (32, 32, 3))
        Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8)).save(desk / "series" / f"{at}.png")
        rows.append({"image": f"series/{at}.png", "label": [round(value / 255, 3) for value in colour.tolist()]})
    for name, some in (("series", rows[:40]), ("more", rows[40:])):
        (desk / f"{name}.jsonl").write_text("\n".join(map(json.dumps, some)))


def two_waves(desk):
    """waves/, slow and fast ones in a folder each; odd/, a file of words."""
    rng = np.random.default_rng(0)
    for at in range(48):
        of, length = (("slow", 16), ("fast", 4))[at % 2]
        file = desk / "waves" / of / f"{at}.curve"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(map(str, wave(rng, length, rng.integers(40, 60)))))
    (desk / "odd").mkdir()
    (desk / "odd" / "words.curve").write_text("no number")


def marked_waves(desk):
    """marked/, each slow and then fast or the other way round; tables of their tags, as texts, lists and files."""
    rng, rows = np.random.default_rng(1), []
    (desk / "marked").mkdir()
    for at in range(48):
        parts = [("slow", 16, rng.integers(10, 40)), ("fast", 4, rng.integers(10, 40))][:: 1 if at % 2 else -1]
        steps = np.concatenate([wave(rng, length, n) for _, length, n in parts])
        (desk / "marked" / f"{at}.curve").write_text("\n".join(map(str, steps)))
        rows.append((f"marked/{at}.curve", [name for name, _, n in parts for _ in range(n)]))
    (desk / "marked.csv").write_text("path,tags\n" + "".join(f"{p},{' '.join(tags)}\n" for p, tags in rows))
    for path, tags in rows:
        (desk / path).with_suffix(".tags").write_text(" ".join(tags))
    (desk / "files.csv").write_text("path,tags\n" + "".join(f"{p},{p.replace('.curve', '.tags')}\n" for p, _ in rows))
    (desk / "marked.jsonl").write_text("\n".join(json.dumps({"path": path, "tags": tags}) for path, tags in rows))


def wave(rng, length, n):
    """So many steps of a noisy wave, from somewhere on."""
    return np.sin(2 * np.pi * (np.arange(n) / length + rng.random())) + rng.normal(0, 0.3, n)
