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

TOY = '''"""Files `.toy` with a number a line."""

import hashlib

from ._clean import Kept, settle
from ._options import ReadOptions
from ._reader import SURE
from ._record import Shape
from ._task import make
from .folder.walk import any_of

import numpy as np


def wanted(path):
    return path.suffix == ".toy"


def cell(folder, value):
    return folder / value if value else None


def holds(table, column):
    return all(str(row.get(column)).endswith(".toy") for _, row, _ in table.rows)


def sniff(path, table):
    met = any(holds(table, c) for c in table.columns) if table else path.is_dir() and any_of(path, wanted)
    return SURE if met else 0.0


def clean(found, root, progress=None, options=ReadOptions(), *, pixels=None):
    good = [(Kept(r, hashlib.sha256(r.path.read_bytes()).hexdigest()), r) for r in found.records]
    return settle(good, lambda _: np.empty((0, 2), np.int64), [], root, "toy", duplicates=options.duplicates, of=found)


def read(data, options=ReadOptions(), **more):
    return make(data, SHAPE, clean, options, **more)


def shapes(examples):
    return {}, []


SHAPE = Shape("toy", "Give toys.", wanted, ("toy",), cell, holds, files=True)
'''
ASK = """
import json, sys
from headstart.read import ReadOptions, read
from headstart.read._unseen import unseen
from headstart.errors import HeadstartError
for path in sys.argv[1:]:
    task = read(path)
    print(json.dumps([task.modality, list(task.labels), sum(task.n.values()), task.notes]))
judged = unseen(sys.argv[1], modality="toy", kind="classification", labels=("a", "b"))
print(len(judged.test))
try:
    read(sys.argv[1], ReadOptions(crop="squash"))
except HeadstartError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> list[str]:
    """What the copy says of toys in class folders (with a picture and texts beside), in a table, and of texts."""
    desk = tmp_path_factory.mktemp("toy")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(headstart.__file__).parent, desk / "src" / "headstart", ignore=ignore)
    (desk / "src" / "headstart" / "read" / "toy.py").write_text(TOY)
    (desk / "src" / "headstart" / "modality" / "toy.py").write_text('NOUN = "toy"\n')
    rows = []
    for i in range(20):
        path = desk / "toys" / "ab"[i % 2] / f"{i}.toy"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{i}\n{i * i}\n")
        rows.append(f"toys/{path.parent.name}/{path.name},{i % 2}")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(desk / "toys" / "a" / "cover.png")
    for mood in "ab":
        (desk / "toys" / mood / "about.txt").write_text("They are toys.")
    (desk / "toys.csv").write_text("\n".join(["path,label", *rows]))
    (desk / "texts.csv").write_text("text,label\n" + "".join(f"some words {i},{i % 2}\n" for i in range(20)))
    done = subprocess.run(
        [sys.executable, "-c", ASK, "toys", "toys.csv", "texts.csv"],
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
    assert (modality, labels, n) == ("toy", ["a", "b"], 20)
    assert "One picture file among the toys is not read." in notes[0]
    assert "The 2 text files among the toys are not read." in notes[1]


def test_a_table_that_names_its_files_is_its_own_and_other_tables_are_not(said):
    modality, labels, n, notes = json.loads(said[1])
    assert (modality, labels, n) == ("toy", ["0", "1"], 20)
    assert "toys.csv: toys are read from 'path'." in notes
    assert json.loads(said[2])[0] == "text"


def test_a_run_is_judged_on_it_and_options_of_others_are_refused(said):
    assert said[3] == "20"
    assert said[4] == "--crop squash was given, but toys is read as toys. Leave it out."
