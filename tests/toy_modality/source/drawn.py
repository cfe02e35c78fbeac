"""Loader: weights that are computed: waves of several lengths, a sine and a cosine each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..runtime import cache_dir, write
from ..types import Source

ORIGIN = ()  # what a record's [origin] must give


def pulled(source: Source) -> bool:
    """Whether it needs no network: always."""
    return True


def fetch(source: Source) -> Path:
    """The path of the weights, as safetensors."""
    from safetensors.numpy import save

    path = cache_dir() / "sources" / f"{source.key}.safetensors"
    if not path.exists():
        from .modality.curve import WIDTH

        at, lengths = np.arange(WIDTH), 2.0 ** np.arange(1, 1 + source.widths[0] // 2)
        waves = [f(2 * np.pi * at / length) for length in lengths for f in (np.sin, np.cos)]
        write(path, save({"filters": np.array(waves, np.float32)[:, None] / WIDTH}))
    return path
