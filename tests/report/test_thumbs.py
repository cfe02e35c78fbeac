"""Thumbnails: the size, the colour, the refusals."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from headstart.errors import UsageError
from headstart.report import thumbs


@pytest.mark.parametrize(
    ("shape", "size"),
    [((300, 400, 3), (160, 120)), ((28, 28, 3), (140, 140)), ((1, 5000, 3), (160, 1)), ((120, 100, 3), (100, 120))],
)
def test_thumbnails_fit_the_square(shape, size):
    data = thumbs.thumbnail(np.full(shape, 200, np.uint8))
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", size)
        assert abs(int(np.asarray(image).mean()) - 200) <= 1


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_thumbnails_refuse_what_is_no_picture(bad):
    with pytest.raises(UsageError, match=r"it takes uint8 RGB \[h, w, 3\]\. Convert"):
        thumbs.thumbnail(bad)
