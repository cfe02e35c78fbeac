"""The machine under us: where the cache is, threads, seeds, whole-file writes, elapsed time.

Knows nothing of tasks or models. Every file we write goes through `write`: a temporary name
beside the target, flushed, then renamed, so that a killed run leaves no half-written file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from .errors import UsageError

_GPUS = ("nvidia[0-9]*", "nvidiactl", "nvhost*", "nvgpu*", "nvmap", "kfd", "dxg")  # device files that torch asks for


_exact = ContextVar("full precision", default=False)


def cache_dir() -> Path:
    """`$HEADSTART_CACHE`, else the XDG cache folder, else `~/.cache/headstart`; made when missing.

    Raises:
        UsageError: there is no home folder, or nothing may be written there.
    """
    given, place = os.environ.get("HEADSTART_CACHE"), "~/.cache/headstart"
    try:
        base = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headstart"
        place = str(base)
        base.mkdir(parents=True, exist_ok=True)
        if not given and not os.access(base, os.W_OK):
            raise PermissionError("it may not be written to")
    except (RuntimeError, OSError) as problem:  # the first: the user has no home folder
        raise UsageError(
            f"The cache, for weights and features, can not be kept in {place} ({problem}). Name a folder that may be "
            "written to, with room for some GB: HEADSTART_CACHE=/path/to/folder."
        ) from problem
    return base


def write(path: Path, content: bytes | str | Path) -> None:
    """Write a whole file or none of it; of a text, what is no valid unicode (a file's name may be) is escaped.

    A path stands for the bytes of that file, which are never in memory all at once.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as f:
            if isinstance(data, Path):
                with data.open("rb") as given:
                    shutil.copyfileobj(given, f)
            else:
                f.write(data)
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - anything JSON takes
    """`write` for JSON, readable by people, labels of any script kept as they are."""
    write(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def digest(*parts: Any) -> str:  # noqa: ANN401 - anything JSON takes
    """A short stable name for any JSON-able values: the first 20 hex digits of their sha256.

    >>> digest("a", 1) == digest("a", 1) != digest("a", 2)
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:20]


def device() -> str:
    """`cuda`, `mps` or `cpu`: the best there is; `$HEADSTART_DEVICE` overrides."""
    if given := os.environ.get("HEADSTART_DEVICE"):
        return given
    if sys.platform == "linux" and not any(any(Path("/dev").glob(name)) for name in _GPUS):
        return "cpu"  # without torch's import, which takes a second
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def full_precision() -> Iterator[None]:
    """Networks that are built and asked in this block compute in fp32 on a CPU, whatever the processor could do."""
    before = _exact.set(True)
    try:
        yield
    finally:
        _exact.reset(before)


def exact() -> bool:
    """Whether full precision was asked for."""
    return _exact.get()


def has_bf16() -> bool:
    """Whether the hardware computes in bf16, and may."""
    import torch

    if exact():
        return False
    if device() == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # private, hence asked for gently
    return device() == "cpu" and probe is not None and bool(probe())


def quiet_threads() -> None:
    """Make OpenMP threads sleep while they wait (they would spin and double the CPU time). Call before torch."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("KMP_BLOCKTIME", "0")


def give_back() -> None:
    """Memory that was let go goes back to the system, where glibc would keep it in many small pieces.

    After a network of 109 M parameters was let go: 0.34 GB. Of other systems' libraries nothing is asked.
    """
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Linear algebra on one thread while the block works: two mostly wait for each other, and they wait at work.

    A probe on 3,000 × 1280 features, two cores: 3.4 s on one thread; on two threads 5.0 s where nothing else runs, and
    55 s (54 of CPU) beside one busy process.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


class FreeCores:
    """How many cores other processes leave, at least one, by what they used since it was asked last.

    A network on as many threads as there are cores waits at each layer for the one whose core is taken: a long text
    took a 12-layer encoder 40 ms on two free cores, 115 beside one busy process, and 75 there on one thread.
    """

    SHORTEST = 0.2  # seconds that tell

    def __init__(self) -> None:
        self._cores = self._free = os.cpu_count() or 1
        self._seen = (-math.inf, 0.0, 0.0)  # nothing yet: asked for the first time all are free

    def __call__(self) -> int:
        """Their number now."""
        now = self._spent()
        wall, busy, own = (b - a for a, b in zip(self._seen, now, strict=True))
        if wall >= self.SHORTEST:
            self._free = max(round(self._cores - max(busy - own, 0.0) / wall), 1)
            self._seen = now
        return self._free

    def _spent(self) -> tuple[float, float, float]:
        """Seconds: of any clock, of all cores at work, of this process at work."""
        import psutil

        all_of, own = psutil.cpu_times(), os.times()
        idle = all_of.idle + getattr(all_of, "iowait", 0.0)
        busy = sum(all_of[:8]) - idle  # behind these a guest's time is counted once more
        return time.monotonic(), busy, own.user + own.system


free_cores = FreeCores()


@contextmanager
def torch_threads(most: int) -> Iterator[None]:
    """PyTorch on at most so many threads while the block works."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(most, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Clock:
    """Wall seconds spent, by name: `with clock("embed"): …`.

    >>> clock = Clock()
    >>> with clock("read"): pass
    >>> list(clock.spend)
    ['read']
    """

    def __init__(self) -> None:
        self.spend: dict[str, float] = {}
        self.earlier = 0.0  # seconds that attempts before this one put into what is used again
        self._start, self._cpu = time.perf_counter(), time.process_time()
        self._inside = [0.0]  # seconds of blocks within the block at work, which are theirs alone

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the time of the block, less that of blocks within it, to `spend[name]`."""
        start = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            whole, inside = time.perf_counter() - start, self._inside.pop()
            self._inside[-1] += whole
            self.spend[name] = self.spend.get(name, 0.0) + whole - inside

    def total(self) -> float:
        """Seconds since the clock was made, and `earlier`."""
        return time.perf_counter() - self._start + self.earlier

    def cpu(self) -> float:
        """CPU seconds of the process since the clock was made."""
        return time.process_time() - self._cpu
