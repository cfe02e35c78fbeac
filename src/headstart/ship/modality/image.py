"""Pictures to be predicted or embedded: files, folders, tables, paths on standard input, or pictures in memory.

Out: an `Input` a picture, its example without a label. What lies in memory
(bytes, an open file, a PIL picture, an array) is written below a folder of the caller's, exactly as it is: all
that looks at pictures reads files, and knows them by their bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...pixels import PLAIN, Pixels
from ...read import ReadOptions
from ...read._record import Shape
from ...read.folder.walk import expand
from ...read.picture.picture import MAX_PIXELS, Unreadable, decode, file_bytes, fitted
from ...read.picture.picture import suffix_of as picture_suffix
from ...read.table.formats import suffix_of
from ...runtime import write
from ...types import Example
from .._input import Input, rows_of

SHAPES = "[h, w], [h, w, 1], [h, w, 3] or [h, w, 4]"


def single(given: Any) -> bool:  # noqa: ANN401 - whatever a person holds
    """A PIL picture, or an array of the shape of one."""
    array = getattr(given, "ndim", None)
    return hasattr(given, "getexif") or array == 2 or (array == 3 and given.shape[2] in (1, 3, 4))


def inputs(
    given: Iterable[Any], folder: Path, shape: Shape, how: Pixels = PLAIN, options: ReadOptions = ReadOptions()
) -> Iterator[Input]:
    """See `_inputs.Modality`."""
    for number, one in enumerate(given, 1):
        if isinstance(one, str | Path):
            for path in expand([one], shape.wanted):
                yield from _rows(path, shape, how, options) or [Input(str(path), _example(path, how))]
            continue
        shown = str(getattr(one, "filename", "") or getattr(one, "name", "") or f"input {number}")
        try:
            data = _bytes(one)
        except (ValueError, OSError) as problem:
            yield Input(shown, str(problem))
            continue
        path = folder / f"{number}{picture_suffix(data)}"
        write(path, data)
        yield Input(shown, _example(path, how))


def held(given: Any, how: Pixels = PLAIN, most: int = MAX_PIXELS) -> tuple[Example, Any]:  # noqa: ANN401
    """See `_inputs.Modality`: RGB pixels, uint8 [h, w, 3]."""
    import numpy as np

    if isinstance(given, np.ndarray) and given.dtype == np.uint8 and given.shape[2:] == (3,):
        return Example("", ""), fitted(np.ascontiguousarray(given), how.fit)
    try:
        data = _bytes(given)
    except ValueError as problem:
        raise DataError(str(problem)) from None
    return Example("", ""), decode(data, how, max_pixels=most)


def _rows(path: Path, shape: Shape, how: Pixels, options: ReadOptions) -> Iterator[Input] | None:
    """The pictures that a table names or holds; None where the path is none, nor a folder with one alone."""
    if not path.is_dir() and not suffix_of(path):
        return None
    return rows_of(path, shape, lambda _, file: _example(file, how) if file else "The row names no picture.", options)


def _example(path: Path, how: Pixels) -> Example | str:
    """The file as an example without a label, or the reason why it cannot be opened; it is not decoded yet."""
    if path.is_dir():
        return "The folder holds no pictures."
    try:
        data = file_bytes(path)
    except Unreadable as error:
        return error.detail
    return Example(str(path.absolute()), how.name(hashlib.sha256(data).hexdigest()), pixels=how)


def _bytes(given: Any) -> bytes:  # noqa: ANN401 - whatever a person holds
    """A picture in memory as the bytes of a file; pixels as PNG, which keeps them as they are.

    Raises:
        ValueError: it is no picture; says what is allowed.
        OSError: a file object cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps

    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if hasattr(given, "read"):
        read = given.read()
        if isinstance(read, str):
            raise ValueError("This file was opened as text. Open it with mode 'rb'.")
        return bytes(read)
    if isinstance(given, np.ndarray):
        pixels = given[..., 0] if given.shape[2:] == (1,) else given
        kind = (str(pixels.dtype), pixels.ndim, *pixels.shape[2:])
        if kind not in (("uint8", 2), ("uint8", 3, 3), ("uint8", 3, 4), ("uint16", 2)):
            raise ValueError(
                f"This array is {given.dtype} {list(given.shape)}; a picture is uint8 {SHAPES}, 0 black and 255 white, "
                "or uint16 [h, w] as in a 16-bit file. Convert it, e.g. (255 * x).astype('uint8') of values from 0 "
                "to 1."
            )
        given = Image.fromarray(np.ascontiguousarray(pixels))
    if not isinstance(given, Image.Image):
        raise ValueError(
            f"A {type(given).__name__} is no picture. Give a path, bytes, an open file, a PIL picture or a uint8 array."
        )
    upright, out = ImageOps.exif_transpose(given), io.BytesIO()
    (upright.convert("RGB") if upright.mode in ("CMYK", "YCbCr", "LAB", "HSV") else upright).save(out, "PNG")
    return out.getvalue()
