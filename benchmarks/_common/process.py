"""A contestant's process: its imports, its threads, its CPU seconds. Imports nothing of headstart but, by its path, the
file that makes the index's torchvision work beside a CPU torch, so that rivals may live in environments of their own.
"""

from __future__ import annotations

import importlib.util
import resource
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

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
