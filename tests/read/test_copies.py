"""Copies that nothing but their names tell are said."""

import numpy as np
import pytest
from PIL import ImageOps

from headstart.read import read
from hostile import draw


@pytest.mark.parametrize("name", ["{}_flip", "{}_aug1", "{}.rf.0a1b"])
def test_mirrored_copies_by_name_are_told(tmp_path, name):
    rng = np.random.default_rng(8)
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(5):
            picture = draw(i % 2, rng, 48)
            picture.save(tmp_path / label / f"{i}.png")
            ImageOps.mirror(picture).save(tmp_path / label / f"{name.format(i)}.png")
    (note,) = read(tmp_path).notes
    assert note.startswith(f"20 of 20 pictures are called as copies of each other ({name.format(0)}.png of 0)")
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        for label in "ab":
            (tmp_path / split / label).mkdir()
            for file in sorted((tmp_path / label).iterdir()):
                if (file.name[0] in "34") == (split == "test"):
                    file.rename(tmp_path / split / label / file.name)
    for label in "ab":
        (tmp_path / label).rmdir()
    assert not read(tmp_path).notes
