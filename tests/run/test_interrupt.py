"""Ctrl-C at any moment of a fit: the first press ends with what there is to show, the second stops at once.

The watcher sends the signal, at the very step that is meant: nothing here depends on how fast a machine is.
"""

from __future__ import annotations

import json
import os
import signal
from types import SimpleNamespace

import pytest

import headstart
import own_source
from drawn import two_classes

HOW = {"source": "tiny", "engine": "torch", "seeds": 1, "strategy": "probe"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Pictures of two classes, and a tiny source."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):
        yield SimpleNamespace(data=two_classes(folder / "photos", 10, side=40))


@pytest.fixture(autouse=True)
def default_handler():
    """As in a terminal; behind `nohup … &` the signal is ignored, which the fit would respect."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler was not put back"
    signal.signal(signal.SIGINT, before)


def press(*moments: str):
    """A `watch` that presses Ctrl-C at a step that begins with the first word, then with the next; and what it saw."""
    left, seen = list(moments), []

    def watch(what: str, done: int, of: int) -> None:
        seen.append(what)
        if left and what.startswith(left[0]):
            left.pop(0)
            os.kill(os.getpid(), signal.SIGINT)

    return watch, seen


@pytest.mark.parametrize("moment", ["read", "source", "embed"])
def test_before_there_is_anything_to_show_it_stops_at_once_and_goes_on_later(desk, tmp_path, moment, capfd):
    watch, seen = press(moment)
    with pytest.raises(KeyboardInterrupt):
        headstart.fit(desk.data, out=tmp_path / "run", watch=watch, **HOW)
    assert seen[-1].startswith(moment)
    assert not (tmp_path / "run" / "lock.json").exists()
    assert "finishing" not in capfd.readouterr().err


def test_the_first_press_in_the_race_finishes_what_is_there_and_the_same_command_goes_on(desk, tmp_path, capfd):
    out = tmp_path / "run"
    watch, seen = press("scratch: setting 2")
    record = headstart.fit(desk.data, out=out, watch=watch, **HOW).record
    said = capfd.readouterr().err
    assert "\nheadstart: finishing the final models, about " in said
    assert said.endswith(" s; press Ctrl-C again to stop at once\n")
    assert "scratch: setting 3 of 4" not in seen
    waiting = {t["id"]: t["reason"] for t in record["trials"] if t["status"] == "waiting"}
    assert waiting == {"scratch": "interrupted before it was done"}
    missing = "No verdict yet: a network from scratch did not run to its end (interrupted before it was done)."
    assert record["sentence"].startswith(f"{missing} Of what ran: ")
    told = (record["verdict"]["decision"], record["verdict"]["complete"], record["verdict"]["reason"])
    assert told == ("no_evidence", False, missing)
    assert record["warnings"][0].startswith("The rival 'scratch' took no part (interrupted before it was done)")
    watch, _ = press("scratch: all")  # while models are finished: it is told, and changes nothing
    again = headstart.fit(desk.data, out=out, watch=watch, **HOW).record
    assert "finishing the final models, about " in capfd.readouterr().err
    assert not [t for t in again["trials"] if t["status"] == "waiting"]
    assert again["verdict"]["complete"]
    assert not any("took no part" in w for w in again["warnings"])
    assert json.loads((out / "run.json").read_text()) == again


def test_a_press_in_the_last_trainings_leaves_the_other_seeds_to_the_same_command(desk, tmp_path):
    out, how = tmp_path / "run", {**HOW, "seeds": 2, "metric": "macro_f1", "strategy": "finetune"}  # where seeds count
    watch, _ = press("last trainings")
    record = headstart.fit(desk.data, out=out, watch=watch, **how).record
    (cut,) = record["budget"]["cut"]
    assert cut.startswith("It was interrupted, which left time to train the finalists once, not 2 times")
    again = headstart.fit(desk.data, out=out, **how).record
    assert again["budget"]["cut"] == []
    assert again["verdict"]["complete"]


def test_the_second_press_stops_at_once(desk, tmp_path, capfd):
    watch, seen = press("scratch: setting 2", "classical: all")
    with pytest.raises(KeyboardInterrupt):
        headstart.fit(desk.data, out=tmp_path / "run", watch=watch, **HOW)
    assert seen[-1].startswith("classical: all")
    assert capfd.readouterr().err.count("press Ctrl-C again") == 1
    assert not (tmp_path / "run" / "run.json").exists()
