"""A picture as a backbone wants it: resized and cut, before normalisation. Imports no torch of its own accord.

Where torch is imported already it resizes. Before that a few pictures are resized by the same integer arithmetic in
numpy: who predicts one picture does not wait for torch's import, which takes longer than all else. The bytes are the
same, but for about one in 100,000 that lies at a tie and is off by one.
"""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from importlib.util import find_spec
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...types import InputSpec

FEW = 32  # pictures that are resized without torch: of more it saves what its import costs
_resized = count(1)
Pixels = NDArray[np.uint8]


def prepare(picture: Pixels, spec: InputSpec, *, light: bool = False) -> Pixels:
    """A picture as the backbone wants it: shorter side (or both) to `size / crop`, centre crop of `size`.

    The same as timm's evaluation transform on Pillow but for rounding. (Cropping first, at whole source pixels, would
    save up to 40 % of the work and shift the picture by a part of a pixel: 5 of 255 on fine texture.)

    Args:
        picture: RGB [h, w, 3], uint8.
        spec: the source's input.
        light: torch is not imported, however many pictures come.

    Returns:
        uint8 [3, size, size].

    Raises:
        DataError: the array is no RGB picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise DataError(
            f"A picture of shape {picture.shape} and type {picture.dtype} was given; it must be uint8 [h, w, 3]. "
            "Convert it to RGB first."
        )
    short = max(spec.size, math.floor(spec.size / spec.crop))
    picture = picture if spec.squash else _middle(picture)
    height, width = (1, 1) if spec.squash else picture.shape[:2]
    tall, wide = (int(short * height / width), short) if height > width else (short, int(short * width / height))
    resized = (by_torch if _torch_is_worth_it(light) else by_numpy)(picture, tall, wide, spec.interpolation)
    top, left = round((tall - spec.size) / 2), round((wide - spec.size) / 2)
    return np.ascontiguousarray(resized[:, top : top + spec.size, left : left + spec.size])


def _torch_is_worth_it(light: bool) -> bool:
    if "torch" in sys.modules:
        return True
    return not light and next(_resized) > FEW and find_spec("torch") is not None


def _middle(picture: Pixels) -> Pixels:
    """Of a long strip, the middle: the crop reaches no further, and blowing up the rest could fill the memory."""
    height, width = picture.shape[:2]
    short = min(height, width)
    drop = [(side - 3 * short) // 2 if side > 3 * short else 0 for side in (height, width)]
    return picture[drop[0] : height - drop[0], drop[1] : width - drop[1]]


def by_torch(picture: Pixels, tall: int, wide: int, how: str) -> Pixels:
    """[h, w, 3] → [3, tall, wide], antialiased as Pillow does it; `how`: "bicubic" or "bilinear"."""
    import torch
    from torch.nn import functional

    if not picture.flags.writeable or min(picture.strides) <= 0:  # torch takes neither
        picture = picture.copy()
    x = torch.from_numpy(picture).permute(2, 0, 1).unsqueeze(0)  # channels last in memory: torch's fast path
    out = functional.interpolate(x, (tall, wide), mode=how, antialias=True, align_corners=False)[0].numpy()
    return np.asarray(out, np.uint8)


def by_numpy(picture: Pixels, tall: int, wide: int, how: str) -> Pixels:
    """The same: rows first, then columns, each rounded to bytes."""
    across = _along(picture.transpose(1, 0, 2), wide, how).transpose(1, 0, 2)  # [h, wide, 3]
    return _along(across, tall, how).transpose(2, 0, 1)


def _along(x: Pixels, size: int, how: str) -> Pixels:
    """[n, m, 3] → [size, m, 3]; float32 holds the sums, of 16-bit weights times bytes, as they are below 2²⁴."""
    if len(x) == size:
        return x
    bits, bands = _weights(len(x), size, how)
    out = np.empty((size, *x.shape[1:]), np.uint8)
    at = 0
    for low, weights in bands:
        seen = x[low : low + weights.shape[1]].astype(np.float32).reshape(weights.shape[1], -1)
        sums = (weights @ seen).astype(np.int32) + (1 << (bits - 1)) >> bits
        out[at : at + len(weights)] = sums.clip(0, 255).reshape(len(weights), *x.shape[1:])
        at += len(weights)
    return out


@lru_cache(16)
def _weights(n: int, size: int, how: str) -> tuple[int, list[tuple[int, NDArray[np.float32]]]]:
    """How `size` pixels are made of `n`: binary digits behind the point; (first pixel, weights) by bands of rows."""
    scale = n / size
    wider = max(scale, 1.0)
    support = (2.0 if how == "bicubic" else 1.0) * wider
    rows = []
    for at in range(size):
        centre = scale * (at + 0.5)
        low, high = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), n)
        kernel = [_kernel((x - centre + 0.5) / wider, how) for x in range(low, high)]
        total = sum(kernel)
        rows.append((low, [k / total for k in kernel]))
    most = max(max(kernel) for _, kernel in rows)
    bits = next(bits for bits in range(22) if int(0.5 + most * (1 << (bits + 1))) >= 1 << 15)
    bands = []
    for first in range(0, size, 16):
        band = rows[first : first + 16]
        start, end = band[0][0], max(low + len(kernel) for low, kernel in band)
        weights = np.zeros((len(band), end - start), np.float32)
        for row, (low, kernel) in enumerate(band):
            whole = [int(k * (1 << bits) + math.copysign(0.5, k)) for k in kernel]
            weights[row, low - start : low - start + len(kernel)] = whole
        bands.append((start, weights))
    return bits, bands


def _kernel(x: float, how: str) -> float:
    """Keys' cubic with a = −½, or a triangle, at a distance of x pixels."""
    x = abs(x)
    if how != "bicubic":
        return max(1 - x, 0.0)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x < 2 else 0.0
