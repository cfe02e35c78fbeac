"""The door: help that is quick and friendly, verbs found by file name."""

import subprocess
import sys

from drawn import headstart
from headstart import __version__
from headstart.family import names

HEAVY = ("torch", "timm", "sklearn", "scipy", "datasets", "torchvision", "skimage", "openvino", "accelerate", "numpy")


def test_help_lists_every_verb_whole():
    assert headstart("--version").stdout == f"headstart {__version__}\n"
    said = headstart("--help")
    assert said.returncode == 0
    for verb in names("cli"):
        assert f"\n  {verb} " in said.stdout
    listed = said.stdout.split("Commands:")[1]
    assert "..." not in listed  # no sentence is cut off


def test_no_arguments_is_a_call_for_help():
    bare = headstart()
    assert bare.returncode == 2
    assert "Usage:" in bare.stdout + bare.stderr


def test_help_imports_nothing_heavy():
    probe = (
        "import sys\nsys.argv = ['headstart', '--help']\nfrom headstart.cli import main\n"
        f"try:\n    main()\nexcept SystemExit:\n    pass\nsys.exit(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.stderr.split() == []
    assert "Usage:" in done.stdout


def test_a_wrong_verb_suggests_the_right_one():
    done = headstart("fot")
    assert done.returncode == 2
    assert "Did you mean 'fit'?" in done.stderr


def test_the_choices_in_the_help_are_the_members_of_the_families():
    said = " ".join(headstart("fit", "--help").stdout.split())
    assert ", ".join(names("transfer")) in said
    assert all(engine in said for engine in names("extract/engine"))


def test_options_stand_in_sections():
    said = headstart("fit", "--help").stdout
    titles = [line.rstrip(":") for line in said.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Arguments", "Data", "Sources", "Search", "Verdict", "Output", "Options"]
    assert "--metric" in said.split("Verdict:")[1].split("Output:")[0]
