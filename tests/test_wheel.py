"""The package as it is handed out: the wheel holds every file of the source tree, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    """Names in a wheel of what git knows, built as `make wheel` does, in a copy: an old build/ would join in."""
    known = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=False)
    if known.returncode:
        pytest.skip("this is no git checkout")
    desk = tmp_path_factory.mktemp("tree")
    for name in ["pyproject.toml", "README.md", "LICENSE", *known.stdout.splitlines()]:
        (desk / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, desk / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "out", "."]
    subprocess.run(build, cwd=desk, check=True, timeout=300)
    (made,) = (desk / "out").iterdir()
    return zipfile.ZipFile(made).namelist()


def test_every_file_of_the_source_tree_is_in_it(wheel):
    known = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True)
    packed = {name for name in wheel if not name.split("/")[0].endswith(".dist-info")}
    assert packed == {name.removeprefix("src/") for name in known.stdout.splitlines()}


def test_licence_and_command_are_in_it(wheel):
    about = {name.split("/", 1)[1] for name in wheel if name.split("/")[0].endswith(".dist-info")}
    assert about >= {"METADATA", "entry_points.txt", "licenses/LICENSE"}
