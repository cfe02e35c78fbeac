"""A digital camera in numpy, for simulated domains: light, lens, sensor, file. A simulation, no photographs.

* *Light.* sRGB is made linear (IEC 61966-2-1). A lamp is a black body (Planck's law) at the sensor's three effective
  wavelengths, 600, 540 and 460 nm, relative to daylight of 6,500 K and to green; the camera's white balance stays at
  daylight. One stop less is half the light.
* *Lens.* Defocus is a Gaussian blur.
* *Sensor.* A pixel holds FULL_WELL electrons at ISO 100, when white. What falls on it is Poisson (shot noise), reading
  adds a normal error of READ electrons; ISO 100·g multiplies both by g, so that white is then FULL_WELL / g electrons,
  and what is brighter is cut off. Real sensors add colour filters, fixed patterns and noise reduction; this one does
  not, and a photograph that goes through it has been through a camera before.
* *File.* Back to sRGB, eight bits, JPEG.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Light = NDArray[np.float64]  # [h w 3], linear, 1 is white
FULL_WELL, READ = 20_000.0, 3.0  # electrons, about a small camera's
WAVES = np.array([600e-9, 540e-9, 460e-9])  # m, of red, green and blue
SECOND = 1.438777e-2  # m K, the second radiation constant


def linear(picture: Image.Image) -> Light:
    """sRGB → light."""
    s = np.asarray(picture.convert("RGB"), np.float64) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def srgb(light: Light) -> Image.Image:
    """Light → sRGB, what is brighter than white cut off."""
    x = light.clip(0, 1)
    s = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.round(255 * s).astype(np.uint8))


def lamp(kelvin: float) -> NDArray[np.float64]:
    """Red, green and blue of a black body relative to daylight; green is 1.

    >>> lamp(6500).tolist()
    [1.0, 1.0, 1.0]
    """
    ratio = np.expm1(SECOND / WAVES / 6500) / np.expm1(SECOND / WAVES / kelvin)
    return np.asarray(ratio / ratio[1])


def defocused(light: Light, sigma: float) -> Light:
    """Blurred by `sigma` pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(light, (sigma, sigma, 0), mode="nearest"))


def sensed(light: Light, iso: float, rng: np.random.Generator) -> Light:
    """What the sensor makes of the light: at ISO 100 a light of 1 is just white, at ISO 100·g one of 1 / g."""
    gain = iso / 100
    electrons = rng.poisson(light.clip(0) * FULL_WELL) + rng.normal(0, READ, light.shape)
    return np.asarray((electrons * gain / FULL_WELL).clip(0, 1))


def jpeg(light: Light, quality: int) -> bytes:
    """The file."""
    buffer = io.BytesIO()
    srgb(light).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def night(day: Light, rng: np.random.Generator) -> Light:
    """A daylight photograph taken as if at night: 7 to 9 stops less light from a lamp of 2,400 to 3,400 K, ISO 3,200.

    The gain gives five stops back, so that the picture is two to four stops too dark and white is 40 to 160 electrons.
    """
    return sensed(day * lamp(rng.uniform(2400, 3400)) * 2.0 ** -rng.uniform(7, 9), 3200, rng)
