"""Progress on standard error: a bar on a terminal, a line a step in a log; nothing when quiet."""

from __future__ import annotations

import io
import re
import sys

import pytest

from headstart.cli import _common
from headstart.cli._common import watching
from watched import calls

STEPS = [
    ("read", 0, 8),
    ("read", 8, 8),
    ("scratch: setting 1 of 4", 1, 30),
    ("scratch: setting 2 of 4 · loss 0.693", 1, 30),
    ("scratch · loss 0.412 · 50.0 % right", 100, 300),
    ("scratch · loss 0.401 · 91.0 % right", 200, 300),
    ("finetune-tiny", 0, 1),
]


class Terminal(io.StringIO):
    """What a terminal is shown."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch, stream, *, quiet: bool = False, steps=STEPS) -> list[str]:
    """What stands in the stream after each step, when the bar was drawn at once."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    out = []
    with watching(quiet) as watch:
        for step in steps:
            if watch:
                watch(*step)
            out.append(stream.getvalue())
    return [*out, stream.getvalue()]


def test_a_log_has_a_line_a_step_whatever_stands_behind_the_dot(monkeypatch):
    said = shown(monkeypatch, io.StringIO())[-1]
    assert said == "headstart: 0:00 read\nheadstart: 0:00 scratch\nheadstart: 0:00 finetune-tiny\n"


def test_a_log_says_how_far_long_work_is_and_keeps_what_shall_stay(monkeypatch):
    monkeypatch.setattr(_common, "EVERY", 0.0)
    steps = [("read", 1, 2000), ("read", 1500, 2000), ("Only rows with a label are read: 80 of 90.", 0, 0)]
    said = shown(monkeypatch, io.StringIO(), steps=steps)[-1]
    assert said.splitlines()[1:] == [
        "headstart: 0:00 read (1,500 of 2,000)",
        "headstart: 0:00 Only rows with a label are read: 80 of 90.",
    ]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet_is_quiet(monkeypatch, stream):
    assert shown(monkeypatch, stream(), quiet=True)[-1] == ""


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_bar_shows_the_work_with_its_loss_and_how_far_it_is(monkeypatch, step):
    """The bar's last state before the end of the work is the one that was told last."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(monkeypatch, Terminal(), steps=STEPS[: step + 1])[-1])
    what, done, of = STEPS[step]
    last = [line for line in re.split(r"[\r\n]+", text) if line.strip()][-1]
    assert last.startswith(what)
    assert f"{done}/{of}" in last


def test_the_clock_of_the_bar_goes_on_while_only_the_loss_changes(monkeypatch):
    """A new task is begun only where the work in front of the dot changes."""
    from rich.progress import Progress

    with calls(Progress.reset) as begun:
        shown(monkeypatch, Terminal())
    assert [how["description"] for how in begun[Progress.reset]] == [STEPS[at][0] for at in (0, 2, 3, 4, 6)]
