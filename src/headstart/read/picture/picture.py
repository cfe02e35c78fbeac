"""One picture file → RGB pixels, upright, 8 bits, on white.

In: a path or the file's bytes. Out: uint8 [h, w, 3]. Ordinary JPEG goes through simplejpeg, all else
through Pillow. Does not know colour profiles; on which scale deep pictures are read it is told (`Pixels`).
"""

from __future__ import annotations

import io
import re
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ...errors import HeadstartError
from ...pixels import PLAIN, Pixels
from .suffixes import looks_like_picture

DECODE_VERSION = 1  # raise when decoding or resizing changes what comes out: what is remembered is then not used
SQUASHED = 512  # pixels a side of a squashed picture at most: more than any packaged source takes
BAR = 127  # grey of the bars beside a letterboxed picture
MAX_PIXELS = 100_000_000
MAX_BYTES = 1 << 29  # of the file; a film renamed .jpg must not fill the memory
# No EPS (starts Ghostscript), nothing without a signature (TGA), no drawings, documents or films.
FORMATS = "JPEG PNG GIF BMP DIB PPM TIFF WEBP AVIF JPEG2000 PCX SGI ICO ICNS PSD".split()
# All that Pillow's format readers have been seen to raise on damaged bytes.
_DAMAGE = (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, LookupError, TypeError,
           AttributeError, ArithmeticError, RuntimeError, Image.DecompressionBombError)  # fmt: skip
_ORIENTATION = 0x0112


class Unreadable(HeadstartError):
    """A file that gives no pixels.

    `reason` is a key ("missing", "empty", "not_an_image", "truncated", "too_large", "unreadable"),
    `detail` a sentence for a person. `lasting` is false where the file may be read another time.
    """

    def __init__(self, reason: str, detail: str, *, lasting: bool = True) -> None:
        self.reason, self.detail, self.lasting = reason, detail, lasting
        super().__init__(detail)


