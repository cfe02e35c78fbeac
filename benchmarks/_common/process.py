"""A contestant's process: its imports, its threads, its CPU seconds. Imports nothing of headstart but, by its path, the
file that makes the index's torchvision work beside a CPU torch, so that rivals may live in environments of their own.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

CURE = Path(__file__).resolve().parents[2] / "src" / "headstart" / "source" / "_cure.py"


def cpu() -> float:
    """CPU seconds of this process and its finished children, user and system."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def prepare(modules: Sequence[str], threads: int) -> None:
    """Imports everything, so that work can be timed apart, and settles the number of threads."""
    spec = importlib.util.spec_from_file_location("torchvision_cure", CURE)
    assert spec is not None, CURE
    assert spec.loader is not None, CURE
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.cure()
    for name in modules:
        import_module(name)
    import torch

    torch.set_num_threads(threads)


def watched(command: Sequence[str], env: Mapping[str, str], out: Path, error: Path | None = None) -> dict[str, Any]:
    """Runs it to its end, what it says into files (one, where `error` is not given).

    Returns:
        `exit`, wall `seconds`, `cpu` seconds and `peak_gb` of memory.
    """
    begun = time.perf_counter()
    with out.open("w") as said, error.open("w") if error else nullcontext(said) as told:
        process = subprocess.Popen(command, stdout=said, stderr=told, env=dict(env))
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "exit": process.returncode,
        "seconds": round(time.perf_counter() - begun, 1),
        "cpu": round(used.ru_utime + used.ru_stime, 1),
        "peak_gb": round(used.ru_maxrss * 1024 / 1e9, 2),
    }
