"""Random changes that keep a picture's class: one affine resampling (turn, shift, resized crop, flip), then colour.

Styles: "photo" (mirrored, turned, cropped, light and colour changed), "oriented" (the same without the mirror, where it
changes the class), "glyph" (no mirror and little of the rest: a mirrored digit is another digit) and "mirror" (nothing
else, always; to ask what it does). Every picture's change is a pure function of a seed of its own, whatever batch it
comes in, so that a resumed run sees the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

DRAWS = 9  # random numbers a picture
VERSION = 1  # part of the cache key of augmented copies: count on when they change


@dataclass(frozen=True)
class Style:
    """Ranges of the random changes; all uniform."""

    mirror: float  # chance
    turn: float  # degrees, ±
    zoom: tuple[float, float]  # seen width over picture width
    stretch: float  # seen width over seen height, up to 1 ± this
    shift: float  # of the half width, ±
    contrast: float  # ±
    light: float  # ±, in standard deviations
    colour: float  # saturation, ±


_PHOTO = Style(mirror=0.5, turn=15, zoom=(0.7, 1.15), stretch=0.1, shift=0.15, contrast=0.3, light=0.2, colour=0.3)
STYLES = {
    "photo": _PHOTO,
    "oriented": replace(_PHOTO, mirror=0),
    "mirror": Style(mirror=1, turn=0, zoom=(1, 1), stretch=0, shift=0, contrast=0, light=0, colour=0),
    "glyph": Style(mirror=0, turn=10, zoom=(0.9, 1.1), stretch=0, shift=0.1, contrast=0.1, light=0.1, colour=0),
}


def draw(seeds: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """One row of uniform numbers in [0, 1) for each seed, [b, DRAWS].

    >>> bool((draw([[1, 2], [3]])[0] == draw([[1, 2]])[0]).all())
    True
    """
    return np.array([np.random.default_rng(list(seed)).random(DRAWS) for seed in seeds], np.float32).reshape(-1, DRAWS)


def standardise(x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """uint8 [b, s, s, 3] → float32 [b, 3, s, s] in channels-last memory."""
    return (x.permute(0, 3, 1, 2).float() / 255 - mean[:, None, None]) / std[:, None, None]


def augment(x: torch.Tensor, style: Style, draws: NDArray[np.float32]) -> torch.Tensor:
    """Standardised [b, 3, s, s] → the same shape, changed by `draws` [b, DRAWS]."""
    import math

    import torch
    import torch.nn.functional as F

    u = torch.from_numpy(draws)

    def between(column: int, low: float, high: float) -> torch.Tensor:
        return u[:, column] * (high - low) + low

    angle, zoom = between(0, -style.turn, style.turn) * math.pi / 180, between(1, *style.zoom)
    stretch = between(2, 1 - style.stretch, 1 + style.stretch)
    mirror = torch.where(u[:, 3] < style.mirror, -1.0, 1.0)
    right, down = between(4, -style.shift, style.shift), between(5, -style.shift, style.shift)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([cos * mirror * stretch, -sin, right, sin * mirror * stretch, cos, down], 1).reshape(-1, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    contrast, light = between(6, -style.contrast, style.contrast), between(7, -style.light, style.light)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + between(8, -style.colour, style.colour))[:, None, None, None]
    return x * (1 + contrast)[:, None, None, None] + light[:, None, None, None]


def variants(picture: NDArray[np.uint8], style: str, count: int, seed: int) -> NDArray[np.uint8]:
    """A picture, uint8 [3, s, s], as itself and `count − 1` changed copies, uint8 [count, 3, s, s]."""
    import torch

    whole = torch.from_numpy(picture)
    x = (whole.float()[None] / 255 - 0.5) / 0.25  # about standardised: what the ranges of a style are meant for
    copies = x.expand(count - 1, -1, -1, -1)
    changed = augment(copies, STYLES[style], draw([(seed, copy) for copy in range(1, count)]))
    whole = torch.cat([whole[None], ((changed * 0.25 + 0.5) * 255).round_().clamp_(0, 255).to(torch.uint8)])
    return np.asarray(whole.numpy(), np.uint8)
