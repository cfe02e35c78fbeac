"""The verdict is honest in simulation: the quick part of benchmarks/verdict, with its fixed seed."""

import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parents[2] / "benchmarks" / "verdict" / "run.py"


def test_coverage_and_wrong_decisions_hold_their_bounds():
    done = subprocess.run(
        [sys.executable, str(RUN), "--quick", "--only", "pairs"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All bounds hold." in done.stdout
    assert done.stdout.count("discordant") > 10
