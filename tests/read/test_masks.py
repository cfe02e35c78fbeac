"""Masks are known by name and content together."""

import numpy as np
import pytest
from PIL import Image

from headstart.read.image import read
from hostile import draw

RNG = np.random.default_rng(3)


def mask(path, i):
    grey = np.zeros((48, 48), np.uint8)
    grey[8 : 20 + i, 10 : 30 - i] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(path)


def photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = RNG.integers(0, 90, (48, 48, 3))
    Image.fromarray((np.asarray(draw(0, RNG, 48)) // 2 + noise).astype(np.uint8)).save(path)


@pytest.mark.parametrize(
    "where", ["{c}/{i}_mask.jpg", "{c}/{i}-seg.png", "{c}/{i}_segmentation_1.png", "{c}/masks/{i}.png", "mask_{i}.png"]
)
def test_masks_beside_pictures_are_left_out_and_said(tmp_path, where):
    for c in ("ill", "well"):
        for i in range(8):
            photo(tmp_path / c / f"{i}.png")
            mask(tmp_path / (where if "/" in where else "{c}/" + where).format(c=c, i=i), i)
    task = read(tmp_path)
    assert (sum(task.n.values()), task.labels) == (16, ("ill", "well"))
    assert task.notes[0].startswith("16 files such as ill/")


def test_a_folder_of_masks_beside_that_of_pictures_is_no_class(tmp_path):
    for c in ("ill", "well"):
        for i in range(8):
            photo(tmp_path / "images" / c / f"{i}.png")
            mask(tmp_path / "masks" / c / f"{i}.png", i)
        mask(tmp_path / "masks" / c / "of_none.png", 0)
    task = read(tmp_path)
    assert (sum(task.n.values()), task.labels) == (16, ("ill", "well"))


def test_people_in_masks_are_pictures(tmp_path):
    for i in range(8):
        photo(tmp_path / "bare" / f"{i}.png")
        photo(tmp_path / "bare" / f"{i}_mask.png")
        photo(tmp_path / "mask" / f"{i}.png")
    assert sum(read(tmp_path).n.values()) == 24
