"""One run a folder: who works there says so in `lock.json`, and anybody else is told.

The file holds process, host and time, and is touched while its holder works. A lock is stale, and taken over, when its
process is gone from this host, or when another host has not touched it for `SILENT` seconds. Released on every exit; a
killed run leaves a stale one, so the same command continues at once.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

from ..errors import UsageError

FILE = "lock.json"
BEAT, SILENT = 20.0, 300.0  # seconds between touches, and without one until another host's lock is stale
_JUST_MADE = 0.2  # seconds that a holder may take to write into the file it made
_SAME = 2.0  # seconds by which two readings of one process's start may differ


@dataclass(frozen=True)
class Holder:
    """Who works in a folder."""

    pid: int
    host: str
    started: float  # when the process began, as of `time.time()`; tells it from a later one of the same number
    since: str  # for a person
    work: str = "fitted"  # what it has done since then


@contextmanager
def locked(folder: Path, say: Callable[[str], None] = lambda _: None, work: str = "fitted") -> Iterator[None]:
    """Hold the folder while the block works; it is made if need be, and what was made in vain is removed.

    Args:
        folder: of the run.
        say: told when a stale lock is taken over.
        work: what others are told has been done here since then: "fitted", "adapted".

    Raises:
        UsageError: somebody holds it, or it cannot be written.
    """
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    lock = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(lock, say, work)
    except OSError as problem:
        raise UsageError(
            f"The run cannot be written to {folder}: {problem.strerror or problem}. Name a folder that you may write "
            "to with --out."
        ) from problem
    done = Event()
    Thread(target=_beat, args=(lock, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()
        lock.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something: the run
            for path in made:
                path.rmdir()


def _take(lock: Path, say: Callable[[str], None], work: str) -> None:
    """Make the lock file; of several that try, one succeeds."""
    while True:
        with suppress(FileExistsError):
            with lock.open("x", encoding="utf-8") as file:
                json.dump(asdict(_myself(work)), file)
            return
        found = _read(lock)
        why = _stale(lock, found) if found else "who left no name"
        if found and not why:
            raise UsageError(_held(lock.parent, found))
        if _set_aside(lock, found) and found:
            say(f"{lock.parent} was left by process {found.pid} on {found.host} ({why}); going on from there")


def _myself(work: str) -> Holder:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return Holder(os.getpid(), socket.gethostname(), _started(os.getpid()) or 0.0, since, work)


def _started(pid: int) -> float | None:
    """When a process of this host began; None where there is none, or what is left of one."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def _read(lock: Path) -> Holder | None:
    """Who holds it; None where the file says nothing or has gone."""
    for wait in (0.0, _JUST_MADE):
        time.sleep(wait)
        with suppress(OSError, ValueError, TypeError):
            return Holder(**json.loads(lock.read_text(encoding="utf-8")))
    return None


def _stale(lock: Path, holder: Holder) -> str:
    """Why nobody works there any more; empty where somebody may."""
    if holder.host == socket.gethostname():
        began = _started(holder.pid)
        alive = began is not None and abs(began - holder.started) <= _SAME
        return "" if alive else "which is gone"
    probe = lock.with_name(f".{FILE}.{os.getpid()}")  # its time is told by the same clock as the lock's
    try:
        probe.touch()
        silent = probe.stat().st_mtime - lock.stat().st_mtime
    except FileNotFoundError:
        return "which has just left"
    finally:
        probe.unlink(missing_ok=True)
    return f"silent for {silent:.0f} s" if silent > SILENT else ""


def _set_aside(lock: Path, found: Holder | None) -> bool:
    """Remove the lock that was found; another's, made meanwhile, is put back."""
    mine = lock.with_name(f".{FILE}.{os.getpid()}.stale")
    try:
        lock.rename(mine)
    except FileNotFoundError:
        return False
    with suppress(OSError, ValueError, TypeError):
        if Holder(**json.loads(mine.read_text(encoding="utf-8"))) != found:
            mine.rename(lock)
            return False
    mine.unlink(missing_ok=True)
    return True


def _held(folder: Path, holder: Holder) -> str:
    here = holder.host == socket.gethostname()
    stop = f"kill {holder.pid}" if here else f"kill {holder.pid}, on {holder.host}"
    return (
        f"{folder} is at work: process {holder.pid} on {holder.host} has {holder.work} there since {holder.since}. Two "
        f"runs in one folder would overwrite each other. Wait for it, stop it ({stop}; the same command then "
        "continues), or name another folder with --out."
    )


def _beat(lock: Path, done: Event) -> None:
    """Touch the lock until the work is done."""
    while not done.wait(BEAT):
        with suppress(OSError):
            os.utime(lock)