def decode(source: Path | bytes, how: Pixels = PLAIN, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """RGB pixels [h, w, 3], contiguous and writable; the first frame where there are several.

    Args:
        source: a file, or its bytes.
        how: the scale of pictures deeper than 8 bits, and how they are made square, where that is wanted.
        max_pixels: the most that a header may promise.

    Raises:
        Unreadable: the file is missing, empty, no picture, cut short, damaged, has more than `max_pixels` pixels or
            more than memory holds.
    """
    data = source if isinstance(source, bytes) else file_bytes(source)
    if not data:
        raise Unreadable("empty", "The file is empty (0 bytes).")
    try:
        if data[:3] == b"\xff\xd8\xff":
            pixels = _plain_jpeg(data, max_pixels)
            if pixels is not None:
                return fitted(pixels, how.fit)
        return fitted(_pillow(data, max_pixels, how), how.fit)
    except MemoryError:
        detail = "There was not enough memory to read it; it may be damaged or very large."
        raise Unreadable("unreadable", detail, lasting=False) from None


def deep_range(data: bytes) -> tuple[float, float]:
    """The 0.1 and 99.9 percentiles of a picture deeper than 8 bits; (0, 0) of any other.

    Raises:
        Unreadable: it cannot be decoded.
    """
    if data[:3] == b"\xff\xd8\xff":
        return 0.0, 0.0
    with _pillow_quiet():
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if not _is_deep(image):
                    return 0.0, 0.0
                image.load()
                x = np.asarray(image, np.float64)
        except _DAMAGE as e:
            raise _damaged(data, e) from None
    low, high = np.quantile(x[np.isfinite(x)], (0.001, 0.999)) if np.isfinite(x).any() else (0.0, 0.0)
    return float(low), float(high)


def has_frames(data: bytes) -> bool:
    """Whether there are further frames or pages, of which `decode` does not see one."""
    if data[:3] == b"\xff\xd8\xff":
        return False
    with _pillow_quiet():
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                image.seek(1)
                return image.format != "PSD"  # whose layers are no frames
        except _DAMAGE:
            return False


def file_bytes(path: Path) -> bytes:
    """All bytes of a regular file. Raises `Unreadable` where there is none, it is too big or may not be read."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):  # reading a named pipe would wait for ever
            raise Unreadable("unreadable", "This is not a regular file.")
        if info.st_size > MAX_BYTES:
            raise Unreadable("too_large", f"The file has {info.st_size:,} bytes; the limit is {MAX_BYTES:,}.")
        return path.read_bytes()
    except FileNotFoundError:
        detail = "The link points to a file that is not there." if path.is_symlink() else "There is no such file."
        raise Unreadable("missing", detail) from None
    except (OSError, ValueError) as e:  # ValueError: a NUL in the path
        raise Unreadable("unreadable", f"The file cannot be opened: {getattr(e, 'strerror', None) or e}.") from None


def suffix_of(data: bytes) -> str:
    """The file suffix that fits the bytes; ".img" where they are of no common kind.

    >>> suffix_of(b"GIF89a...")
    '.gif'
    """
    kinds = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG", ".png"), (b"GIF8", ".gif"), (b"RIFF", ".webp"), (b"BM", ".bmp"),
             (b"II", ".tif"), (b"MM", ".tif"))  # fmt: skip
    return next((suffix for magic, suffix in kinds if data.startswith(magic)), ".img")


def _plain_jpeg(data: bytes, max_pixels: int) -> NDArray[np.uint8] | None:
    """The fast path; None where Pillow must judge (turned, CMYK, or libjpeg complains)."""
    import simplejpeg

    try:
        h, w, space, _ = simplejpeg.decode_jpeg_header(data)
        _check_size(w, h, max_pixels)
        if space not in ("YCbCr", "RGB", "Gray") or not _is_upright(data):
            return None
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:  # simplejpeg refuses warnings that Pillow, rightly, lets pass
        return None
    return pixels


def _is_upright(jpeg: bytes) -> bool:
    """Whether no EXIF or XMP in the JPEG's header asks for a turn; False also where that cannot be told."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, size = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xDA:  # start of the scan: no more header
            return True
        part = jpeg[at + 4 : at + 2 + size]
        if marker == 0xE1 and part.startswith(b"Exif\0\0") and _exif_orientation(part[6:]) != 1:
            return False
        if marker == 0xE1 and re.search(rb'tiff:Orientation(="|>)[^1]', part):
            return False
        at += 2 + size
    return False


def _exif_orientation(tiff: bytes) -> int:
    """The orientation tag of an EXIF block's first directory: 1 where there is none, 0 where it cannot be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return 0
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for i in range(entries):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * i)
            if tag == _ORIENTATION:
                return int(value) if kind == 3 else 0
    except struct.error:
        return 0
    return 1


def _pillow(data: bytes, max_pixels: int, how: Pixels = PLAIN) -> NDArray[np.uint8]:
    """Decode with Pillow; every way to fail becomes `Unreadable`."""
    with _pillow_quiet():
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(*image.size, max_pixels)
                image.load()
                return _rgb(image, how)
        except Image.DecompressionBombError as e:
            raise Unreadable("too_large", f"{e}".split(",")[0] + f"; the limit is {max_pixels:,} pixels.") from None
        except UnidentifiedImageError:
            raise _unidentified(data) from None
        except _DAMAGE as e:
            raise _damaged(data, e) from None


def _check_size(w: int, h: int, max_pixels: int) -> None:
    if w * h > max_pixels:
        raise Unreadable("too_large", f"The header says {w} × {h} pixels; the limit is {max_pixels:,} in all.")


def _unidentified(data: bytes) -> Unreadable:
    if data[4:12] in (b"ftypheic", b"ftypmif1"):
        return Unreadable("unreadable", "HEIC pictures cannot be read here; save it as JPEG or PNG.")
    if looks_like_picture(data[:16]):
        return Unreadable("truncated", "It starts like a picture, but its header is cut short or damaged.")
    return Unreadable("not_an_image", "The content is not that of any picture format that can be read.")


def _damaged(data: bytes, error: Exception) -> Unreadable:
    said = f"{error}" or type(error).__name__
    riff_short = data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 > len(data)
    ends_early = isinstance(error, (EOFError, struct.error)) or re.search(
        "(?i)truncated|unexpected end|not enough", said
    )
    if riff_short or ends_early:
        return Unreadable("truncated", "The file ends before the picture does.")
    return Unreadable("unreadable", f"The picture is damaged: {said.rstrip('.')}.")


def _is_deep(image: Image.Image) -> bool:
    """Whether it has more than 8 bits a pixel."""
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


def _rgb(image: Image.Image, how: Pixels = PLAIN) -> NDArray[np.uint8]:
    if image.getexif().get(_ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if how.scaled and _is_deep(image):
        x = np.nan_to_num(np.asarray(image, np.float32), nan=how.low, posinf=how.high, neginf=how.low)
        return _grey(np.rint(((x - how.low) * (255 / (how.high - how.low))).clip(0, 255)).astype(np.uint8))
    if image.mode.startswith("I;16"):
        return _grey(np.asarray(image) >> 8)
    if image.mode in ("I", "F"):
        return _grey(_to_8_bits(np.asarray(image)))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        image = Image.alpha_composite(white, seen)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def fitted(pixels: NDArray[np.uint8], fit: str) -> NDArray[np.uint8]:
    """All of a picture [h, w, 3] as a square: its shape changed ("squash"), or grey bars beside it ("letterbox")."""
    height, width = pixels.shape[:2]
    if fit == "centre" or height == width:
        return pixels
    side = max(height, width)
    if fit == "squash":
        side = min(side, SQUASHED)
        return np.array(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
    out = np.full((side, side, 3), BAR, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    out[top : top + height, left : left + width] = pixels
    return out


def _grey(a: NDArray[np.generic]) -> NDArray[np.uint8]:
    """[h, w] of 0..255 → [h, w, 3]."""
    out = np.empty((*a.shape, 3), np.uint8)
    out[:] = a[..., None]
    return out


def _to_8_bits(a: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey of 32 bits [h, w] → 0..255. The range says the scale: 1, 255, 65535, else from darkest to brightest."""
    x = np.nan_to_num(a.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(x.min()), float(x.max())
    scales = (255.0, 65535.0) if np.issubdtype(a.dtype, np.integer) else (1.0, 255.0)
    top = scales[0] if high <= scales[0] else scales[1]
    if low < 0 or high > top:
        x, top = x - low, max(high - low, 1e-12)
    return np.asarray(np.rint(x * np.float32(255 / top)), np.uint8)


_lock = threading.Lock()
_inside = 0
_filters = ExitStack()


@contextmanager
def _pillow_quiet() -> Iterator[None]:
    """No warnings from inside Pillow meanwhile; the filters are as before when the last thread leaves.

    `catch_warnings` alone would leave the filters changed when threads enter and leave out of order.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _filters.close()
