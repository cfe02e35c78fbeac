"""A tiny source as a person would add their own: a record, a wheel with its weights, a cache without either."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tiny_source import ARCHITECTURE, packed, toml

import tiny_tail
from headstart.transfer.baseline import convnet
from headstart.types import Source


@contextmanager
def offered(folder: Path, architecture: str = ARCHITECTURE) -> Iterator[Source]:
    """Within, `--source tiny` is `tiny_tail`'s network, and the cache is an empty one below `folder`.

    A network from scratch is trained briefly: what it could learn is tested in tests/transfer/test_scratch.py.
    """
    import torch

    buffer = io.BytesIO()
    state = tiny_tail.net(architecture).state_dict()
    torch.save({name: tensor for name, tensor in state.items() if "num_batches" not in name}, buffer)
    known = tiny_tail.source(architecture)
    tiny = packed(buffer.getvalue(), architecture=architecture, input=known.input, feature_dim=known.feature_dim)
    tiny.put_into(folder / "wheels")
    (folder / "records").mkdir()
    (folder / "records" / "tiny.toml").write_text(toml(tiny.source))
    with pytest.MonkeyPatch.context() as patch:
        for name, place in (("CACHE", "cache"), ("WHEELS", "wheels"), ("SOURCES", "records")):
            patch.setenv(f"HEADSTART_{name}", os.fspath(folder / place))
        patch.setattr(convnet, "EPOCHS", 5)
        patch.setattr(convnet, "LEAST", 30)
        yield tiny.source
