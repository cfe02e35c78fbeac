"""One scale for deep pictures and one fit for pictures far from square, on drawn files."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from headstart.errors import UsageError
from headstart.pixels import PLAIN, Pixels
from headstart.read import read
from headstart.read.picture.look import Look
from headstart.read.picture.picture import BAR, decode, deep_range
from headstart.read.picture.scale import chosen


def looks(*shapes: tuple[int, int], high: float = 0.0) -> list[Look]:
    return [Look("d", height, width, high=high) for width, height in shapes]


def test_usual_pictures_are_read_as_they_always_were():
    assert chosen(looks((640, 480), (480, 640), (500, 333)), None) == (PLAIN, ())
    assert chosen([], None) == (PLAIN, ())


@pytest.mark.parametrize(
    ("shapes", "fit"),
    [
        ([(960, 64)] * 9, "squash"),
        ([(960, 64), (64, 960)] * 5, "letterbox"),
        ([(960, 64)] * 4 + [(90, 90)] * 6, "centre"),
    ],
)
def test_the_fit_follows_from_the_shapes(shapes, fit):
    pixels, notes = chosen(looks(*shapes), None)
    assert pixels.fit == fit
    assert bool(notes) == (fit != "centre")


def test_a_person_decides_before_the_shapes_do():
    assert chosen(looks((960, 64)), "letterbox")[0] == Pixels(fit="letterbox")
    with pytest.raises(UsageError, match="--crop round is not known; allowed: centre, squash, letterbox"):
        chosen([], "round")


def test_pictures_that_share_no_scale_are_told():
    pixels, (note,) = chosen([Look("d", 8, 8, high=h) for h in [1.0] * 40 + [255.0] * 40], None)
    assert pixels.high == 255
    assert "their brightest pixels differ: 1 in some, 255 in others; on that scale 40 are nearly black" in note


def test_a_letterbox_keeps_the_shape_and_squashing_does_not(tmp_path):
    strip = np.zeros((16, 80, 3), np.uint8)
    strip[:, :40] = 200
    Image.fromarray(strip).save(tmp_path / "strip.png")
    boxed = decode(tmp_path / "strip.png", Pixels(fit="letterbox"))
    assert boxed.shape == (80, 80, 3)
    assert (boxed[:32] == BAR).all()
    assert (boxed[32:48] == strip).all()
    squashed = decode(tmp_path / "strip.png", Pixels(fit="squash"))
    assert squashed.shape == (80, 80, 3)
    assert (squashed[:, 10] == 200).all()
    assert (squashed[:, 70] == 0).all()


@pytest.mark.parametrize("mode", [np.uint16, np.int32, np.float32])
def test_a_scale_is_linear_and_clipped(tmp_path, mode):
    values = np.linspace(0, 4000, 400).reshape(20, 20).astype(mode)
    Image.fromarray(values).save(tmp_path / "deep.tif")
    data = (tmp_path / "deep.tif").read_bytes()
    assert deep_range(data) == pytest.approx((4.0, 3996.0), abs=4)
    shown = decode(data, Pixels(1000, 3000))[..., 0].astype(float)
    np.testing.assert_allclose(shown, ((values - 1000.0) * 255 / 2000).clip(0, 255), atol=0.51)


def test_what_no_number_is_is_black(tmp_path):
    values = np.full((8, 8), 0.5, np.float32)
    values[0, 0], values[0, 1] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "gaps.tif")
    shown = decode(tmp_path / "gaps.tif", Pixels(0.0, 1.0))[..., 0]
    assert (shown[0, 0], shown[0, 1], shown[5, 5]) == (0, 255, 128)


def test_the_scale_rests_on_what_may_be_learnt_from(tmp_path):
    rng = np.random.default_rng(0)
    for split, top in (("train", 1000), ("test", 4000)):
        for label in "ab":
            (tmp_path / split / label).mkdir(parents=True)
            for at in range(6):
                x = (rng.random((24, 24)) * top).astype(np.uint16)
                Image.fromarray(x).save(tmp_path / split / label / f"{at}.png")
    assert 900 < read(tmp_path).pixels.high <= 1000
