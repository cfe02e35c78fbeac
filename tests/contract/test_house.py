"""The house itself: file sizes, light imports, the public door, and verbs that are found by their name."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headstart
from headstart.family import load, names

ROOT = Path(headstart.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
HEAVY = [
    "torch",
    "torchvision",
    "timm",
    "sklearn",
    "scipy",
    "datasets",
    "skimage",
    "openvino",
    "accelerate",
    "matplotlib",
]
_SHOW = f"\nimport sys; sys.stderr.write('HEAVY:' + ' '.join(m for m in {HEAVY} if m in sys.modules))"


def child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_small_and_say_what_they_are(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400, f"{path.name} has over 400 lines; split it by what its parts do"
    assert text.startswith(('"""', 'r"""')), f"{path.name} has no docstring"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_pickled_or_evaluated(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from) (dill|joblib|marshal|shelve)\b", text, re.M)
    assert not re.search(r"\bpickle\.(load|loads|dump|dumps|Unpickler|Pickler)\b", text), (
        "its errors may be named, no more"
    )
    assert not re.search(r"(?<![.\w])(eval|exec)\(", text)
    for call in re.findall(r"torch\.load\(.*", text):
        assert "weights_only=True" in call, call
    for call in re.findall(r"np\.load\(.*", text):
        assert "allow_pickle=False" in call, call


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_whole_files_are_written_by_runtime_alone(path):
    if path.name == "runtime.py":
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\.write_(text|bytes)\(|open\([^)]*[\"']w", text), "use runtime.write: all of a file or none"


def test_importing_is_light():
    assert child("import headstart" + _SHOW).stderr == "HEAVY:"


def test_help_is_light_and_lists_every_verb():
    code = "import sys; sys.argv = ['headstart', '--help']\nfrom headstart.cli import main\ntry:\n    main()\n"
    said = child(code + "except SystemExit as end:\n    assert not end.code" + _SHOW)
    assert said.stderr == "HEAVY:"
    for verb in names("cli"):
        assert re.search(rf"^\W*{verb}\b", said.stdout, re.M), f"{verb} is not in the help"


@pytest.mark.parametrize("name", names("cli"))
def test_a_verb_is_a_command_or_a_group(name):
    verb = load("cli", name)
    assert verb.__doc__.lstrip("`").startswith(f"headstart {name}"), "its first line shows how it is called"
    if hasattr(verb, "app"):
        assert not hasattr(verb, "run")
        assert verb.app.registered_commands
        commands = [command.callback for command in verb.app.registered_commands]
    else:
        assert inspect.isfunction(verb.run)
        commands = [verb.run]
    assert all(command.__doc__ for command in commands)


@pytest.mark.parametrize("name", sorted({*names("cli")} - {"report"}))
def test_a_verb_has_its_function(name):
    """`report` is `Run.report`: a function of that name would be hidden by the folder `headstart.report`."""
    assert callable(getattr(headstart, name))


def test_no_function_of_the_door_is_hidden_by_a_folder():
    folders = {path.parent.name for path in Path(headstart.__file__).parent.glob("*/__init__.py")}
    assert not folders & {*headstart.__all__}


def test_the_public_door():
    """Changed only on purpose."""
    assert headstart.__all__ == [
        "HeadstartError", "Run", "__version__", "adapt", "cache", "check", "demo", "distil", "embed", "evaluate",
        "export", "fit", "load", "predict", "rank", "search", "serve", "sources", "torchvision_cure",
    ]  # fmt: skip
    assert dir(headstart) == headstart.__all__
    for name in headstart.__all__:
        assert getattr(headstart, name) is not None


def test_what_is_not_behind_the_door():
    with pytest.raises(AttributeError, match="module 'headstart' has no attribute 'fitt'; it has HeadstartError, Run"):
        headstart.fitt  # noqa: B018
