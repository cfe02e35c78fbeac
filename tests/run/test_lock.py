"""One fit a folder: who holds it is told, a stale lock is taken over, and every exit releases."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import headstart as hs
from headstart.errors import UsageError
from headstart.run.lock import FILE, SILENT, locked

HOLD = "import sys, time, pathlib; from headstart.run.lock import locked\nwith locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"  # fmt: skip # noqa: E501


def holder(folder: Path) -> subprocess.Popen:
    """Another process that works in the folder."""
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    return other


def test_a_second_fit_is_told_who_works_there_and_goes_on_when_that_is_killed(photos, tmp_path):
    out, said = tmp_path / "run", []
    other = holder(out)
    with other:
        with pytest.raises(UsageError) as told:
            hs.fit(photos, out=out)
        who = f"process {other.pid} on {socket.gethostname()} has fitted there since {time.strftime('%Y')}"
        assert who in str(told.value)
        assert "name another folder with --out" in str(told.value)
        other.kill()
    with locked(out, said.append):
        assert json.loads((out / FILE).read_text())["pid"] == os.getpid()
    assert said == [
        f"{out} was left by process {other.pid} on {socket.gethostname()} (which is gone); going on from there"
    ]
    assert not (out / FILE).exists()


def test_who_adapts_is_said_to_adapt(tmp_path):
    with (
        locked(tmp_path, work="adapted"),
        pytest.raises(UsageError, match=r"has adapted there since .* Two runs in one"),
    ):
        locked(tmp_path).__enter__()


def test_a_fit_in_the_same_process_is_refused_too(photos, tmp_path):
    with locked(tmp_path), pytest.raises(UsageError, match=f"process {os.getpid()} on "):
        hs.fit(photos, out=tmp_path)


@pytest.mark.parametrize("silent", [SILENT / 2, SILENT * 2])
def test_a_lock_of_another_host_is_taken_over_when_it_has_been_silent(tmp_path, silent):
    file = tmp_path / FILE
    file.write_text(
        json.dumps({"pid": os.getpid(), "host": "elsewhere", "started": 1.0, "since": "2026-01-01 12:00:00"})
    )
    os.utime(file, (time.time() - silent,) * 2)
    if silent < SILENT:
        with pytest.raises(
            UsageError, match=r"on elsewhere has fitted there since 2026-01-01 12:00:00.*, on elsewhere"
        ):
            locked(tmp_path).__enter__()
    else:
        with locked(tmp_path):
            assert json.loads(file.read_text())["host"] == socket.gethostname()
    assert sorted(p.name for p in tmp_path.iterdir()) == ([FILE] if silent < SILENT else [])


def test_a_lock_without_words_is_no_hindrance(tmp_path):
    (tmp_path / FILE).write_text("")
    with locked(tmp_path):
        assert (tmp_path / FILE).stat().st_size


def test_the_number_of_a_process_may_come_again(tmp_path):
    earlier = {"pid": os.getpid(), "host": socket.gethostname(), "started": 1.0, "since": "before"}
    (tmp_path / FILE).write_text(json.dumps(earlier))
    with locked(tmp_path):
        pass


def test_an_error_releases_and_leaves_no_folder_that_was_made_in_vain(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "a" / "b"):
        _ = 1 / 0
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("out", ["photo.jpg/run", "/proc/headstart/run"])
def test_an_out_that_cannot_be_written_is_noticed_before_reading(tmp_path, out):
    (tmp_path / "photo.jpg").touch()
    seen = []
    with pytest.raises(UsageError, match=r"The run cannot be written to .*run: .*Name a folder that you may write to"):
        hs.fit(tmp_path / "nowhere", out=tmp_path / out, watch=lambda what, *_: seen.append(what))
    assert seen == []
