"""benchmarks/frozen runs from end to end, on few pictures; benchmarks/verdict is run by tests/judge/test_honesty.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = ROOT / "benchmarks" / "frozen" / "run.py"
DATA = Path(os.environ.get("HEADSTART_DATA") or ROOT.parent / "shared" / "data")


def run(*flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUN), *flags], capture_output=True, text=True, timeout=300, env={**os.environ, **env}
    )


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
