"""Where the cache is, also for a user who has no home; whole files; memory that goes back to the system."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headstart import runtime
from headstart.errors import UsageError
from headstart.plan import remaining
from headstart.runtime import FreeCores, torch_threads


@pytest.fixture
def homeless(monkeypatch):
    """A user whom the system knows no home of, as in many containers."""
    for name in ("HEADSTART_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_user):
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nobody)


def test_a_user_without_a_home_is_told_of_the_variable(homeless):
    with pytest.raises(UsageError, match=r"can not be kept in ~/.cache/headstart .*HEADSTART_CACHE=/path/to/folder"):
        runtime.cache_dir()


def test_with_the_variable_no_home_is_needed(homeless, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "here"))
    assert runtime.cache_dir() == tmp_path / "here"


def test_a_home_in_which_nothing_can_be_made_is_told_on_the_command_line_without_a_traceback(tmp_path):
    (tmp_path / "home").write_text("a file, so that no folder can be made in it")
    environ = {name: value for name, value in os.environ.items() if name not in ("HEADSTART_CACHE", "XDG_CACHE_HOME")}
    command = [sys.executable, "-c", "from headstart.cli import main; main()", "sources", "list"]
    done = subprocess.run(command, env={**environ, "HOME": str(tmp_path / "home")}, capture_output=True, text=True)
    assert done.returncode == 2
    assert "HEADSTART_CACHE=" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_written_from_another_one(tmp_path):
    given, path = tmp_path / "given", tmp_path / "new" / "file"
    given.write_bytes(bytes(range(256)) * 5000)
    runtime.write(path, given)
    runtime.write(path, given)
    assert path.read_bytes() == given.read_bytes()
    assert [*path.parent.iterdir()] == [path]
    with pytest.raises(FileNotFoundError):
        runtime.write(path, tmp_path / "no file")
    assert path.read_bytes() == given.read_bytes()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nothing tells how much memory a process holds")
def test_what_many_small_pieces_held_goes_back_to_the_system():
    pieces = [bytes([at % 255]) * 100_000 for at in range(3000)]
    last = pieces[::100]  # among them, so that none is an end that may simply be cut off
    held = remaining.resident()
    pieces.clear()
    runtime.give_back()
    assert held - remaining.resident() > 250e6
    assert len(last) == 30


def test_cores_that_others_use_are_not_free():
    """Threads of our own at work take none; another process at work takes one."""
    free, cores = FreeCores(), os.cpu_count() or 1
    assert free() == cores, "nothing is known yet"
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            time.sleep(1.0)
            assert free() <= max(cores - 1, 1)
        finally:
            other.kill()


def test_threads_of_torch_are_as_before_afterwards():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with torch_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
