"""Random changes that keep a picture's class: one affine resampling a batch (rotate, shift, zoom, flip), then light.

Two styles: "photo" (mirrored, turned, zoomed, light changed) and "glyph" (no mirror and little of the rest: a mirrored
digit is another digit). uint8 [b, s, s, 3] → float32 [b, 3, s, s], standardised by `mean`, `std` (per channel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Style:
    """Ranges of the random changes; all uniform."""

    mirror: bool
    turn: float  # degrees, ±
    zoom: tuple[float, float]  # seen width over picture width
    shift: float  # of the half width, ±
    contrast: float  # ±
    light: float  # ±, in standard deviations


STYLES = {
    "photo": Style(mirror=True, turn=15, zoom=(0.7, 1.15), shift=0.15, contrast=0.3, light=0.2),
    "glyph": Style(mirror=False, turn=10, zoom=(0.9, 1.1), shift=0.1, contrast=0.1, light=0.1),
}


def standardise(x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """uint8 [b, s, s, 3] → float32 [b, 3, s, s] in channels-last memory."""
    return (x.permute(0, 3, 1, 2).float() / 255 - mean[:, None, None]) / std[:, None, None]


def augment(x: torch.Tensor, style: Style, random: torch.Generator) -> torch.Tensor:
    """Standardised [b, 3, s, s] → the same shape, changed. All randomness comes from `random`."""
    import math

    import torch
    import torch.nn.functional as F

    b = len(x)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(b, *shape, generator=random) * (high - low) + low

    angle, zoom = uniform(-style.turn, style.turn) * math.pi / 180, uniform(*style.zoom)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0) if style.mirror else torch.ones(b)
    shift = uniform(-style.shift, style.shift, 2)
    theta = torch.stack([cos * mirror, -sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], 1).reshape(b, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    contrast, light = uniform(-style.contrast, style.contrast, 1, 1, 1), uniform(-style.light, style.light, 1, 1, 1)
    return x * (1 + contrast) + light
