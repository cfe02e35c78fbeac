"""A picture's way to a backbone without torch: the same bytes, and no import of it for a few."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from headstart.source.vision.prepare import FEW, by_numpy, by_torch

LOOKS = """
import sys
import numpy as np
from headstart.source.vision.prepare import FEW, prepare
from headstart.types import InputSpec
spec, picture = InputSpec(32, (0, 0, 0), (1, 1, 1)), np.zeros((40, 50, 3), np.uint8)
for many in range(1, FEW + 2):
    prepare(picture, spec)
    if "torch" in sys.modules:
        sys.exit(many)
"""


@pytest.mark.parametrize("how", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    "shape", [(375, 500, 256, 341), (80, 70, 256, 224), (28, 28, 64, 64), (1500, 1100, 341, 250), (1, 3, 64, 192)]
)
def test_resized_without_torch_a_picture_is_the_same(shape, how):
    height, width, tall, wide = shape
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    one, two = (way(picture, tall, wide, how).astype(int) for way in (by_torch, by_numpy))
    assert one.shape == two.shape == (3, tall, wide)
    assert abs(one - two).max() <= 1
    assert (one != two).mean() < 1e-4, "ties alone are rounded another way"


def test_many_pictures_are_worth_torchs_import_and_few_are_not():
    assert subprocess.run([sys.executable, "-c", LOOKS], timeout=60, check=False).returncode == FEW + 1
