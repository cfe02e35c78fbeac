"""Every command and every Python line of the README is run, so that it cannot lie.

Shell blocks: `headstart …` lines are run for real on drawn pictures, `make TARGET` must be a target of the Makefile (CI
runs those itself). Lines of a `console` block count where they begin with `$`. Python blocks are run in order.
"""

import io
import re
import shlex
import shutil
import signal
import subprocess
import urllib.request
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest

import tiny_text
from copied import PACKAGE, copied, offered
from drawn import command, headstart, two_classes
from headstart.runtime import cache_dir

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def blocks(*languages: str) -> list[tuple[str, str]]:
    """(language, text) of the fenced blocks in these languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    return [(language, text) for language, text in found if language in languages]


def commands() -> list[list[str]]:
    """The words of every command line, comments taken off."""
    out = []
    for language, text in blocks("sh", "bash", "console"):
        for line in text.replace("\\\n", " ").splitlines():
            if language == "console" and not line.startswith("$ "):
                continue
            if words := shlex.split(line.removeprefix("$ "), comments=True):
                out.append(words)
    return out


@pytest.fixture(scope="module")
def desk(real, tmp_path_factory) -> Path:
    """Where the README's reader stands: photos/, new1.jpg, more/, and what else `fit` and `evaluate` lines name.

    The catalogue has three sources: of the two of pictures that the README names tiny ones, and one of texts as it is.
    """
    texts = real("minilm-l6").key
    desk = tmp_path_factory.mktemp("reader")
    made = copied(tmp_path_factory.mktemp("own"), {"efficientnet-lite0": {}, "mobilenet-v2": {}}, alone=True)
    shutil.copy(PACKAGE / "source" / "catalogue" / f"{texts}.toml", made.package / "source" / "catalogue")
    (made.desk / "cache" / "sources").mkdir(parents=True)
    (made.desk / "cache" / "sources" / texts).symlink_to(cache_dir() / "sources" / texts)
    for name in {"photos"} | {words[2].strip("/") for words in commands() if words[:2] == ["headstart", "fit"]}:
        if name.endswith(".csv"):
            rows = [f"{e.content},{'ab'[e.answer]}" for e in tiny_text.texts(40, 2)]
            (desk / name).write_text("\n".join(["text,label", *rows]) + "\n")
        else:
            two_classes(desk / name, 10, side=40)  # so small that a network from scratch is quick
    for name in {words[3].strip("/") for words in commands() if words[:2] == ["headstart", "evaluate"]}:
        two_classes(desk / name, 6, seed=5, side=40)
    adapted = [words for words in commands() if words[:2] == ["headstart", "adapt"]]
    tables = {word for words in adapted for word in words[2:] if word.endswith(".csv")} - {"questions.csv"}
    for seed, name in enumerate(sorted(tables), 3):
        rows = [f"{e.content},{'ab'[e.answer]}" for e in tiny_text.texts(40, 2, seed)]
        (desk / name).write_text("\n".join(["text,label", *rows]) + "\n")
    two_classes(desk / "new", 2, seed=9)
    (desk / "new" / "cane").rename(desk / "more")
    (desk / "new" / "bug" / "00.jpg").rename(desk / "new1.jpg")
    with offered(made):
        yield desk


def test_there_is_something_to_check():
    assert {words[0] for words in commands()} >= {"make", "headstart"}
    assert blocks("python")


def test_make_lines_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {word for words in commands() if words[0] == "make" for word in words[1:]} <= targets


def test_every_command_line_is_of_a_kind_that_is_checked():
    assert {words[0] for words in commands()} <= {"make", "headstart"}


def served(desk: Path, words: list[str]) -> None:
    """Starts a server, asks for its page, and stops it."""
    with subprocess.Popen(
        command("serve", *words, "--port", "0"), cwd=desk, stderr=subprocess.PIPE, text=True
    ) as started:
        said = next(line for line in started.stderr if "http://" in line)
        with urllib.request.urlopen(re.search(r"http://\S+\d", said)[0], timeout=60) as page:
            assert page.status == 200
        started.send_signal(signal.SIGTERM)
    assert started.returncode == 0


def test_commands_and_python_run_as_written(desk):
    done: set[tuple[str, ...]] = set()
    for words in commands():
        if words[:2] == ["headstart", "serve"]:
            served(desk, words[2:])
        elif words[0] == "headstart" and tuple(words) not in done:
            ended = headstart(*words[1:], cwd=desk)
            assert ended.returncode == 0, f"{shlex.join(words)}: {ended.stderr}"
            done.add(tuple(words))
            for file in (words[i + 1] for i, word in enumerate(words) if word in ("--csv", "--out")):
                assert (desk / file).exists(), f"{shlex.join(words)} left no {file}"
    for _, text in blocks("python"):
        with chdir(desk), redirect_stdout(io.StringIO()) as said:
            exec(text, {"__name__": "__main__"})
        assert said.getvalue() or "print" not in text
