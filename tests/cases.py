"""Small inputs on which real data goes wrong, as the script beside the shared data writes them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1].parent / "shared" / "cases" / "make.py"


def write(folder: Path) -> Path:
    """All of them below `folder`; skips where the script is not there."""
    script = Path(os.environ.get("HEADSTART_CASES", SCRIPT))
    if not script.is_file():
        pytest.skip(f"no script of cases at {script}; set HEADSTART_CASES")
    subprocess.run([sys.executable, str(script), str(folder)], check=True, capture_output=True, timeout=300)
    return folder
