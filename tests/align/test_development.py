"""benchmarks/adapt/development.py from end to end, on one pair that needs no shared data."""

from pathlib import Path

import drawn

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "adapt" / "development.py"


def test_what_choosing_and_estimating_err_by_is_printed():
    done = drawn.script(SCRIPT, "--most", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert said[1].startswith("digits, 2: ")
    assert said[2].startswith("all, 2: ")
    assert sum(line.startswith(("with another", "without another")) for line in said) == 2
    assert said[-1].startswith("1 pairs, ")
