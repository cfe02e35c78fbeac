"""`headstart.interrupt` alone: imports are let end, and what a library makes of an interruption is one again."""

import os
import signal
import subprocess
import sys

import pytest

from headstart.interrupt import Presses

CODE = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["headstart", *{arguments!r}]
from headstart.cli import main
main()
"""


VERBS = {
    "typer": ["sources", "verify", "wordllama"],  # works on long enough after the import to be told again
    "headstart.api": ["fit", "nowhere"],
    "numpy": ["fit", "nowhere"],
    "torch": ["sources", "verify", "wordllama"],
    "timm": ["fit", "nowhere", "--source", "no_such_network_here"],
}


@pytest.mark.parametrize("name", VERBS)
def test_a_press_while_a_library_is_imported_ends_in_one_line(name, tmp_path):
    code = CODE.format(name=name, arguments=VERBS[name])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 130, done.stderr
    assert done.stderr == "\nheadstart: stopped. Nothing finished is lost: the same command goes on from there.\n"
    assert done.stdout == ""


@pytest.fixture
def presses():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield Presses()
    signal.signal(signal.SIGINT, before)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_error_that_a_press_turned_into_is_an_interruption(presses):
    def library() -> None:
        try:
            press()
        except KeyboardInterrupt as stop:
            raise ImportError("initialization failed") from stop

    with pytest.raises(KeyboardInterrupt), presses.heard():
        library()
    with pytest.raises(ImportError), presses.heard():
        raise ImportError("initialization failed")


def test_a_promise_defers_the_first_press_to_the_next_poll(presses, capfd):
    with presses.heard():
        presses.promise(lambda: "finishing", cut=True)
        press()
        assert presses.early
        assert capfd.readouterr().err == "\nheadstart: finishing; press Ctrl-C again to stop at once\n"
        with pytest.raises(KeyboardInterrupt):
            presses.poll()
        presses.poll()  # told once
        with pytest.raises(KeyboardInterrupt):
            press()
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                presses.poll()  # whoever swallowed the second one is told again


def test_work_that_is_not_to_be_cut_goes_on(presses):
    with presses.heard():
        presses.promise(lambda: "finishing", cut=True)
        press()
        presses.promise(lambda: "finishing")
        presses.poll()


def test_a_handler_of_the_persons_own_is_left_alone(presses):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append("theirs"))
    with presses.heard():
        press()
    assert heard == ["theirs"]
    assert not presses.hard
