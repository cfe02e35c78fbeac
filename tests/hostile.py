"""A folder of two classes with good pictures of every kind and files that mean harm, drawn from a seed."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("caña de azúcar", "虫 bugs")


def draw(kind: int, rng: np.random.Generator, size: int = 96) -> Image.Image:
    """A picture of class 0 (upright green canes) or 1 (round dark bugs), never twice the same."""
    noise = rng.normal(0, 12, (size, size, 3))
    ground = np.array([[150, 190, 220], [200, 180, 140]][kind]) + rng.normal(0, 10, 3)
    image = Image.fromarray(np.clip(ground + noise, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.integers(4, 8)):
        x, y, r = (int(v) for v in rng.integers([5, 5, 4], [size - 5, size - 5, 11]))
        if kind == 0:
            pen.rectangle([x, 0, x + r // 2, size], fill=(int(rng.integers(20, 70)), int(rng.integers(110, 170)), 40))
        else:
            pen.ellipse([x - r, y - r, x + r, y + r], fill=(int(rng.integers(20, 60)), 20, int(rng.integers(10, 40))))
    return image


def make(folder: Path, seed: int = 0) -> tuple[set[str], dict[str, str]]:
    """Draw the folder.

    Returns:
        The names of the good pictures, and the reason of each bad one; posix paths relative to `folder`.
    """
    rng = np.random.default_rng(seed)
    good: set[str] = set()
    for kind, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True)
        for i in range(14):
            name = ("{} {}.jpg", "foto ñ {} {}.png", "写真 {} {}.webp")[i % 3].format(label[0], i)
            draw(kind, rng).save(folder / label / name)
            good.add(f"{label}/{name}")
        good |= {f"{label}/{name}" for name in _odd(folder / label, kind, rng)}
    (folder / "SOURCE.md").write_text("drawn")
    (folder / CLASSES[0] / "notes.txt").write_text("no picture")
    (folder / CLASSES[0] / ".hidden.jpg").write_bytes(b"hidden")
    bad = {f"{CLASSES[0]}/{name}": reason for name, reason in _bad(folder / CLASSES[0], rng).items()}
    return good, bad


def turned_jpeg(upright: Image.Image) -> bytes:
    """A JPEG stored lying on its side, with the EXIF tag that sets it upright again."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to show
    out = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of under 100 bytes whose header promises 50000 × 50000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def grey16(image: Image.Image, size: tuple[int, int] | None = None) -> Image.Image:
    """The same picture as 16-bit grey over the full range."""
    grey = image.convert("L") if size is None else image.convert("L").resize(size)
    return Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)


def _odd(folder: Path, kind: int, rng: np.random.Generator) -> list[str]:
    """Pictures that are good but not plain RGB."""
    draw(kind, rng).convert("CMYK").save(folder / "cmyk.jpg")
    draw(kind, rng).convert("L").save(folder / "grey.jpg")
    (folder / "turned.JPG").write_bytes(turned_jpeg(draw(kind, rng)))
    grey16(draw(kind, rng)).save(folder / "16 bit.png")
    frames = [draw(kind, rng) for _ in range(3)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    draw(kind, rng).convert("P").save(folder / "palette.png", transparency=3)
    draw(kind, rng).convert("RGBA").save(folder / "alpha.png")
    names = ["cmyk.jpg", "grey.jpg", "turned.JPG", "16 bit.png", "animated.gif", "palette.png", "alpha.png"]
    if kind == 1:
        grey16(draw(kind, rng), (6000, 4000)).save(folder / "huge.tiff", compression="tiff_lzw")
        names.append("huge.tiff")
    return names


def _bad(folder: Path, rng: np.random.Generator) -> dict[str, str]:
    """Files that must be set aside, with the reason."""
    for suffix in ("jpg", "png", "webp", "gif"):
        whole = io.BytesIO()
        draw(0, rng).save(whole, {"jpg": "JPEG"}.get(suffix, suffix.upper()))
        (folder / f"cut {suffix}.{suffix}").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (folder / "zero.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("This is a shopping list: eggs, milk.\n" * 20)
    (folder / "bömb.png").write_bytes(bomb())
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "itself.jpg").symlink_to(folder / "itself.jpg")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop").symlink_to(folder.parent, target_is_directory=True)
    return {
        **{f"cut {s}.{s}": "truncated" for s in ("jpg", "png", "webp", "gif")},
        "zero.jpg": "empty",
        "text.jpg": "not_an_image",
        "bömb.png": "too_large",
        "gone.jpg": "missing",
        "itself.jpg": "unreadable",
        "pipe.png": "unreadable",
    }
