"""A new kind of data is a new file in read/: dropped into a copy of the package, its examples are found and split."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart

TOY = Path(__file__).parent.parent / "toy_modality"
ASK = """
import json, sys
from headstart.read import ReadOptions, read
from headstart.read._unseen import unseen
from headstart.errors import HeadstartError
for path in sys.argv[1:]:
    task = read(path)
    print(json.dumps([task.modality, list(task.labels), sum(task.n.values()), task.notes]))
judged = unseen(sys.argv[1], modality="curve", kind="classification", labels=("a", "b"))
print(len(judged.test))
try:
    read(sys.argv[1], ReadOptions(crop="squash"))
except HeadstartError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> list[str]:
    """What the copy says of curves in class folders (with a picture and texts beside), in a table, and of texts."""
    desk = tmp_path_factory.mktemp("toy")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(headstart.__file__).parent, desk / "src" / "headstart", ignore=ignore)
    for folder in ("read", "modality"):
        shutil.copy(TOY / folder / "curve.py", desk / "src" / "headstart" / folder)
    rows = []
    for i in range(20):
        path = desk / "curves" / "ab"[i % 2] / f"{i}.curve"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{i}\n{i * i}\n")
        rows.append(f"curves/{path.parent.name}/{path.name},{i % 2}")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(desk / "curves" / "a" / "cover.png")
    for mood in "ab":
        (desk / "curves" / mood / "about.txt").write_text("They are curves.")
    (desk / "curves.csv").write_text("\n".join(["path,label", *rows]))
    (desk / "texts.csv").write_text("text,label\n" + "".join(f"some words {i},{i % 2}\n" for i in range(20)))
    done = subprocess.run(
        [sys.executable, "-c", ASK, "curves", "curves.csv", "texts.csv"],
        cwd=desk,
        env={**os.environ, "PYTHONPATH": str(desk / "src"), "HEADSTART_CACHE": str(desk / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_class_folders_are_its_own_and_what_lies_among_them_is_told(said):
    modality, labels, n, notes = json.loads(said[0])
    assert (modality, labels, n) == ("curve", ["a", "b"], 20)
    assert "One picture file among the curves is not read." in notes[0]
    assert "The 2 text files among the curves are not read." in notes[1]


def test_a_table_that_names_its_files_is_its_own_and_other_tables_are_not(said):
    modality, labels, n, notes = json.loads(said[1])
    assert (modality, labels, n) == ("curve", ["0", "1"], 20)
    assert "curves.csv: curves are read from 'path'." in notes
    assert json.loads(said[2])[0] == "text"


def test_a_run_is_judged_on_it_and_options_of_others_are_refused(said):
    assert said[3] == "20"
    assert said[4] == "--crop squash was given, but curves is read as curves. Leave it out."
