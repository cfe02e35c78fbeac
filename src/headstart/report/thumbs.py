"""Small JPEG pictures for the page.

In: a picture as pixels. Out: the bytes of a JPEG. Knows no files and no page.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError


def thumbnail(picture: NDArray[Any], side: int = 160) -> bytes:
    """A picture made to fit a square, as JPEG.

    Larger pictures are scaled down; much smaller ones are enlarged by whole pixels: one sees what the model saw.

    Args:
        picture: uint8 RGB, [h, w, 3].
        side: pixels that the longer side may have.

    Raises:
        UsageError: the array is no uint8 RGB picture.

    >>> thumbnail(np.zeros((28, 28, 3), np.uint8))[:2].hex()
    'ffd8'
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise UsageError(
            f"A thumbnail was asked for of an array of {picture.dtype} {list(picture.shape)}; it takes uint8 RGB "
            "[h, w, 3]. Convert the picture with PIL's convert('RGB') first."
        )
    from PIL import Image

    times = side // max(picture.shape[:2])
    if times >= 2:
        picture = picture.repeat(times, axis=0).repeat(times, axis=1)
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
