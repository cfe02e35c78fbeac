"""A copy of the package with tiny sources of its own, so that what is true of files in it can be tested with others."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_source import ARCHITECTURE, packed, toml

import headstart
import tiny_tail
from headstart.source import _records
from headstart.transfer.baseline import convnet

TESTS, PACKAGE = Path(__file__).parent, Path(headstart.__file__).parent


def copied(desk: Path, records: Mapping[str, Mapping[str, Any]], *, alone: bool = False) -> SimpleNamespace:
    """`package`, the copy, and `env`, with which Python imports it; `desk` is a folder for both and a cache.

    `records`: key → what its record has other than the tiny network's. `alone`: the catalogue has no other records.
    """
    import torch

    package = desk / "src" / "headstart"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    if alone:
        [record.unlink() for record in (package / "source" / "catalogue").glob("*.toml")]
    buffer, known = io.BytesIO(), tiny_tail.source(ARCHITECTURE)
    state = tiny_tail.net(ARCHITECTURE).state_dict()
    torch.save({name: tensor for name, tensor in state.items() if "num_batches" not in name}, buffer)
    tiny = packed(buffer.getvalue(), input=known.input, feature_dim=known.feature_dim)
    tiny.put_into(desk / "wheels")
    for key, changes in records.items():
        (package / "source" / "catalogue" / f"{key}.toml").write_text(toml(replace(tiny.source, **changes)))
    path = os.pathsep.join([str(package.parent), str(TESTS), str(TESTS / "source")])
    own = {"PYTHONPATH": path, "HEADSTART_CACHE": str(desk / "cache"), "HEADSTART_WHEELS": str(desk / "wheels")}
    return SimpleNamespace(desk=desk, package=package, env={**os.environ, **own})


@contextmanager
def offered(made: SimpleNamespace) -> Iterator[None]:
    """Within, this process has the copy's catalogue and cache too; a network from scratch is trained briefly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_records, "_PACKAGED", made.package / "source" / "catalogue")
        for name in ("HEADSTART_CACHE", "HEADSTART_WHEELS"):
            patch.setenv(name, made.env[name])
        patch.setattr(convnet, "EPOCHS", 5)
        patch.setattr(convnet, "LEAST", 30)
        yield
