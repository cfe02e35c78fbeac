import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from headstart.read.picture.look import look_at
from headstart.read.picture.picture import Unreadable, decode
from hostile import bomb, draw, grey16, turned_jpeg

RNG = np.random.default_rng(0)
PHOTO = draw(1, RNG)


def saved(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corners():
    """A 40 × 60 picture whose quarters are red, green, blue and white."""
    a = np.zeros((40, 60, 3), np.uint8)
    a[:20, :30], a[:20, 30:], a[20:, :30], a[20:, 30:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
    return a


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}])
def test_plain_jpeg_gives_the_pixels_that_pillow_gives(options):
    data = saved(PHOTO, "JPEG", **options)
    ours = decode(data)
    assert ours.dtype == np.uint8
    assert ours.flags.c_contiguous
    assert ours.flags.writeable
    np.testing.assert_array_equal(ours, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_exif_rotation_is_applied_to_the_pixels():
    out = decode(turned_jpeg(Image.fromarray(corners())))
    assert out.shape == (40, 60, 3)
    assert (
        np.abs(out[[5, 5, 35, 35], [5, 55, 5, 55]].astype(int) - corners()[[5, 5, 35, 35], [5, 55, 5, 55]]).max() < 12
    )


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_exif_orientation_agrees_with_pillow(kind, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    data = saved(Image.fromarray(corners()), kind, exif=exif)
    from PIL import ImageOps

    held = Image.open(io.BytesIO(data))
    held.load()
    np.testing.assert_array_equal(decode(data), np.asarray(ImageOps.exif_transpose(held).convert("RGB")))


def test_16_bit_grey_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 256 * 4).astype(np.uint16).reshape(4, 256)
    for kind in ("PNG", "TIFF"):
        out = decode(saved(Image.fromarray(ramp), kind))
        assert np.abs(out[..., 0] - ramp / 257).max() <= 1
        assert (out == out[..., :1]).all()


def test_16_bit_colour_and_float_tiff_are_scaled():
    import tifffile

    ramp = np.linspace(0, 65535, 48 * 3).astype(np.uint16).reshape(6, 8, 3)
    out = io.BytesIO()
    tifffile.imwrite(out, ramp, photometric="rgb")
    assert np.abs(decode(out.getvalue()) - ramp / 257).max() <= 1
    floats = saved(Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)), "TIFF")
    np.testing.assert_allclose(decode(floats)[..., 0].ravel(), np.linspace(0, 255, 64), atol=0.51)


def test_cmyk_adobe_inverted_or_not():
    rgb = Image.fromarray(corners())
    for kind in ("JPEG", "TIFF"):
        out = decode(saved(rgb.convert("CMYK"), kind)).astype(int)
        assert np.abs(out[[5, 5, 35, 35], [5, 55, 5, 55]] - corners()[[5, 5, 35, 35], [5, 55, 5, 55]]).max() < 12


def test_what_is_transparent_is_white():
    rgba = np.zeros((10, 10, 4), np.uint8)
    rgba[:, :5] = (200, 10, 10, 255)
    rgba[:, 5:] = (0, 0, 0, 0)
    rgba[9, :] = (0, 0, 0, 128)
    out = decode(saved(Image.fromarray(rgba)))
    assert out[0, 0].tolist() == [200, 10, 10]
    assert out[0, 9].tolist() == [255, 255, 255]
    assert np.abs(out[9].astype(int) - 127).max() <= 1
    palette = Image.fromarray(np.repeat(np.arange(2, dtype=np.uint8), 50).reshape(10, 10), "P")
    palette.putpalette([0, 0, 0, 9, 99, 199])
    out = decode(saved(palette, transparency=0))
    assert out[0, 0].tolist() == [255, 255, 255]
    assert out[9, 9].tolist() == [9, 99, 199]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame(kind):
    frames = [Image.new("RGB", (20, 10), c) for c in ("red", "green", "blue")]
    data = saved(
        frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    assert decode(data)[5, 5].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16"])
def test_every_mode_gives_rgb(mode):
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(PHOTO, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    elif mode == "I;16":
        image = grey16(PHOTO)
    else:
        image = PHOTO.convert("L").convert(mode) if mode in ("I", "F") else PHOTO.convert(mode)
    out = decode(saved(image, "TIFF"))
    assert out.shape == (96, 96, 3)
    assert out.std() > 10


def test_a_bomb_is_refused_from_its_header():
    with pytest.raises(Unreadable, match="the limit is 100,000,000 pixels") as e:
        decode(bomb())
    assert e.value.reason == "too_large"
    for kind in ("JPEG", "PNG"):
        with pytest.raises(Unreadable, match="96 × 96 pixels; the limit is 9,000") as e:
            decode(saved(PHOTO, kind), max_pixels=9_000)
        assert e.value.reason == "too_large"


def test_between_pillows_warning_and_our_limit_a_picture_is_read_without_a_warning():
    data = saved(Image.new("1", (9_500, 9_500)), "BMP")
    assert decode(data).shape == (9_500, 9_500, 3)


def test_reasons(tmp_path):
    whole = saved(PHOTO, "JPEG")
    for data, reason in [
        (b"", "empty"),
        (b"hello, world", "not_an_image"),
        (whole[: len(whole) // 2], "truncated"),
        (whole[:30], "truncated"),
        (saved(PHOTO)[:20], "truncated"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "unreadable"),
    ]:
        with pytest.raises(Unreadable) as e:
            decode(data)
        assert e.value.reason == reason, data[:10]
    with pytest.raises(Unreadable, match="There is no such file") as e:
        decode(tmp_path / "gone.jpg")
    assert e.value.reason == "missing"
    with pytest.raises(Unreadable, match="not a regular file"):
        decode(tmp_path)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP"]),
    where=st.lists(st.floats(0, 0.999), min_size=1),
    to=st.binary(min_size=1),
)
def test_damage_gives_pixels_or_a_reason_and_nothing_else(kind, where, to):
    data = bytearray(saved(PHOTO.resize((24, 24)), kind))
    for n, part in enumerate(where):
        data[int(part * len(data))] = to[n % len(to)]
    try:
        assert decode(bytes(data)).shape[2] == 3
    except Unreadable as e:
        assert e.reason in {"not_an_image", "truncated", "unreadable", "too_large"}  # noqa: PT017


def test_threads_leave_the_warning_filters_as_they_were():
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(decode, [saved(PHOTO)] * 60))) == 60
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    ("kind", "module", "name"), [("PNG", "PIL.Image", "open"), ("JPEG", "simplejpeg", "decode_jpeg")]
)
def test_too_little_memory_is_not_remembered_as_damage(tmp_path, monkeypatch, kind, module, name):
    def full(*_args, **_options):
        raise MemoryError

    path = tmp_path / "a"
    path.write_bytes(saved(PHOTO, kind))
    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.{name}", full)
        (look,) = look_at([path], "memory")
    assert (look.reason, look.digest) == ("unreadable", "")
    assert "not enough memory" in look.detail
    (again,) = look_at([path], "memory")
    assert (again.reason, len(again.digest)) == ("", 64)
