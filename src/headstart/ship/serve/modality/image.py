"""Pictures over the wire: an encoded file's bytes, base64 in JSON, or pixels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from ....errors import DataError

INPUT = "file"  # what the page asks for
EXAMPLE = "iVBORw0KGgo…"  # of JSON, for the API page
PIXELS = True  # whether an array of pixels is one, too
GRID = 7  # fields a side that are hidden in turn
SHOWN = 512  # pixels of the longer side, at most, of a picture with a field hidden


def sample() -> Any:  # noqa: ANN401 - what `ship/modality` holds
    """An input that every model takes, to warm it up.

    Torch is imported where it is installed: a photograph is resized in 0.4 ms of CPU with it, in 2.2 without, and who
    serves is asked more than once.
    """
    with suppress(ImportError):
        import torch  # noqa: F401
    return np.full((64, 64, 3), 127, np.uint8)


def received(data: bytes) -> Any:  # noqa: ANN401 - what `ship/modality` holds
    """Bytes of a tensor, an upload or a body → an input: the bytes."""
    return data


def written(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value of JSON → an input: base64, with or without "data:…;base64," before it.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, str):
        raise DataError(f"A picture in JSON is a text of base64; a {type(value).__name__} was given.")
    _, _, behind = value.rpartition(";base64,") if value.startswith("data:") else ("", "", value)
    try:
        return base64.b64decode(behind, validate=True)
    except (binascii.Error, ValueError):  # the second: it is not ASCII
        raise DataError(
            f"A picture in JSON is a text of base64; this begins with {value[:20]!r}. Encode the file's bytes."
        ) from None


def hidden(given: Any, most: int) -> Iterator[tuple[list[float], Any]]:  # noqa: ANN401 - what `ship/modality` holds
    """The input as it is looked at for this, and copies with a field hidden by the picture's mean colour.

    Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks.

    Yields:
        Left, top, right and bottom of the field as parts of the picture, [] for the whole one; uint8 [h, w, 3].

    Raises:
        HeadstartError: it cannot be read, or has more than `most` pixels.
    """
    from PIL import Image

    from ....read.picture.picture import decode

    image = Image.fromarray(decode(given, max_pixels=most))
    image.thumbnail((SHOWN, SHOWN))
    whole = np.asarray(image)
    yield [], whole
    ends = np.linspace(0, 1, GRID + 1)
    rows, columns = (np.rint(ends * side).astype(int) for side in whole.shape[:2])
    for down in range(GRID):
        for right in range(GRID):
            copy = whole.copy()
            copy[rows[down] : rows[down + 1], columns[right] : columns[right + 1]] = whole.mean((0, 1))
            yield [float(ends[i]) for i in (right, down, right + 1, down + 1)], copy
